#!/usr/bin/env bash
#
# run.sh - the chart on a real Kubernetes, under load, while it is upgraded, scaled and its pods are killed
#
#     tests/cluster/run.sh [PHASE...]     in this order; all of them without one
#
#     build       build Kubernetes, once (about 14 minutes)
#     up          start the cluster
#     images      make what is missing of the images, and load all into the cluster
#     install     install the chart with its development values
#     test        helm test
#     load        500 trackers and 18 live clients outside, and nothing is done to the release
#     upgrade     under that load: every program to another image, one after the other
#     chaos       under that load: pods picked at random deleted or killed
#     scale       under that load: the writer from one to three and back
#     uninstall   and see that nothing but the claims is left
#     down        end the cluster; what was built is kept
#
# Neighbours among load, upgrade, chaos and scale share one load. After each such run all that was acknowledged must be
# there: tests/cluster/trial says how it is counted. A phase that fails ends the run; the cluster then stays as it is.
#
# Settings, from the environment:
#     CLUSTER          script that brings the cluster up (build, up, load, shell, down); ../shared/k8s/cluster.sh
#     DOCKER_HOST      where the images are made, if it is not the local docker
#     TAG              of the images (dev); those that are there are taken as they are
#     PETTRACK_BUILD   the build whose `pettrack simulate` is used (build/)
#     TRIAL_ARGUMENTS  more for the trial: --chaos-seconds 300 --seed N --trackers 500 --interval 2s ...
#
# As root, on Debian 12, with docker. Logs and the summary are in .run/cluster.
set -euo pipefail

root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
run=$root/.run
cache=${PETTRACK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pettrack}

# shellcheck source-path=SCRIPTDIR
# shellcheck source=../../tools/dev/say.sh
source "$root/tools/dev/say.sh"
# shellcheck source=../../tools/dev/packages.sh
source "$root/tools/dev/packages.sh"
# shellcheck source=../../tools/dev/fetch.sh
source "$root/tools/dev/fetch.sh"
# shellcheck source=../../tools/dev/gotools.sh
source "$root/tools/dev/gotools.sh"

CLUSTER=$(readlink -m "${CLUSTER:-$root/../shared/k8s/cluster.sh}")
TAG=${TAG:-dev}
upgrade_tag=$TAG-upgrade
release=pettrack
namespace=pettrack
chart=$root/charts/pettrack
times=$run/cluster/times
programs=(auth gateway writer query cli)

phases=(build up images install test load upgrade chaos scale uninstall down)
packages_cluster=(
	etcd-server containerd runc containernetworking-plugins conntrack iptables iproute2 openssl gcc libc6-dev
	busybox-static procps curl
)

main() {
	local trial=() phase

	[ $# -gt 0 ] || set -- "${phases[@]}"
	for phase; do
		[[ " ${phases[*]} " == *" $phase "* ]] || die "there is no phase '$phase'" "there is: ${phases[*]}"
	done
	prepare
	for phase; do
		case $phase in
		load | upgrade | chaos | scale)
			trial+=("$phase")
			;;
		*)
			run_trial "${trial[@]}"
			trial=()
			timed "$phase"
			;;
		esac
	done
	run_trial "${trial[@]}"
}

# A phase, and how long it took in .run/cluster/times.
timed() {
	local started=$SECONDS

	"phase_$1"
	sed -i "/^$1 /d" "$times"
	echo "$1 $((SECONDS - started))" >>"$times"
}

prepare() {
	[ "$(id -u)" -eq 0 ] || die "the cluster needs root"
	[ -x "$CLUSTER" ] || die "there is no $CLUSTER" "CLUSTER=... names the script that brings the cluster up"
	mkdir -p "$run/log" "$run/cluster"
	touch "$times"
	export KUBECONFIG=${KUBE_STATE:-/var/lib/kube-one}/kubeconfig
	export PATH=${KUBE_CACHE:-$HOME/.cache/kube-one}/bin:$PATH
	gotools_ensure helm
	# shellcheck disable=SC2154 # set by gotools_ensure
	PATH=${helm%/*}:$PATH
}

# ---- the cluster ----

phase_build() {
	packages_ensure "${packages_cluster[@]}"
	gotools_go
	# shellcheck disable=SC2154 # set by gotools_go
	PATH=${go%/*}:$PATH GOFLAGS='' step "Building Kubernetes" nice "$CLUSTER" build
}

phase_up() {
	step "Starting the cluster" "$CLUSTER" up
}

phase_down() {
	step "Ending the cluster" "$CLUSTER" down
}

# ---- images ----

phase_images() {
	local program images=(apache/kafka:"$kafka_version" mongo:6.0)

	docker info >/dev/null 2>&1 || die "no docker answers" "start it, or set DOCKER_HOST"
	step "Base, Kafka and MongoDB images" "$root/compose/offline.sh"
	for program in "${programs[@]}"; do
		image_ensure "$program"
		docker tag "pettrack-$program:$TAG" "pettrack-$program:$upgrade_tag"
		images+=("pettrack-$program:$TAG" "pettrack-$program:$upgrade_tag")
	done
	step "Loading ${#images[@]} images into the cluster" "$CLUSTER" load "${images[@]}"
}

image_ensure() {
	! docker image inspect "pettrack-$1:$TAG" >/dev/null 2>&1 || return 0
	step "Building pettrack-$1:$TAG" docker build --network host -f "$root/compose/Dockerfile" --target "$1" \
		-t "pettrack-$1:$TAG" "$root"
}

# ---- the release ----

# Trackers come in by a NodePort, as this cluster has no load balancer. The namespace takes restricted pods only.
phase_install() {
	kubectl create namespace "$namespace" --dry-run=client -o yaml | kubectl apply -f - >/dev/null
	kubectl label --overwrite namespace "$namespace" pod-security.kubernetes.io/enforce=restricted >/dev/null
	step "helm install" helm upgrade --install "$release" "$chart" --namespace "$namespace" \
		--values "$chart/values-development.yaml" --set image.tag="$TAG" --set gateway.service.type=NodePort \
		--wait --wait-for-jobs --timeout 10m
}

phase_test() {
	step "helm test" helm test "$release" --namespace "$namespace" --timeout 5m
	sed '/^NAME:/,$d; s/^/    /' "$step_log"
}

phase_uninstall() {
	step "helm uninstall" helm uninstall "$release" --namespace "$namespace" --wait --timeout 5m
	step "Nothing but claims is left" only_claims_left
	sed 's/^/    left: /' "$step_log"
}

# Waits while things go, then lists what is left; false when that is more than claims.
only_claims_left() {
	local left others tries

	for tries in {60..0}; do
		left=$(left_in_namespace)
		others=$(sed '/^persistentvolumeclaim\//d' <<<"$left")
		[ -n "$others" ] || break
		[ "$tries" -eq 0 ] || sleep 2
	done
	printf '%s\n' "$left"
	[ -z "$others" ]
}

# Objects of every kind that there is, but those that Kubernetes itself puts into every namespace, and what it measured.
# Endpoints are an old form of EndpointSlices, which are looked at.
left_in_namespace() {
	local kinds

	kinds=$(kubectl api-resources --verbs=list --namespaced --output=name | grep -Ev '^events|^endpoints$|\.metrics\.k8s\.io$')
	kubectl get --namespace "$namespace" --ignore-not-found --output=name "$(paste -sd, <<<"$kinds")" |
		grep -vx -e configmap/kube-root-ca.crt -e serviceaccount/default || true
}

# ---- under load ----

run_trial() {
	local more

	[ $# -gt 0 ] || return 0
	fetch_python
	read -ra more <<<"${TRIAL_ARGUMENTS:-}"
	PYTHONPATH=$root/tests/cluster:$root/tests/system "$python" -m trial \
		--namespace "$namespace" --release "$release" --chart "$chart" --node-script "$CLUSTER" \
		--folder "$run/cluster" --tags "$TAG" "$upgrade_tag" "${more[@]}" "$@"
}

main "$@"
