#!/usr/bin/env bash
#
# tool.sh NAME - prints the path of helm or actionlint as ./dev has it: the version that is tested, built when missing
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/common.sh"
run=$root/.run
# shellcheck disable=SC2034 # read by gotools
cache=${PETTRACK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pettrack}
for part in say packages fetch gotools; do
	# shellcheck source=/dev/null
	source "$root/tools/dev/$part.sh"
done
[[ -n ${1:-} && -n ${gotool_module[$1]:-} ]] || usage "$(printf '%s\n' "${!gotool_module[@]}" | sort | paste -sd '|')"

mkdir -p "$run/log"
gotools_ensure "$1" >&2
printf '%s\n' "${!1}"
