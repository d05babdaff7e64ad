{{- /* Where the command line reaches the programs inside the cluster, NAME: value. */}}
{{- define "pettrack.cliSettings" -}}
{{- $full := include "pettrack.fullname" . }}
{{- $protocols := include "pettrack.protocols" . | fromJson }}
LOG_FORMAT: json
PETTRACK_AUTH_URL: {{ include "pettrack.authUrl" . }}
PETTRACK_GATEWAY: {{ $full }}-gateway:{{ $protocols.osmand.servicePort | default $protocols.osmand.port }}
{{- end }}

{{- /* Settings that reach Kafka and MongoDB, for tasks that make or delete there. Takes the root. */}}
{{- define "pettrack.prepareSettings" -}}
{{- $kafka := include "pettrack.settings.kafka" . | fromYaml }}
{{- merge (dict "LOG_FORMAT" "json" "PREPARE_TIMEOUT" .Values.prepare.timeout "KAFKA_CREATE_TOPICS" "true"
	"MONGODB_CREATE_INDEXES" "true") $kafka | toYaml }}
{{- end }}
