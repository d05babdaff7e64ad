# shellcheck shell=bash
# test - every suite, each with its results counted; the last line of the run sums them.

suites=(layering openapi chart trial sanitize threads system split operations page lint)
# By name only: units run under sanitizers anyway; compose needs a docker, and builds images; three is split with every
# system test but those of one process.
suites_more=(unit compose three)
asan=(-Db_sanitize=address,undefined -Db_lundef=false -Doptimization=1)
passed=0 failed=0 skipped=0

command_test() {
	local wanted=() suite
	while [ $# -gt 0 ] && [[ " ${suites[*]} ${suites_more[*]} all " == *" $1 "* ]]; do
		wanted+=("$1")
		shift
	done
	if [ ${#wanted[@]} -eq 0 ] || [[ " ${wanted[*]} " == *" all "* ]]; then
		wanted=("${suites[@]}")
	fi
	[[ $# -eq 0 || " system three compose " == *" ${wanted[*]} "* ]] ||
		die "there is no suite '$1'" "there is: ${suites[*]} all, and by name only: ${suites_more[*]}"

	packages_ensure "${packages_build[@]}" "${packages_run[@]}" "${packages_test[@]}" "${packages_lint[@]}"
	fetch_kafka
	fetch_mongod
	fetch_python
	kafka_java_set make
	export PETTRACK_KAFKA_HOME=$kafka_home PETTRACK_MONGOD=$mongod
	export PYTHONPYCACHEPREFIX=$run/pycache # each of pytest's processes reads all tests
	unset PYTHONDONTWRITEBYTECODE
	rm -rf "$run/results"
	mkdir -p "$run/results"

	for suite in "${wanted[@]}"; do
		"suite_$suite" "$@"
	done
	printf '\n%d passed, %d failed' "$passed" "$failed"
	[ "$skipped" -eq 0 ] || printf ', %d skipped' "$skipped"
	printf '\n'
	[ "$failed" -eq 0 ]
}

# suite_run SUITE TEXT JUNIT COMMAND... - runs it as a step and counts what JUNIT says of it.
suite_run() {
	local suite=$1 text=$2 junit=$3 status=0
	shift 3
	rm -f "$junit"
	attempt "$text" "$@" || status=$?
	suite_count "$suite" "$junit" "$status"
}

# A command that failed while its results do not say why has failed all the same.
suite_count() {
	local p f s
	read -r p f s < <("$python" "$root/tools/dev/results.py" "$2")
	[ "$3" -eq 0 ] || [ "$f" -gt 0 ] || f=1
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	printf '    %s: %d ok, %d not ok, %d left out\n' "$1" "$p" "$f" "$s"
}

# suite_build SUITE FOLDER COMPILER OPTION... - false, and counted, when it does not build.
suite_build() {
	local suite=$1
	shift
	attempt "Building $1 ($2)" build_run "$@" && return
	failed=$((failed + 1))
	printf '    %s: not run\n' "$suite"
	return 1
}

# suite_programs SUITE - the programs alone, without the unit tests.
suite_programs() {
	local build_only=("${program_targets[@]}")
	suite_build "$1" build gcc
}

# Most tests wait for servers, rebalances and time-outs: more of them than processors run at once, TIMES as many.
# meson_tests FOLDER TIMES ARGUMENTS...
meson_tests() {
	local folder=$1 times=$2
	shift 2
	"$python" "$root/tests/system/with_servers.py" \
		meson test -C "$root/$folder" --no-rebuild --print-errorlogs --num-processes $(($(nproc) * times)) "$@"
}

suite_layering() {
	suite_run layering "Layering: who includes what" "$run/results/layering.xml" \
		"$python" -m pytest -v -p no:cacheprovider --junit-xml="$run/results/layering.xml" "$root/tests/layering"
}

suite_unit() {
	suite_build unit build gcc || return 0
	CK_TIMEOUT_MULTIPLIER=4 suite_run unit "Unit tests" "$root/build/meson-logs/testlog.junit.xml" \
		meson_tests build 8 --timeout-multiplier 4
}

# Address and undefined-behaviour sanitizers, leaks included.
suite_sanitize() {
	suite_build sanitize build-asan clang "${asan[@]}" || return 0
	ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1 \
		UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 CK_TIMEOUT_MULTIPLIER=5 \
		suite_run sanitize "Unit tests with ASan and UBSan" "$root/build-asan/meson-logs/testlog.junit.xml" \
		meson_tests build-asan 8 --timeout-multiplier 5
}

# Where threads meet, and nothing else is built. Outside libraries are not built with TSan: it sees their locks, but not their
# atomics, so what they do to memory, and threads they leave running at the end, are not looked at.
suite_threads() {
	local preload=$root/build-tsan/c11_threads.so tests build_only=(build.ninja)
	local -r where='^(service|lib|store|token|web|client|auth|ingest/(gateway|writer)|query)/' tsan=(-Db_sanitize=thread -Db_lundef=false -Doptimization=1)
	suite_build threads build-tsan clang "${tsan[@]}" || return 0
	mapfile -t build_only < <("$python" "$root/tools/dev/test_programs.py" "$root/build-tsan" "$where")
	suite_build threads build-tsan clang "${tsan[@]}" || return 0
	clang -O1 -g -fPIC -shared -o "$preload" "$root/tools/dev/c11_threads.c"
	mapfile -t tests < <(meson test -C "$root/build-tsan" --no-rebuild --list | grep -E "$where")
	TSAN_OPTIONS=halt_on_error=1:ignore_noninstrumented_modules=1:report_thread_leaks=0 CK_TIMEOUT_MULTIPLIER=6 \
		suite_run threads "Unit tests with TSan" "$root/build-tsan/meson-logs/testlog-env.junit.xml" \
		meson_tests build-tsan 6 --timeout-multiplier 6 --wrapper "env LD_PRELOAD=$preload" "${tests[@]}"
}

suite_openapi() {
	suite_programs openapi || return 0
	pytest_suite openapi "OpenAPI: what is described is served" "$root/tests/openapi"
}

# tests/cluster/run.sh itself is run by hand: it needs a cluster.
suite_trial() {
	pytest_suite trial "Cluster: the trial counts right" "$root/tests/cluster"
}

# Each worker has servers of its own; most of the time is spent waiting for what was stopped.
suite_system() {
	suite_programs system || return 0
	if [ $# -gt 0 ]; then
		local status=0
		pytest_run system "$@" || status=$?
		suite_count system "$run/results/system.xml" "$status"
		return
	fi
	tidy_begin
	pytest_suite system "System tests" -n $(($(nproc) * 2)) --dist loadfile --no-loadscope-reorder --ignore-glob='test_page*'
}

# Where it matters who of auth's roles does what, with the roles as a process each: tests/system/support/three.py.
split_files=(test_auth.py test_tokens.py test_accounts.py test_families.py test_links.py test_erasure.py test_first_light.py)

suite_split() {
	suite_programs split || return 0
	PETTRACK_TEST_AUTH=three pytest_suite split "System tests, auth as three processes" \
		-n $(($(nproc) * 2)) --dist loadfile --no-loadscope-reorder "${split_files[@]}"
}

suite_three() {
	suite_programs three || return 0
	[ $# -gt 0 ] || set -- -n $(($(nproc) * 2)) --dist loadfile --no-loadscope-reorder --ignore-glob='test_page*'
	PETTRACK_TEST_AUTH=three pytest_suite three "System tests, auth as three processes" "$@"
}

# The pipeline, what a release runs, and what docs/OPERATIONS.md says.
suite_operations() {
	suite_programs operations || return 0
	gotools_ensure helm
	PETTRACK_HELM=$helm pytest_suite operations "Operations: pipeline, releases, recovery" -n 2 --dist loadfile \
		-c "$root/tests/system/pytest.ini" "$root/tests/operations"
}

suite_page() {
	suite_programs page || return 0
	pytest_suite page "The page in Chromium" -n 2 --dist loadfile \
		test_page.py test_page_account.py test_page_sharing.py
}

# pytest_suite SUITE TEXT ARGUMENTS...
pytest_suite() {
	local suite=$1 text=$2
	shift 2
	suite_run "$suite" "$text" "$run/results/$suite.xml" pytest_run "$suite" "$@"
}

pytest_run() {
	local suite=$1
	shift
	mkdir -p "$run/tmp" && cd "$root/tests/system" &&
		"$python" -m pytest -v -p no:cacheprovider --junit-xml="$run/results/$suite.xml" --basetemp="$run/tmp/$suite" "$@"
}

suite_lint() {
	gotools_ensure actionlint
	suite_build lint build-asan clang "${asan[@]}" || return 0
	suite_check lint "clang-format" lint_format
	suite_check lint "shellcheck" lint_shell
	suite_check lint "actionlint" lint_workflows
	suite_check lint "ruff" lint_python
	suite_check lint "clang-tidy" lint_tidy
}

# suite_check SUITE TEXT COMMAND... - one check that counts as one test.
suite_check() {
	local suite=$1
	shift
	if attempt "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
}

lint_python() {
	"${python%/*}/ruff" check "$root" && "${python%/*}/ruff" format --check "$root"
}

lint_format() {
	sources | xargs clang-format --dry-run -Werror
}

lint_shell() {
	cd "$root" && shellcheck -x dev .ci/run && find . \( -path './build*' -o -path ./.run -o -path ./node_modules \) -prune -o \
		-name '*.sh' -not -path './tools/dev/*' -print0 | xargs -0r shellcheck -x -P SCRIPTDIR
}

# What a step runs is looked at by shellcheck as well.
lint_workflows() {
	cd "$root" && "$actionlint" -shellcheck "$(command -v shellcheck)"
}

lint_tidy() {
	if [ -e "$run/tidy/pid" ]; then
		tail --pid="$(cat "$run/tidy/pid")" -n +1 -f "$run/tidy/log"
		return "$(cat "$run/tidy/status")"
	fi
	tidy_sources
}

tidy_sources() {
	sources | grep '\.c$' | grep -v "^$root/tests/" |
		xargs "$python" "$root/tools/dev/tidy.py" "$root/build-asan" "$cache/tidy"
}

# Begins it beside tests, most of which wait for servers; lint_tidy takes its end.
tidy_begin() {
	rm -rf "$run/tidy"
	[[ " ${wanted[*]} " == *" lint "* && -e $root/build-asan/compile_commands.json ]] || return 0
	mkdir -p "$run/tidy"
	echo 1 >"$run/tidy/status"
	set -m
	{
		renice -n 19 "$BASHPID"
		! tidy_sources || echo 0 >"$run/tidy/status"
	} >"$run/tidy/log" 2>&1 &
	echo $! >"$run/tidy/pid"
	set +m
	trap 'kill -- -$(cat "$run/tidy/pid") 2>/dev/null || true' EXIT
}
