# shellcheck shell=bash
# packages - what Debian 12 must have installed. "package=command" is also satisfied by the command from elsewhere.

# To compile with one compiler; what compose/Dockerfile installs, too.
packages_compile=(
	gcc meson ninja-build pkg-config libc6-dev
	librdkafka-dev libmongoc-dev libjansson-dev libcivetweb-dev libwebsockets-dev libwebsockets-evlib-uv
	libuv1-dev libsodium-dev libprotobuf-c-dev protobuf-c-compiler libgeos-dev libcurl4-openssl-dev libssl-dev zlib1g-dev libarchive-dev
	check
)
packages_page=(nodejs=node npm=npm)
packages_build=("${packages_compile[@]}" clang ccache "${packages_page[@]}")
packages_run=(curl ca-certificates python3 python3-venv python3-pip procps)
packages_kafka=(openjdk-17-jre-headless=java maven=mvn)
packages_mongod=(libcurl4 unzip)
packages_go=(unzip)
packages_test=(mosquitto mosquitto-clients haproxy valgrind libclang-rt-14-dev llvm-14=llvm-symbolizer-14 chromium-headless-shell=chromium-headless-shell git)
packages_compose=(docker.io=dockerd docker-compose)
packages_offline=(debootstrap)
packages_lint=(clang-tidy clang-format shellcheck)

# The wanted packages ("package" or "package=command") that are not there, one a line.
packages_missing() {
	local want present
	present=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "${@%%=*}" 2>/dev/null | sed -n 's/^installed //p') || true
	for want in "$@"; do
		[[ $want == *=* ]] && command -v "${want#*=}" >/dev/null && continue
		grep -qxF "${want%%=*}" <<<"$present" || printf '%s\n' "${want%%=*}"
	done
}

# packages_ensure PACKAGE... - installs what is missing; a second run needs no apt.
packages_ensure() {
	local missing

	if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
		[ -z "${PETTRACK_SKIP_PACKAGES:-}" ] || return 0
		die "this is not Debian: ./dev installs packages by apt" \
			"install what stands for these, then run again with PETTRACK_SKIP_PACKAGES=1: ${*%%=*}"
	fi
	mapfile -t missing < <(packages_missing "$@")
	[ ${#missing[@]} -gt 0 ] || return 0
	packages_may_install "${missing[@]}"
	step "Installing ${#missing[@]} Debian packages" packages_install "${missing[@]}"
}

# Asks for the password now: the step itself has no terminal.
packages_may_install() {
	[ "$(id -u)" -ne 0 ] || return 0
	command -v sudo >/dev/null || die "these packages are missing, and there is no sudo" "as root: apt-get install $*"
	sudo -v || die "these packages are missing" "as root: apt-get install $*"
}

packages_install() {
	as_root apt-get -o DPkg::Lock::Timeout=300 update &&
		as_root env DEBIAN_FRONTEND=noninteractive \
			apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@"
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo -n "$@"
	fi
}
