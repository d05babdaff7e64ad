#!/usr/bin/env bash
#
# version.sh [TAG] - prints the version of this source; with a tag, makes sure that all places agree on it
#
# A release is tagged vVERSION when meson.build and the chart say VERSION and CHANGELOG.md has a section for it.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/common.sh"
[ $# -le 1 ] || usage '[TAG]'

chart_field() {
	sed -n "s/^$1: *\"\{0,1\}\([^\"]*\)\"\{0,1\} *\$/\1/p" "$root/charts/pettrack/Chart.yaml"
}

version=$(source_version)
[ -n "$version" ] || die "meson.build states no version"
if [ $# -eq 1 ]; then
	[ "$1" = "v$version" ] || die "the tag is $1, meson.build says $version"
	for field in version appVersion; do
		[ "$(chart_field "$field")" = "$version" ] ||
			die "the tag is $1, $field of charts/pettrack/Chart.yaml is $(chart_field "$field")"
	done
	"$root/tools/release/notes.sh" "$version" >/dev/null
fi
printf '%s\n' "$version"
