#!/usr/bin/env bash
#
# deploy.sh ENVIRONMENT CHART - installs or upgrades Pettrack in a cluster, and sends a position through it
#
#     ENVIRONMENT       development or production: charts/pettrack/values-ENVIRONMENT.yaml
#     CHART             a folder, or oci://REGISTRY/pettrack@sha256:...
#
# From the environment, so that nothing secret is an argument:
#     IMAGE_REGISTRY    where the images are
#     IMAGE_DIGESTS     what images.sh push printed
#     KUBECONFIG_TEXT   a kubeconfig; unset: kubectl's own
#     VALUES_TEXT       values of this one environment, YAML: hosts, brokers, names of Secrets. Not secret
#     REGISTRY, REGISTRY_USER, REGISTRY_PASSWORD    log-in for a chart that is not public; unset: none
#     NAMESPACE, RELEASE (pettrack), TIMEOUT (15m), HELM (the one that ./dev has)
#
# An upgrade that does not become ready is rolled back by helm; one that becomes ready and then loses the test's position
# is rolled back here.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/common.sh"
[ $# -eq 2 ] || usage 'development|production CHART'

environment=$1 chart=$2
[[ $environment =~ ^(development|production)$ ]] || usage 'development|production CHART'
release=${RELEASE:-pettrack}
where=(--namespace "${NAMESPACE:-pettrack}")

umask 077
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

kubeconfig() {
	[ -n "${KUBECONFIG_TEXT:-}" ] || return 0
	printf '%s\n' "$KUBECONFIG_TEXT" >"$folder/kubeconfig"
	export KUBECONFIG=$folder/kubeconfig
	unset KUBECONFIG_TEXT
}

# The images as values: each by its digest.
image_values() {
	local pair name digest seen=' '
	printf 'image:\n  registry: "%s"\n' "${IMAGE_REGISTRY:?where the images are}"
	for pair in ${IMAGE_DIGESTS:?what images.sh push printed}; do
		name=${pair%%=*} digest=${pair#*=}
		[[ " ${programs[*]} " == *" $name "* ]] || die "there is no program '$name'"
		is_digest "$digest" || die "not a digest: '$pair'"
		printf '%s:\n  image:\n    digest: "%s"\n' "$name" "$digest"
		seen+="$name "
	done
	for name in "${programs[@]}"; do
		[[ $seen == *" $name "* ]] || die "IMAGE_DIGESTS names no $name"
	done
}

upgrade() {
	"$helm" upgrade --install "$release" "$chart" "${where[@]}" --create-namespace --atomic --timeout "${TIMEOUT:-15m}" \
		--values "$root/charts/pettrack/values-$environment.yaml" --values "$folder/own.yaml" --values "$folder/images.yaml"
}

# The revision that is installed; nothing for none.
revision() {
	"$helm" history "$release" "${where[@]}" --max 1 --output yaml 2>/dev/null | sed -n 's/^[- ]*revision: //p'
}

check() {
	"$helm" test "$release" "${where[@]}" --timeout 5m # its pod is gone when it succeeded; helm itself tells what a failed one said
}

helm_find
kubeconfig
[ -z "${REGISTRY_PASSWORD:-}" ] || helm_login "$folder"
printf '%s\n' "${VALUES_TEXT:-}" >"$folder/own.yaml"
image_values >"$folder/images.yaml"
before=$(revision) || before=''
upgrade
check || {
	[ -z "$before" ] || "$helm" rollback "$release" "$before" "${where[@]}" --wait --timeout "${TIMEOUT:-15m}"
	die "the position that was sent did not come back${before:+; rolled back to revision $before}"
}
