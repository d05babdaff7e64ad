{{- /*
What is public, and who answers it, as a JSON list of {"path", "service", "port"}. Auth's paths are those of
`pettrack-auth --routes` without /internal; tests/chart compares. Everything else is query's: its API and the page.
*/}}
{{- define "pettrack.routes" -}}
{{- $prefixes := dict
	"registration" (list "/v1/users")
	"authentication" (list "/v1/sessions" "/v1/oauth" "/.well-known")
	"devices" (list "/v1/devices") }}
{{- $routes := list }}
{{- range $role, $paths := $prefixes }}
{{- $service := include "pettrack.roleService" (dict "root" $ "program" "auth" "role" $role) }}
{{- range $paths }}
{{- $routes = append $routes (dict "path" . "service" $service "port" $.Values.auth.port "name" "http") }}
{{- end }}
{{- end }}
{{- $live := include "pettrack.roleService" (dict "root" $ "program" "query" "role" "live") }}
{{- $api := include "pettrack.roleService" (dict "root" $ "program" "query" "role" "api") }}
{{- $routes = append $routes (dict "path" "/v1/live" "service" $live "port" .Values.query.livePort "name" "live") }}
{{- $routes = append $routes (dict "path" "/" "service" $api "port" .Values.query.port "name" "http") }}
{{- toJson $routes }}
{{- end }}
