#!/usr/bin/env bash
#
# announce.sh - makes the release of a tag at GitHub: what CHANGELOG.md says of it, and what was deployed
#
# From the environment: TAG, VERSION, IMAGE_REGISTRY, IMAGE_DIGESTS, CHART, and GH_TOKEN and GH_REPO for gh.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/common.sh"
[ $# -eq 0 ] || usage ''

text() {
	local pair
	"$root/tools/release/notes.sh" "$VERSION"
	printf '\n### Images and chart\n\n'
	for pair in ${IMAGE_DIGESTS:?}; do
		# shellcheck disable=SC2016 # Markdown's backticks
		printf -- '- `%s/pettrack-%s@%s`\n' "${IMAGE_REGISTRY:?}" "${pair%%=*}" "${pair#*=}"
	done
	# shellcheck disable=SC2016
	printf -- '- `%s`\n' "${CHART:?}"
}

notes=$(text)
gh release create "${TAG:?}" --verify-tag --title "Pettrack $VERSION" --notes-file - <<<"$notes"
