#!/usr/bin/env bash
#
# publish.sh - makes images and chart and pushes them, as the pipeline does
#
# From the environment:
#     VERSION                              empty: that of the source with -main.GITHUB_RUN_NUMBER behind it
#     REGISTRY, REGISTRY_OWNER             ghcr.io, who owns what is pushed
#     REGISTRY_USER, REGISTRY_PASSWORD     who pushes
#     GITHUB_OUTPUT                        gets registry=, digests= and chart=
#
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/common.sh"
[ $# -eq 0 ] || usage ''

version=${VERSION:-$(source_version)-main.${GITHUB_RUN_NUMBER:?}}
registry=${REGISTRY:?}/${REGISTRY_OWNER,,} # names of images have no capitals

umask 077
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export DOCKER_CONFIG=$folder/docker # what docker keeps of the log-in ends with the script

helm_find
export HELM=$helm
docker login "$REGISTRY" --username "$REGISTRY_USER" --password-stdin <<<"$REGISTRY_PASSWORD" >&2
helm_login "$folder"

"$root/tools/release/images.sh" build "$version"
"$root/tools/release/images.sh" size "$version"
digests=$("$root/tools/release/images.sh" push "$version" "$registry")
chart=$("$root/tools/release/chart.sh" "$version" "$registry/charts")

printf '%s\n' "registry=$registry" "digests=$digests" "chart=$chart" >>"${GITHUB_OUTPUT:?}"
