#!/usr/bin/env bash
#
# notes.sh VERSION [CHANGELOG] - the section of CHANGELOG.md about a version, which is what a release says of itself
#
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/common.sh"
[[ $# -eq 1 || $# -eq 2 ]] || usage 'VERSION [CHANGELOG]'
version=$1 changelog=${2:-$root/CHANGELOG.md}

# Its headings are "## 1.2.3", "## [1.2.3]" and either with " - 2026-01-02". Lines that only link versions are left out.
section() {
	awk -v version="$version" '
		/^## / {
			title = $2
			gsub(/^\[|\]$/, "", title)
			inside = title == version
			next
		}
		inside && !/^\[[^]]*\]: / { print }
	' "$changelog"
}

notes=$(section | sed '/./,$!d') # the shell takes the empty lines at the end away
[ -n "$notes" ] || die "${changelog##*/} says nothing of $version"
printf '%s\n' "$notes"
