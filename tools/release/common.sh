# shellcheck shell=bash
# common - what the scripts of a release share; each runs by hand as it does in the pipeline.

set -euo pipefail
shopt -s inherit_errexit # what fails inside $(...) ends it

root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
# shellcheck disable=SC2034 # read by those that source this
programs=(auth gateway writer query cli) # an image each; targets of compose/Dockerfile

die() {
	printf '%s: %s\n' "$(basename "$0")" "$1" >&2
	exit 1
}

# usage ARGUMENTS - says what the script takes.
usage() {
	printf 'usage: %s %s\n' "$(basename "$0")" "$1" >&2
	exit 2
}

# The version that meson.build states.
source_version() {
	sed -n "s/^  version: '\(.*\)',\$/\1/p" "$root/meson.build"
}

# Sets $helm: HELM, or the one that ./dev has.
helm_find() {
	helm=${HELM:-$("$root/tools/release/tool.sh" helm)}
}

# helm_login FOLDER - to REGISTRY as REGISTRY_USER with REGISTRY_PASSWORD; what helm keeps of it is in FOLDER.
helm_login() {
	export HELM_REGISTRY_CONFIG=$1/helm-registry.json
	"$helm" registry login "$REGISTRY" --username "$REGISTRY_USER" --password-stdin <<<"$REGISTRY_PASSWORD" >&2
}

is_digest() {
	[[ $1 =~ ^sha256:[0-9a-f]{64}$ ]]
}
