#!/usr/bin/env bash
#
# compile.sh gcc|clang - everything, as it is released, in build-release-COMPILER
#
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/common.sh"
[[ $# -eq 1 && $1 =~ ^(gcc|clang)$ ]] || usage 'gcc|clang'
run=$root/.run
# shellcheck source=../dev/say.sh
source "$root/tools/dev/say.sh"
# shellcheck source=../dev/packages.sh
source "$root/tools/dev/packages.sh"
# shellcheck source=../dev/build.sh
source "$root/tools/dev/build.sh"

mkdir -p "$run/log"
packages_ensure "${packages_build[@]}" "${packages_run[@]}"
build_ensure "build-release-$1" "$1" --buildtype=release -Db_lto=true
