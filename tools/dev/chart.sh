# shellcheck shell=bash
# chart - the Helm chart's tests: rendered by helm, compared with Kubernetes' own schemas and with the programs.

# Where the kinds come from that the chart may use and Kubernetes does not have: MODULE@VERSION and the file in it.
chart_crds=(
	github.com/prometheus-operator/prometheus-operator@v0.85.0:example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml
	github.com/prometheus-operator/prometheus-operator@v0.85.0:example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml
	github.com/kedacore/keda/v2@v2.21.0:config/crd/bases/keda.sh_scaledobjects.yaml
	github.com/kedacore/keda/v2@v2.21.0:config/crd/bases/keda.sh_triggerauthentications.yaml
	sigs.k8s.io/gateway-api@v1.5.1:config/crd/experimental/gateway.networking.k8s.io_httproutes.yaml
	sigs.k8s.io/gateway-api@v1.5.1:config/crd/experimental/gateway.networking.k8s.io_tcproutes.yaml
	sigs.k8s.io/gateway-api@v1.5.1:config/crd/experimental/gateway.networking.k8s.io_udproutes.yaml
)

suite_chart() {
	suite_programs chart || return 0
	gotools_ensure helm promtool
	chart_crds_ensure
	PETTRACK_HELM=$helm PETTRACK_PROMTOOL=$promtool PETTRACK_CRDS=$crds PETTRACK_BUILD=$root/build \
		pytest_suite chart "Chart: rendered, refused, alerts" -n $(($(nproc) * 2)) "$root/tests/chart"
}

# Sets $crds.
chart_crds_ensure() {
	crds=$cache/crds-$(printf '%s\n' "${chart_crds[@]}" | sha256sum | cut -c 1-12)
	[ ! -d "$crds" ] || return 0
	gotools_go
	step "Fetching custom resource definitions" fetch_into "$crds" chart_crds_into
}

chart_crds_into() {
	local crd downloaded
	for crd in "${chart_crds[@]}"; do
		downloaded=$(gotools_module "${crd%%:*}") && cp "$downloaded/${crd#*:}" "$1" || return
	done
	chmod 644 "$1"/*.yaml
}
