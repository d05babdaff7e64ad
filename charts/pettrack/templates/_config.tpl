{{- /*
Settings and secrets of the programs.

What is not secret is environment, from a ConfigMap a component. A secret is a file that only the components that need
it mount; the program is told its path by NAME_FILE, so that neither `kubectl describe` nor a list of processes shows it.
*/}}

{{- define "pettrack.secretsDir" -}}/etc/pettrack/secrets{{- end }}
{{- define "pettrack.kafkaCaFile" -}}/etc/pettrack/ca/kafka.crt{{- end }}
{{- define "pettrack.mongodbCaFile" -}}/etc/pettrack/ca/mongodb.crt{{- end }}

{{- /* ---- where things are ---- */}}

{{- define "pettrack.kafkaBrokers" -}}
{{- if .Values.kafka.embedded.enabled -}}
{{ include "pettrack.fullname" . }}-kafka:9092
{{- else -}}
{{ .Values.kafka.brokers }}
{{- end }}
{{- end }}

{{- /*
Where auth answers inside the cluster. One address, or one a role when auth is split.
*/}}
{{- define "pettrack.authUrl" -}}
{{- if .Values.auth.split }}
{{- $urls := list }}
{{- range $role := list "registration" "authentication" "devices" }}
{{- $service := include "pettrack.roleService" (dict "root" $ "program" "auth" "role" $role) }}
{{- $urls = append $urls (printf "%s=http://%s:%v" $role $service $.Values.auth.port) }}
{{- end }}
{{- join "," $urls }}
{{- else -}}
http://{{ include "pettrack.fullname" . }}-auth:{{ .Values.auth.port }}
{{- end }}
{{- end }}

{{- /* The origin that browsers see: publicUrl, or what the Ingress or the HTTPRoute says; empty: none of them. */}}
{{- define "pettrack.publicUrl" -}}
{{- if .Values.publicUrl }}
{{- trimSuffix "/" .Values.publicUrl }}
{{- else if .Values.ingress.enabled -}}
{{ ternary "https" "http" .Values.ingress.tls.enabled }}://{{ .Values.ingress.host }}
{{- else if .Values.gatewayApi.enabled -}}
https://{{ first .Values.gatewayApi.hostnames }}
{{- end }}
{{- end }}

{{- /* ---- settings ---- */}}

{{- define "pettrack.settings.kafka" -}}
KAFKA_BROKERS: {{ include "pettrack.kafkaBrokers" . | quote }}
KAFKA_SECURITY: {{ ternary "plaintext" .Values.kafka.security .Values.kafka.embedded.enabled | quote }}
{{- if hasPrefix "sasl_" (ternary "plaintext" .Values.kafka.security .Values.kafka.embedded.enabled) }}
KAFKA_SASL_MECHANISM: {{ .Values.kafka.saslMechanism | quote }}
KAFKA_USERNAME: {{ .Values.kafka.username | quote }}
{{- end }}
{{- if .Values.kafka.caSecret }}
KAFKA_CA_FILE: {{ include "pettrack.kafkaCaFile" . | quote }}
{{- end }}
{{- with .Values.kafka.topicPrefix }}
KAFKA_TOPIC_PREFIX: {{ . | quote }}
{{- end }}
KAFKA_PARTITIONS: {{ .Values.kafka.partitions | quote }}
KAFKA_REPLICATION: {{ ternary 1 .Values.kafka.replication .Values.kafka.embedded.enabled | quote }}
KAFKA_CREATE_TOPICS: {{ .Values.kafka.createTopics | quote }}
{{- end }}

{{- define "pettrack.settings.auth" -}}
AUTH_ADDRESS: "0.0.0.0"
AUTH_PORT: {{ .root.Values.auth.port | quote }}
AUTH_ROLES: {{ join "," .roles | quote }}
{{- if not (include "pettrack.publicUrl" .root) }}
AUTH_CORS_ORIGINS: {{ printf "http://127.0.0.1:%v,http://localhost:%v" .root.Values.query.port .root.Values.query.port | quote }}
{{- end }}
{{ include "pettrack.settings.kafka" .root }}
MONGODB_CREATE_INDEXES: {{ .root.Values.mongodb.createIndexes | quote }}
{{- end }}

{{- define "pettrack.settings.gateway" -}}
GATEWAY_ADDRESS: "0.0.0.0"
GATEWAY_PROTOCOLS: {{ include "pettrack.protocols" .root | fromJson | keys | sortAlpha | join "," | quote }}
{{- range $name, $protocol := include "pettrack.protocols" .root | fromJson }}
GATEWAY_{{ upper $name }}_PORT: {{ $protocol.port | quote }}
{{- end }}
AUTH_URL: {{ include "pettrack.authUrl" .root | quote }}
CLIENT_ID: gateway
{{ include "pettrack.settings.kafka" .root }}
{{- end }}

{{- define "pettrack.settings.writer" -}}
{{ include "pettrack.settings.kafka" .root }}
MONGODB_CREATE_INDEXES: {{ .root.Values.mongodb.createIndexes | quote }}
{{- end }}

{{- define "pettrack.settings.query" -}}
{{- $public := include "pettrack.publicUrl" .root }}
QUERY_ADDRESS: "0.0.0.0"
QUERY_PORT: {{ .root.Values.query.port | quote }}
QUERY_ROLES: {{ join "," .roles | quote }}
{{- if .root.Values.query.page.enabled }}
QUERY_FILES_DIR: /usr/share/pettrack/page
{{- else }}
QUERY_FILES_DIR: ""
{{- end }}
QUERY_PUBLIC_AUTH_URL: {{ $public | default (printf "http://127.0.0.1:%v" .root.Values.auth.port) | quote }}
QUERY_PUBLIC_LIVE_URL: {{ printf "%s/v1/live" ($public | default (printf "http://127.0.0.1:%v" .root.Values.query.livePort)
	| replace "https://" "wss://" | replace "http://" "ws://") | quote }}
{{- with .root.Values.query.page.tileUrl }}
QUERY_TILE_URL: {{ . | quote }}
{{- end }}
{{- with .root.Values.query.page.tileAttribution }}
QUERY_TILE_ATTRIBUTION: {{ . | quote }}
{{- end }}
LIVE_ADDRESS: "0.0.0.0"
LIVE_PORT: {{ .root.Values.query.livePort | quote }}
AUTH_URL: {{ include "pettrack.authUrl" .root | quote }}
CLIENT_ID: query
{{ include "pettrack.settings.kafka" .root }}
{{- end }}

{{- /*
All settings of a component, as JSON; the user's own win. Takes (dict "root" $ "program" "auth" "roles" (list ...)).
*/}}
{{- define "pettrack.settings" -}}
{{- $values := get .root.Values .program }}
{{- $common := dict "OPS_ADDRESS" "0.0.0.0" "OPS_PORT" (toString $values.opsPort) "LOG_FORMAT" "json" "LOG_LEVEL" .root.Values.logLevel }}
{{- $own := include (printf "pettrack.settings.%s" .program) . | fromYaml }}
{{- $settings := mergeOverwrite $common $own }}
{{- range $name, $value := $values.settings }}
{{- $_ := set $settings $name (toString $value) }}
{{- end }}
{{- toJson $settings }}
{{- end }}

{{- /* The protocols of trackers that are spoken, as JSON. */}}
{{- define "pettrack.protocols" -}}
{{- $spoken := dict }}
{{- range $name, $protocol := .Values.gateway.protocols }}
{{- if $protocol }}{{ if ne $protocol.enabled false }}{{ $_ := set $spoken $name $protocol }}{{ end }}{{ end }}
{{- end }}
{{- toJson $spoken }}
{{- end }}

{{- /* ---- secrets ---- */}}

{{- /*
The chart's own Secret, as JSON: what the user gave, and what is generated at the first install and kept at upgrades.
Read by the Secret and by the checksums of pods, so it is made once a run.
*/}}
{{- define "pettrack.secretData" -}}
{{- if not (hasKey .Values "secretData") }}
{{- $data := dict }}
{{- if not .Values.secrets.existingSecret }}
{{- $old := lookup "v1" "Secret" .Release.Namespace (include "pettrack.fullname" .) | default dict }}
{{- $kept := $old.data | default dict }}
{{- range $key := list "master-secret" "gateway-secret" "query-secret" "retention-secret" "check-password" "demo-password" }}
{{- $_ := set $data $key (get $kept $key | b64dec | default (randAlphaNum 43)) }}
{{- end }}
{{- $_ := set $data "clients" (printf "gateway:%s:devices.lookup,query:%s:access.read,retention:%s:devices.retention"
	(get $data "gateway-secret") (get $data "query-secret") (get $data "retention-secret")) }}
{{- end }}
{{- if .Values.mongodb.embedded.enabled }}
{{- $_ := set $data "mongodb-uri" (printf "mongodb://%s-mongodb:27017/pettrack?replicaSet=rs0" (include "pettrack.fullname" .)) }}
{{- else if not .Values.mongodb.existingSecret }}
{{- $_ := set $data "mongodb-uri" .Values.mongodb.uri }}
{{- end }}
{{- if and .Values.kafka.password (not .Values.kafka.existingSecret) }}
{{- $_ := set $data "kafka-password" .Values.kafka.password }}
{{- end }}
{{- $_ := set .Values "secretData" $data }}
{{- end }}
{{- toJson .Values.secretData }}
{{- end }}

{{- /*
The secrets of a component, as a JSON list of {"setting", "secret", "key"}.
Takes (dict "root" $ "needs" (list "master" "clients" "mongodb" "kafka" "gateway" "query" "retention" "check" "demo")).
*/}}
{{- define "pettrack.secrets" -}}
{{- $own := include "pettrack.fullname" .root }}
{{- if .own }}{{ $own = .own }}{{ end }}
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
	"demo" (dict "setting" "PETTRACK_PASSWORD" "secret" $generated "key" "demo-password") }}
{{- if or $mongodb.embedded.enabled (not $mongodb.existingSecret) }}
{{- $_ := set $table "mongodb" (dict "setting" "MONGODB_URI" "secret" $own "key" "mongodb-uri") }}
{{- else }}
{{- $_ := set $table "mongodb" (dict "setting" "MONGODB_URI" "secret" $mongodb.existingSecret "key" $mongodb.existingSecretKey) }}
{{- end }}
{{- if and (not $kafka.embedded.enabled) (hasPrefix "sasl_" $kafka.security) }}
{{- $_ := set $table "kafka" (dict "setting" "KAFKA_PASSWORD" "secret" ($kafka.existingSecret | default $own)
	"key" (ternary $kafka.existingSecretKey "kafka-password" (not (empty $kafka.existingSecret)))) }}
{{- end }}
{{- $secrets := list }}
{{- range .needs }}
{{- if hasKey $table . }}{{ $secrets = append $secrets (get $table .) }}{{ end }}
{{- end }}
{{- toJson $secrets }}
{{- end }}

{{- /* NAME_FILE of each. Takes what pettrack.secrets gave, decoded. */}}
{{- define "pettrack.secretEnv" -}}
{{- range . }}
- name: {{ .setting }}_FILE
  value: {{ include "pettrack.secretsDir" $ }}/{{ .key }}
{{- end }}
{{- end }}

{{- /* The files of secrets and of CA certificates. Takes (dict "root" $ "secrets" LIST). */}}
{{- define "pettrack.filesVolume" -}}
{{- $kafka := .root.Values.kafka }}
{{- $mongodb := .root.Values.mongodb }}
name: files
projected:
  defaultMode: 0440
  sources:
    {{- range .secrets }}
    - secret:
        name: {{ .secret }}
        items: [{key: {{ .key }}, path: {{ printf "secrets/%s" .key }}}]
    {{- end }}
    {{- if and $kafka.caSecret (not $kafka.embedded.enabled) }}
    - secret:
        name: {{ $kafka.caSecret }}
        items: [{key: {{ $kafka.caSecretKey }}, path: ca/kafka.crt}]
    {{- end }}
    {{- if and $mongodb.caSecret (not $mongodb.embedded.enabled) }}
    - secret:
        name: {{ $mongodb.caSecret }}
        items: [{key: {{ $mongodb.caSecretKey }}, path: ca/mongodb.crt}]
    {{- end }}
{{- end }}

{{- /* Changes when a setting or a secret of the component does. Takes (dict "root" $ "settings" MAP "secrets" LIST). */}}
{{- define "pettrack.checksums" -}}
checksum/config: {{ toJson .settings | sha256sum }}
{{- $data := include "pettrack.secretData" .root | fromJson }}
{{- $values := dict }}
{{- range .secrets }}
{{- if eq .secret (include "pettrack.fullname" $.root) }}
{{- $_ := set $values .key (get $data .key) }}
{{- else }}
{{- $existing := lookup "v1" "Secret" $.root.Release.Namespace .secret | default dict }}
{{- $_ := set $values .key (get ($existing.data | default dict) .key) }}
{{- end }}
{{- end }}
checksum/secrets: {{ toJson $values | sha256sum }}
{{- end }}
