{{- /* Where the command line reaches the programs inside the cluster, NAME: value. */}}
{{- define "pettrack.cliSettings" -}}
{{- $gateway := printf "%s-gateway" (include "pettrack.fullname" .) }}
{{- $protocols := include "pettrack.protocols" . | fromJson }}
LOG_FORMAT: json
LOG_LEVEL: {{ .Values.logLevel }}
PETTRACK_AUTH_URL: {{ include "pettrack.authUrl" . | quote }}
{{- with $protocols.osmand }}
PETTRACK_GATEWAY: {{ $gateway }}:{{ .servicePort | default .port }}
{{- end }}
{{- end }}
