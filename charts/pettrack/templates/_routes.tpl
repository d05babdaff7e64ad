{{- /*
Auth's public paths by role, as JSON: those of `pettrack-auth --routes` without /internal; tests/chart compares. Of
/.well-known a controller may want its own part, for certificates, so only the file itself is there.
*/}}
{{- define "pettrack.authPaths" -}}
{{- dict
	"registration" (list "/v1/users" "/v1/password-resets" "/v1/account" "/v1/erasures" "/v1/invitations")
	"authentication" (list "/v1/sessions" "/v1/account/totp" "/v1/account/recovery-codes" "/v1/tokens" "/v1/links/open"
		"/v1/oauth" "/.well-known/jwks.json" "/.well-known/oauth-authorization-server")
	"devices" (list "/v1/devices" "/v1/grants" "/v1/links" "/v1/audit") | toJson }}
{{- end }}

{{- /* Those that Pettrack's own programs ask of roles other than devices, which has all the rest. */}}
{{- define "pettrack.authInternalPaths" -}}
{{- dict
	"registration" (list "/internal/v1/invitations" "/internal/v1/export/account" "/internal/v1/export/invitations")
	"authentication" (list "/internal/v1/keys" "/internal/v1/export/sessions" "/internal/v1/export/tokens") | toJson }}
{{- end }}

{{- /*
What is public, and who answers it, as a JSON list of {"path", "service", "port", "name"}. What is not auth's is query's:
its API and the page. What is internal is nobody's: the live stream knows no such path.
*/}}
{{- define "pettrack.routes" -}}
{{- $routes := list }}
{{- range $role, $paths := include "pettrack.authPaths" . | fromJson }}
{{- $service := include "pettrack.roleService" (dict "root" $ "program" "auth" "role" $role) }}
{{- range $paths }}
{{- $routes = append $routes (dict "path" . "service" $service "port" $.Values.auth.port "name" "http") }}
{{- end }}
{{- end }}
{{- $live := include "pettrack.roleService" (dict "root" $ "program" "query" "role" "live") }}
{{- $api := include "pettrack.roleService" (dict "root" $ "program" "query" "role" "api") }}
{{- $routes = append $routes (dict "path" "/v1/live" "service" $live "port" .Values.query.livePort "name" "live") }}
{{- $routes = append $routes (dict "path" "/internal" "service" $live "port" .Values.query.livePort "name" "live") }}
{{- $routes = append $routes (dict "path" "/" "service" $api "port" .Values.query.port "name" "http") }}
{{- toJson $routes }}
{{- end }}
