# shellcheck shell=bash
# build - meson builds, each compiler and sanitizer in a folder of its own.

command_build() {
	packages_ensure "${packages_build[@]}" "${packages_run[@]}"
	build_ensure build gcc
}

build_only=() # targets; none: all

# build_ensure FOLDER COMPILER [MESON OPTION...]
build_ensure() {
	attempt "Building ${1#"$root/"} ($2)" build_run "$@" ||
		die "the build failed" "the whole output is in ${step_log#"$root/"}"
}

# What ./dev has compiled in one checkout it does not compile again in another; what tools/release makes has no cache.
build_run() {
	local folder=$root/$1 compiler=$2
	shift 2
	if [ ! -e "$folder/build.ninja" ]; then
		rm -rf "$folder"
		env CC="${cache:+ccache }$compiler" meson setup "$folder" "$root" "$@" || return
	fi
	CCACHE_DIR=${cache:-$folder}/ccache CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1 CCACHE_MAXSIZE=2G ninja -C "$folder" "${build_only[@]}"
}

sources() {
	find "$root"/{lib,ingest,auth,query,cli,tests} -name '*.[ch]' | sort
}

command_fmt() {
	packages_ensure "${packages_lint[@]}"
	mapfile -t files < <(sources)
	clang-format -i "${files[@]}"
}

command_lint() {
	command_test lint
}
