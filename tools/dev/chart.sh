# shellcheck shell=bash
# chart - the Helm chart's tests: rendered by helm, compared with Kubernetes' own schemas and with the programs.

# Where the kinds come from that the chart may use and Kubernetes does not have: MODULE@VERSION FOLDER. Only these files are kept.
chart_crd_modules=(
	'github.com/prometheus-operator/prometheus-operator@v0.85.0 example/prometheus-operator-crd'
	'github.com/kedacore/keda/v2@v2.21.0 config/crd/bases'
	'sigs.k8s.io/gateway-api@v1.5.1 config/crd/experimental'
)

suite_chart() {
	suite_build chart build gcc || return 0
	gotools_ensure helm promtool
	chart_crds_ensure
	PETTRACK_HELM=$helm PETTRACK_PROMTOOL=$promtool PETTRACK_CRDS=$crds PETTRACK_BUILD=$root/build \
		pytest_suite chart "Chart: rendered, refused, alerts" -n "$(nproc)" "$root/tests/chart"
}

# Sets $crds.
chart_crds_ensure() {
	crds=$cache/crds-$(printf '%s\n' "${chart_crd_modules[@]}" | sha256sum | cut -c 1-12)
	[ ! -d "$crds" ] || return 0
	gotools_go
	step "Fetching custom resource definitions" fetch_into "$crds" chart_crds_into
}

chart_crds_into() {
	local module folder downloaded
	while read -r module folder; do
		downloaded=$(cd / && env -u GOROOT GOFLAGS= GOTOOLCHAIN=local "$go" mod download -json "$module" |
			sed -n 's/^\t"Dir": "\(.*\)",$/\1/p') &&
			cp "$downloaded/$folder"/*.yaml "$1" || return
	done < <(printf '%s\n' "${chart_crd_modules[@]}")
	chmod 644 "$1"/*.yaml
}
