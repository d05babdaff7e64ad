#!/usr/bin/env bash
#
# chart.sh VERSION REGISTRY - packages charts/pettrack as VERSION, pushes it, and prints oci://REGISTRY/pettrack@sha256:...
#
# Log in before: helm registry login --password-stdin. HELM names the program; HELM_PUSH_FLAGS are further flags for the push.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/common.sh"
[ $# -eq 2 ] || usage 'VERSION REGISTRY'
version=$1 registry=$2
read -ra flags <<<"${HELM_PUSH_FLAGS:-}"

helm_find
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# The programs it starts are those of this source, whatever the chart itself is called.
"$helm" package "$root/charts/pettrack" --version "$version" --app-version "$(source_version)" \
	--destination "$folder" >&2
said=$("$helm" push "${flags[@]}" "$folder/pettrack-$version.tgz" "oci://$registry" 2>&1)
printf '%s\n' "$said" >&2
digest=$(sed -n 's/^Digest: //p' <<<"$said")
is_digest "$digest" || die "helm told no digest"
printf 'oci://%s/pettrack@%s\n' "$registry" "$digest"
