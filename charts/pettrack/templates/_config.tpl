{{- /*
Settings and secrets of the programs.

What is not secret is environment, from a ConfigMap a component. A secret is a file that only the components that need
it mount; the program is told its path by NAME_FILE, so that neither `kubectl describe` nor a list of processes shows it.
*/}}

{{- define "pettrack.files" -}}/etc/pettrack{{- end }}

{{- /* ---- where things are ---- */}}

{{- define "pettrack.kafkaBrokers" -}}
{{- if .Values.kafka.embedded.enabled -}}
{{ include "pettrack.fullname" . }}-kafka:9092
{{- else -}}
{{ .Values.kafka.brokers | nospace }}
{{- end }}
{{- end }}

{{- define "pettrack.kafkaSecurity" -}}
{{ ternary "plaintext" .Values.kafka.security .Values.kafka.embedded.enabled }}
{{- end }}

{{- /* Where auth answers inside the cluster: at one address, or when it is split at one for each path (URL,/PATH=URL...). */}}
{{- define "pettrack.authUrl" -}}
{{- $urls := list }}
{{- $roles := list "devices" }}
{{- if .Values.auth.split }}{{ $roles = list "devices" "registration" "authentication" }}{{ end }}
{{- range $role := $roles }}
{{- $url := printf "http://%s:%v" (include "pettrack.roleService" (dict "root" $ "program" "auth" "role" $role)) $.Values.auth.port }}
{{- if eq $role "devices" }}
{{- $urls = append $urls $url }}
{{- else }}
{{- $public := get (include "pettrack.authPaths" $ | fromJson) $role }}
{{- range concat $public (get (include "pettrack.authInternalPaths" $ | fromJson) $role) }}{{ $urls = append $urls (printf "%s=%s" . $url) }}{{ end }}
{{- end }}
{{- end }}
{{- join "," $urls }}
{{- end }}

{{- /* The origin that browsers see: publicUrl, or what the Ingress or the HTTPRoute says; empty: none of them. */}}
{{- define "pettrack.publicUrl" -}}
{{- if .Values.publicUrl -}}
{{ trimSuffix "/" .Values.publicUrl }}
{{- else if .Values.ingress.enabled -}}
{{ ternary "https" "http" .Values.ingress.tls.enabled }}://{{ .Values.ingress.host }}
{{- else if .Values.gatewayApi.enabled -}}
{{ ternary "https" "http" .Values.gatewayApi.tls }}://{{ first .Values.gatewayApi.hostnames }}
{{- end }}
{{- end }}

{{- /* "true" when browsers come through a proxy, so that all connections have its address. */}}
{{- define "pettrack.behindProxy" -}}
{{- if or .Values.ingress.enabled .Values.gatewayApi.enabled }}true{{ end }}
{{- end }}

{{- /* The networks of those proxies, whose word on a client's address is taken. */}}
{{- define "pettrack.trustedProxies" -}}
{{- if include "pettrack.behindProxy" . }}{{ join "," .Values.trustedProxies }}{{ end }}
{{- end }}

{{- /* The same of trackers: nodes put their own address in place of a tracker's, and so does a Gateway. */}}
{{- define "pettrack.trackersBehindProxy" -}}
{{- $service := .Values.gateway.service }}
{{- if or .Values.gatewayApi.trackers.enabled (and (ne $service.type "ClusterIP") (eq $service.externalTrafficPolicy "Cluster")) }}true{{ end }}
{{- end }}

{{- /* The protocols of trackers that are spoken, as JSON. */}}
{{- define "pettrack.protocols" -}}
{{- $spoken := dict }}
{{- range $name, $protocol := .Values.gateway.protocols }}
{{- if and (kindIs "map" $protocol) (ne (toString $protocol.enabled) "false") }}{{ $_ := set $spoken $name $protocol }}{{ end }}
{{- end }}
{{- toJson $spoken }}
{{- end }}

{{- /* ---- settings; each takes (dict "root" $ "program" NAME "roles" LIST) ---- */}}

{{- define "pettrack.settings.kafka" -}}
{{- $kafka := .root.Values.kafka }}
{{- $security := include "pettrack.kafkaSecurity" .root }}
KAFKA_BROKERS: {{ include "pettrack.kafkaBrokers" .root | quote }}
KAFKA_SECURITY: {{ $security | quote }}
{{- if hasPrefix "sasl_" $security }}
KAFKA_SASL_MECHANISM: {{ $kafka.saslMechanism | quote }}
KAFKA_USERNAME: {{ (get $kafka.users .program | default dict).username | default $kafka.username | quote }}
{{- end }}
{{- if and $kafka.caSecret (hasSuffix "ssl" $security) }}
KAFKA_CA_FILE: {{ include "pettrack.files" . }}/ca/kafka.crt
{{- end }}
{{- with $kafka.topicPrefix }}
KAFKA_TOPIC_PREFIX: {{ . | quote }}
{{- end }}
KAFKA_PARTITIONS: {{ $kafka.partitions | quote }}
KAFKA_REPLICATION: {{ ternary 1 $kafka.replication $kafka.embedded.enabled | quote }}
KAFKA_CREATE_TOPICS: {{ $kafka.createTopics | quote }}
{{- end }}

{{- define "pettrack.settings.mongodb" -}}
MONGODB_CREATE_INDEXES: {{ .root.Values.mongodb.createIndexes | quote }}
{{- end }}

{{- define "pettrack.settings.auth" -}}
AUTH_ADDRESS: "0.0.0.0"
AUTH_PORT: {{ .root.Values.auth.port | quote }}
AUTH_ROLES: {{ join "," .roles | quote }}
{{- $public := include "pettrack.publicUrl" .root }}
AUTH_PUBLIC_URL: {{ $public | default (printf "http://127.0.0.1:%v" .root.Values.query.port) | quote }}
{{- with $public }}
AUTH_BASE_URL: {{ . | quote }}
{{- end }}
{{- with include "pettrack.trustedProxies" .root }}
AUTH_TRUSTED_PROXIES: {{ . | quote }}
{{- end }}
{{- if and (include "pettrack.behindProxy" .root) (not .root.Values.trustedProxies) }}
{{- range (.root.Files.Get "files/settings.json" | fromJson).auth }}
{{- if regexMatch `^AUTH_LIMIT_.+_ADDRESS$` . }}
{{ . }}: "0"
{{- end }}
{{- end }}
{{- end }}
{{- $mail := .root.Values.auth.mail }}
{{- with $mail.smtpUrl }}
AUTH_SMTP_URL: {{ . | quote }}
AUTH_VERIFY_EMAIL: {{ $mail.verify | quote }}
{{- with $mail.from }}
AUTH_MAIL_FROM: {{ . | quote }}
{{- end }}
{{- with $mail.username }}
AUTH_SMTP_USER: {{ . | quote }}
{{- end }}
{{- end }}
{{- if not $public }}
AUTH_CORS_ORIGINS: {{ printf "http://127.0.0.1:%v,http://localhost:%v" .root.Values.query.port .root.Values.query.port | quote }}
{{- end }}
{{ include "pettrack.settings.kafka" . }}
{{ include "pettrack.settings.mongodb" . }}
{{- end }}

{{- define "pettrack.settings.gateway" -}}
{{- $ports := dict }}
{{- range $name, $protocol := include "pettrack.protocols" .root | fromJson }}
{{- range $protocol.transports | default (list "TCP") }}
{{- $_ := set $ports (ternary $name (printf "%s-udp" $name) (eq . "TCP")) $protocol.port }}
{{- end }}
{{- end }}
GATEWAY_ADDRESS: "0.0.0.0"
GATEWAY_PROTOCOLS: {{ keys $ports | sortAlpha | join "," | quote }}
{{- range $name, $port := $ports }}
GATEWAY_{{ $name | upper | replace "-" "_" }}_PORT: {{ $port | quote }}
{{- end }}
{{- if include "pettrack.trackersBehindProxy" .root }}
GATEWAY_CONNECTIONS_PER_ADDRESS: "0"
GATEWAY_DATAGRAMS_PER_ADDRESS: "0"
{{- end }}
AUTH_URL: {{ include "pettrack.authUrl" .root | quote }}
QUERY_URL: {{ printf "http://%s:%v" (include "pettrack.roleService" (dict "root" .root "program" "query" "role" "api")) .root.Values.query.port | quote }}
CLIENT_ID: gateway
{{ include "pettrack.settings.kafka" . }}
{{- end }}

{{- define "pettrack.settings.writer" -}}
{{ include "pettrack.settings.kafka" . }}
{{ include "pettrack.settings.mongodb" . }}
{{- end }}

{{- define "pettrack.settings.query" -}}
{{- $query := .root.Values.query }}
{{- $public := include "pettrack.publicUrl" .root }}
{{- $live := $public | default (printf "http://127.0.0.1:%v" $query.livePort) }}
QUERY_ADDRESS: "0.0.0.0"
QUERY_PORT: {{ $query.port | quote }}
QUERY_ROLES: {{ join "," .roles | quote }}
QUERY_FILES_DIR: {{ ternary "/usr/share/pettrack/page" "" $query.page.enabled | quote }}
QUERY_PUBLIC_AUTH_URL: {{ $public | default (printf "http://127.0.0.1:%v" .root.Values.auth.port) | quote }}
QUERY_PUBLIC_LIVE_URL: {{ printf "ws%s/v1/live" (trimPrefix "http" $live) | quote }}
{{- with $query.page.tileUrl }}
QUERY_TILE_URL: {{ . | quote }}
{{- end }}
{{- with $query.page.tileAttribution }}
QUERY_TILE_ATTRIBUTION: {{ . | quote }}
{{- end }}
LIVE_ADDRESS: "0.0.0.0"
LIVE_PORT: {{ $query.livePort | quote }}
{{- with include "pettrack.trustedProxies" .root }}
QUERY_TRUSTED_PROXIES: {{ . | quote }}
{{- end }}
{{- if and (include "pettrack.behindProxy" .root) (not .root.Values.trustedProxies) }}
LIVE_CONNECTIONS_PER_ADDRESS: {{ get $query.settings "LIVE_CONNECTIONS" | default 10000000 | int | quote }}
{{- end }}
AUTH_URL: {{ include "pettrack.authUrl" .root | quote }}
CLIENT_ID: query
{{ include "pettrack.settings.kafka" . }}
{{- end }}

{{- /* All settings of a component, as JSON; the user's own win. */}}
{{- define "pettrack.settings" -}}
{{- $values := get .root.Values .program }}
{{- $settings := dict "OPS_ADDRESS" "0.0.0.0" "OPS_PORT" (toString $values.opsPort) "LOG_FORMAT" "json" "LOG_LEVEL" .root.Values.logLevel }}
{{- $settings = mergeOverwrite $settings (include (printf "pettrack.settings.%s" .program) . | fromYaml) }}
{{- range $name, $value := $values.settings }}
{{- $_ := set $settings $name (include "pettrack.text" $value) }}
{{- end }}
{{- toJson $settings }}
{{- end }}

{{- /* A number of values.yaml is a float to the template, and 1000000 would be written 1e+06. */}}
{{- define "pettrack.text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) }}{{ int64 . }}{{ else }}{{ toString . }}{{ end }}
{{- end }}

{{- /* ---- secrets ---- */}}

{{- /*
The chart's own Secret, as JSON: what the user gave, and what is generated at the first install and kept at upgrades.
Read by the Secret and by the checksums of pods, so it is made once a run, and remembered in .Values.
*/}}
{{- define "pettrack.secretData" -}}
{{- if not (hasKey .Values "secretData") }}
{{- $data := dict }}
{{- if not .Values.secrets.existingSecret }}
{{- $old := lookup "v1" "Secret" .Release.Namespace (include "pettrack.fullname" .) | default dict }}
{{- $kept := $old.data | default dict }}
{{- range $key := list "master-secret" "gateway-secret" "query-secret" "retention-secret" "operator-secret"
	"check-password" "demo-password" }}
{{- $_ := set $data $key (get $kept $key | b64dec | default (randAlphaNum 43)) }}
{{- end }}
{{- $_ := set $data "clients" (printf "gateway:%s:devices.lookup latest.read,query:%s:access.read tokens.introspect account.export,retention:%s:devices.retention,operator:%s:devices.unknown keys.rotate users.invite"
	(get $data "gateway-secret") (get $data "query-secret") (get $data "retention-secret") (get $data "operator-secret")) }}
{{- end }}
{{- if .Values.mongodb.embedded.enabled }}
{{- $_ := set $data "mongodb-uri" (printf "mongodb://%s-mongodb:27017/pettrack?replicaSet=rs0" (include "pettrack.fullname" .)) }}
{{- else if not .Values.mongodb.existingSecret }}
{{- $_ := set $data "mongodb-uri" .Values.mongodb.uri }}
{{- end }}
{{- if and .Values.kafka.password (not .Values.kafka.existingSecret) (not .Values.kafka.embedded.enabled) }}
{{- $_ := set $data "kafka-password" .Values.kafka.password }}
{{- end }}
{{- $_ := set .Values "secretData" $data }}
{{- end }}
{{- toJson .Values.secretData }}
{{- end }}

{{- /*
The secrets of a component, as a JSON list of {"setting", "secret", "key"}. Takes (dict "root" $ "program" NAME "needs"
LIST "own" NAME); own: the Secret that has what the chart's own one has, if it is another.
*/}}
{{- define "pettrack.secrets" -}}
{{- $own := .own | default (include "pettrack.fullname" .root) }}
{{- $generated := .root.Values.secrets.existingSecret | default $own }}
{{- $kafka := .root.Values.kafka }}
{{- $mongodb := .root.Values.mongodb }}
{{- $table := dict
	"master" (dict "setting" "AUTH_MASTER_SECRET" "secret" $generated "key" "master-secret")
	"clients" (dict "setting" "AUTH_CLIENTS" "secret" $generated "key" "clients")
	"gateway" (dict "setting" "CLIENT_SECRET" "secret" $generated "key" "gateway-secret")
	"query" (dict "setting" "CLIENT_SECRET" "secret" $generated "key" "query-secret")
	"retention" (dict "setting" "CLIENT_SECRET" "secret" $generated "key" "retention-secret")
	"check" (dict "setting" "PETTRACK_PASSWORD" "secret" $generated "key" "check-password")
	"demo" (dict "setting" "PETTRACK_PASSWORD" "secret" $generated "key" "demo-password")
	"mongodb" (dict "setting" "MONGODB_URI" "secret" $own "key" "mongodb-uri") }}
{{- if and $mongodb.existingSecret (not $mongodb.embedded.enabled) }}
{{- $key := get $mongodb.keys .program | default $mongodb.existingSecretKey }}
{{- $_ := set $table "mongodb" (dict "setting" "MONGODB_URI" "secret" $mongodb.existingSecret "key" $key) }}
{{- end }}
{{- if hasPrefix "sasl_" (include "pettrack.kafkaSecurity" .root) }}
{{- $key := "kafka-password" }}
{{- if $kafka.existingSecret }}{{ $key = (get $kafka.users .program | default dict).key | default $kafka.existingSecretKey }}{{ end }}
{{- $_ := set $table "kafka" (dict "setting" "KAFKA_PASSWORD" "secret" ($kafka.existingSecret | default $own) "key" $key) }}
{{- end }}
{{- with .root.Values.auth.mail }}
{{- if .existingSecret }}
{{- $_ := set $table "mail" (dict "setting" "AUTH_SMTP_PASSWORD" "secret" .existingSecret "key" .existingSecretKey) }}
{{- end }}
{{- end }}
{{- $secrets := list }}
{{- range .needs }}
{{- with get $table . }}{{ $secrets = append $secrets . }}{{ end }}
{{- end }}
{{- toJson $secrets }}
{{- end }}

{{- /* NAME_FILE of each. Takes what pettrack.secrets gave, decoded. */}}
{{- define "pettrack.secretEnv" -}}
{{- range . }}
- name: {{ .setting }}_FILE
  value: {{ include "pettrack.files" $ }}/secrets/{{ .setting | lower | replace "_" "-" }}
{{- end }}
{{- end }}

{{- /* The files of secrets and certificates that a component reads. Takes (dict "root" $ "secrets" LIST). */}}
{{- define "pettrack.filesVolume" -}}
{{- $files := list }}
{{- $settings := list }}
{{- range .secrets }}
{{- $files = append $files (list .secret .key (printf "secrets/%s" (.setting | lower | replace "_" "-"))) }}
{{- $settings = append $settings .setting }}
{{- end }}
{{- $kafka := .root.Values.kafka }}
{{- $mongodb := .root.Values.mongodb }}
{{- if and .kafka $kafka.caSecret (hasSuffix "ssl" (include "pettrack.kafkaSecurity" .root)) }}
{{- $files = append $files (list $kafka.caSecret $kafka.caSecretKey "ca/kafka.crt") }}
{{- end }}
{{- if and $mongodb.caSecret (not $mongodb.embedded.enabled) (has "MONGODB_URI" $settings) }}
{{- $files = append $files (list $mongodb.caSecret $mongodb.caSecretKey "ca/mongodb.crt") }}
{{- end }}
name: files
projected:
  defaultMode: 0440
  sources:
    {{- range $files }}
    - secret:
        name: {{ index . 0 }}
        items:
          - key: {{ index . 1 }}
            path: {{ index . 2 }}
    {{- else }}
    []
    {{- end }}
{{- end }}

{{- /*
Change when a setting or a secret of the component does, so that its pods are replaced. A Secret of the user's own is
looked at too, as it is when helm runs. Takes (dict "root" $ "settings" MAP "secrets" LIST).
*/}}
{{- define "pettrack.checksums" -}}
{{- $own := include "pettrack.fullname" .root }}
{{- $data := include "pettrack.secretData" .root | fromJson }}
{{- $values := dict }}
{{- range .secrets }}
{{- if eq .secret $own }}
{{- $_ := set $values .setting (get $data .key) }}
{{- else }}
{{- $secret := lookup "v1" "Secret" $.root.Release.Namespace .secret | default dict }}
{{- $_ := set $values .setting (get ($secret.data | default dict) .key) }}
{{- end }}
{{- end }}
checksum/config: {{ toJson .settings | sha256sum }}
checksum/secrets: {{ toJson $values | sha256sum }}
{{- end }}
