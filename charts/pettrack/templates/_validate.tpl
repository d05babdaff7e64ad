{{- /*
What a schema cannot say: values that contradict each other, or that would start programs which cannot work. Each gives
a sentence that names the value and what to do; all of them are shown at once. Types, ranges and unknown names are
refused by values.schema.json before this is reached.
*/}}
{{- define "pettrack.validate" -}}
{{- $errors := list }}
{{- range $part := list "kafka" "mongodb" "secrets" "protocols" "replicas" "public" "settings" "images" "texts" }}
{{- range include (printf "pettrack.validate.%s" $part) $ | splitList "\n" }}
{{- with trim . }}{{ $errors = append $errors (printf "  - %s" .) }}{{ end }}
{{- end }}
{{- end }}
{{- if $errors }}
{{- fail (printf "\n\nThese values cannot work:\n%s\n" (join "\n" $errors)) }}
{{- end }}
{{- end }}

{{- define "pettrack.validate.kafka" -}}
{{- $kafka := .Values.kafka }}
{{- if $kafka.embedded.enabled }}
{{- if $kafka.brokers }}
kafka.brokers is set and kafka.embedded.enabled is true: clear one of them, for the programs use one Kafka.
{{- end }}
{{- else if not $kafka.brokers }}
kafka.brokers is empty: name your Kafka as HOST:PORT[,HOST:PORT...], or set kafka.embedded.enabled=true for development.
{{- else }}
{{- range splitList "," (nospace $kafka.brokers) }}
{{- if not (regexMatch `^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}$` .) }}
kafka.brokers holds {{ . | quote }}, which is not HOST:PORT: write the port behind every host, without a scheme.
{{- end }}
{{- end }}
{{- if hasPrefix "sasl_" $kafka.security }}
{{- range $program := list "auth" "gateway" "writer" "query" "prepare" }}
{{- if not ((get $kafka.users $program | default dict).username | default $kafka.username) }}
kafka.username is empty while kafka.security is {{ $kafka.security }}: give the SASL user, or kafka.users.{{ $program }}.username.
{{- end }}
{{- end }}
{{- if not (or $kafka.password $kafka.existingSecret) }}
kafka.existingSecret is empty while kafka.security is {{ $kafka.security }}: name the Secret with the SASL password (or give kafka.password).
{{- end }}
{{- if and $kafka.users (not $kafka.existingSecret) }}
kafka.users needs kafka.existingSecret: the passwords of the users are keys of that Secret.
{{- end }}
{{- else if or $kafka.username $kafka.password $kafka.existingSecret $kafka.users }}
kafka.security is {{ $kafka.security }}, with which the SASL user and password are not used: set it to sasl_ssl, or clear kafka.username, kafka.password, kafka.existingSecret and kafka.users.
{{- end }}
{{- if and $kafka.caSecret (not (hasSuffix "ssl" $kafka.security)) }}
kafka.security is {{ $kafka.security }}, with which certificates are not used: set it to ssl or sasl_ssl, or clear kafka.caSecret.
{{- end }}
{{- end }}
{{- range $program, $user := $kafka.users }}
{{- if not (has $program (list "auth" "gateway" "writer" "query" "prepare")) }}
kafka.users.{{ $program }}: no such program speaks to Kafka; there are auth, gateway, writer, query and prepare.
{{- end }}
{{- end }}
{{- end }}

{{- define "pettrack.validate.mongodb" -}}
{{- $mongodb := .Values.mongodb }}
{{- if $mongodb.embedded.enabled }}
{{- if or $mongodb.uri $mongodb.existingSecret }}
mongodb.embedded.enabled is true, and mongodb.uri or mongodb.existingSecret is set too: clear one, for the programs use one MongoDB.
{{- end }}
{{- else if and $mongodb.uri $mongodb.existingSecret }}
mongodb.uri and mongodb.existingSecret are both set: clear one of them.
{{- else if not (or $mongodb.uri $mongodb.existingSecret) }}
mongodb.existingSecret is empty, and so is mongodb.uri: name the Secret with MongoDB's URI, or set mongodb.embedded.enabled=true for development.
{{- else if and $mongodb.uri (not (regexMatch `^mongodb(\+srv)?://[^/]+/[^?]+` $mongodb.uri)) }}
mongodb.uri must be mongodb://USER:PASSWORD@HOST/DATABASE?OPTIONS (or mongodb+srv://), with the database's name.
{{- end }}
{{- if and $mongodb.keys (not $mongodb.existingSecret) }}
mongodb.keys needs mongodb.existingSecret: they are keys of that Secret.
{{- end }}
{{- range $program, $key := $mongodb.keys }}
{{- if not (has $program (list "auth" "writer" "query" "prepare" "retention")) }}
mongodb.keys.{{ $program }}: no such program speaks to MongoDB; there are auth, writer, query, prepare and retention.
{{- end }}
{{- end }}
{{- end }}

{{- /* A Secret of the user's own is looked into when helm can: in a dry run it cannot, and finds nothing. */}}
{{- define "pettrack.validate.secrets" -}}
{{- $wanted := list }}
{{- with .Values.secrets.existingSecret }}
{{- $keys := list "master-secret" "clients" "gateway-secret" "query-secret" "check-password" }}
{{- if $.Values.retention.enabled }}{{ $keys = append $keys "retention-secret" }}{{ end }}
{{- if or $.Values.seed.enabled $.Values.simulator.enabled }}{{ $keys = append $keys "demo-password" }}{{ end }}
{{- $wanted = append $wanted (dict "value" "secrets.existingSecret" "name" . "keys" $keys) }}
{{- end }}
{{- with .Values.kafka.existingSecret }}
{{- $wanted = append $wanted (dict "value" "kafka.existingSecret" "name" . "keys" (list $.Values.kafka.existingSecretKey)) }}
{{- end }}
{{- with .Values.kafka.caSecret }}
{{- $wanted = append $wanted (dict "value" "kafka.caSecret" "name" . "keys" (list $.Values.kafka.caSecretKey)) }}
{{- end }}
{{- with .Values.mongodb.existingSecret }}
{{- $wanted = append $wanted (dict "value" "mongodb.existingSecret" "name" . "keys" (list $.Values.mongodb.existingSecretKey)) }}
{{- end }}
{{- with .Values.mongodb.caSecret }}
{{- $wanted = append $wanted (dict "value" "mongodb.caSecret" "name" . "keys" (list $.Values.mongodb.caSecretKey)) }}
{{- end }}
{{- with .Values.auth.mail.existingSecret }}
{{- $wanted = append $wanted (dict "value" "auth.mail.existingSecret" "name" . "keys" (list $.Values.auth.mail.existingSecretKey)) }}
{{- end }}
{{- range $want := $wanted }}
{{- with lookup "v1" "Secret" $.Release.Namespace $want.name }}
{{- $data := .data | default dict }}
{{- range $key := $want.keys }}
{{- if not (hasKey $data $key) }}
{{ $want.value }} names the Secret {{ $want.name | quote }}, which has no key {{ $key | quote }}: add it (README.md tells what is in it).
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- if and .Values.secrets.existingSecret .Values.secrets.keep }}
secrets.keep is about the generated Secret, and secrets.existingSecret is in its place: clear secrets.keep.
{{- end }}
{{- end }}

{{- define "pettrack.validate.protocols" -}}
{{- $spoken := include "pettrack.protocols" . | fromJson }}
{{- if not $spoken }}
gateway.protocols has none that is enabled: the gateway would listen to nobody.
{{- end }}
{{- $taken := dict (printf "TCP %v" .Values.gateway.opsPort) "gateway.opsPort" }}
{{- $served := dict }}
{{- range $name, $protocol := $spoken }}
{{- if not (regexMatch `^[a-z][a-z0-9]{0,10}$` $name) }}
gateway.protocols.{{ $name }}: a protocol's name has at most 11 lower-case letters and digits, as pettrack-gateway --help shows it (GATEWAY_NAME_PORT).
{{- end }}
{{- if not $protocol.port }}
gateway.protocols.{{ $name }}.port is missing: give the port that the gateway listens on.
{{- end }}
{{- range $transport := $protocol.transports | default (list "TCP") }}
{{- $port := printf "%s %v" $transport $protocol.port }}
{{- with get $taken $port }}
gateway.protocols.{{ $name }}.port is {{ $protocol.port }} ({{ $transport }}), which {{ . }} has already: choose another.
{{- end }}
{{- $_ := set $taken $port (printf "gateway.protocols.%s" $name) }}
{{- $there := printf "%s %v" $transport ($protocol.servicePort | default $protocol.port) }}
{{- with get $served $there }}
gateway.protocols.{{ $name }}.servicePort is {{ $protocol.servicePort | default $protocol.port }} ({{ $transport }}), which {{ . }} has already: choose another.
{{- end }}
{{- $_ := set $served $there (printf "gateway.protocols.%s" $name) }}
{{- end }}
{{- end }}
{{- range $name := list "seed" "simulator" }}
{{- if and (get $.Values $name).enabled (not $spoken.osmand) }}
{{ $name }}.enabled needs gateway.protocols.osmand, which is what it speaks: enable it, or set {{ $name }}.enabled=false.
{{- end }}
{{- end }}
{{- end }}

{{- define "pettrack.validate.replicas" -}}
{{- range $program := list "auth" "gateway" "writer" "query" }}
{{- $values := get $.Values $program }}
{{- if le (int $values.terminationGracePeriodSeconds) (int $values.preStopSeconds) }}
{{ $program }}.terminationGracePeriodSeconds is {{ $values.terminationGracePeriodSeconds }}, not more than preStopSeconds ({{ $values.preStopSeconds }}): a pod would be killed before it drains.
{{- end }}
{{- end }}
{{- range $name := list "gateway.autoscaling" "query.autoscaling" "writer.keda" }}
{{- $path := splitList "." $name }}
{{- $scaler := get (get $.Values (first $path)) (last $path) }}
{{- if $scaler.enabled }}
{{- if gt (int $scaler.minReplicas) (int $scaler.maxReplicas) }}
{{ $name }}.minReplicas is {{ $scaler.minReplicas }}, more than maxReplicas ({{ $scaler.maxReplicas }}): lower one or raise the other.
{{- end }}
{{- if and (hasKey $scaler "cpuPercent") (not (or $scaler.cpuPercent $scaler.connections)) }}
{{ $name }} looks at nothing: give cpuPercent or connections.
{{- end }}
{{- end }}
{{- end }}
{{- $writers := ternary .Values.writer.keda.maxReplicas .Values.writer.replicas .Values.writer.keda.enabled }}
{{- if gt (int $writers) (int .Values.kafka.partitions) }}
writer.{{ ternary "keda.maxReplicas" "replicas" .Values.writer.keda.enabled }} is {{ $writers }}, more than kafka.partitions ({{ .Values.kafka.partitions }}): those over it would idle. Lower it, or set kafka.partitions to what the topic has.
{{- end }}
{{- end }}

{{- define "pettrack.validate.public" -}}
{{- $mail := .Values.auth.mail }}
{{- if and (not $mail.smtpUrl) (or $mail.verify $mail.from $mail.username $mail.existingSecret) }}
auth.mail.smtpUrl is empty, and auth.mail.verify, from, username or existingSecret is set, which is of no use without it: give smtps://HOST, or clear them.
{{- end }}
{{- if and .Values.publicUrl (not (regexMatch `^https?://[^/]+/?$` .Values.publicUrl)) }}
publicUrl is {{ .Values.publicUrl | quote }}: write the origin that browsers see, https://HOST[:PORT], without a path.
{{- end }}
{{- if and .Values.ingress.enabled (not .Values.ingress.host) }}
ingress.host is empty while ingress.enabled is true: give the name under which browsers find Pettrack.
{{- end }}
{{- if contains "/" .Values.ingress.host }}
ingress.host is {{ .Values.ingress.host | quote }}: write the name alone, without https:// and path.
{{- end }}
{{- $api := .Values.gatewayApi }}
{{- if $api.enabled }}
{{- if not $api.parentRefs }}
gatewayApi.parentRefs is empty while gatewayApi.enabled is true: name the Gateway, [{name: NAME, namespace: NAMESPACE}].
{{- end }}
{{- if not $api.hostnames }}
gatewayApi.hostnames is empty while gatewayApi.enabled is true: give the name under which browsers find Pettrack.
{{- end }}
{{- if .Values.ingress.enabled }}
ingress.enabled and gatewayApi.enabled are both true: choose one way in.
{{- end }}
{{- end }}
{{- if and $api.trackers.enabled (not $api.trackers.parentRefs) }}
gatewayApi.trackers.parentRefs is empty while gatewayApi.trackers.enabled is true: name the Gateway whose listeners are named as the protocols.
{{- end }}
{{- $service := .Values.gateway.service }}
{{- if and $service.loadBalancerSourceRanges (ne $service.type "LoadBalancer") }}
gateway.service.loadBalancerSourceRanges needs gateway.service.type=LoadBalancer: with {{ $service.type }} use networkPolicy.trackers.
{{- end }}
{{- end }}

{{- /* A misspelt setting would be passed to a program that does not look at it. */}}
{{- define "pettrack.validate.settings" -}}
{{- $known := .Files.Get "files/settings.json" | fromJson }}
{{- $owned := dict
	"AUTH_PORT" "auth.port" "AUTH_ROLES" "auth.split" "QUERY_PORT" "query.port" "LIVE_PORT" "query.livePort"
	"QUERY_ROLES" "query.split" "GATEWAY_PROTOCOLS" "gateway.protocols" "LOG_LEVEL" "logLevel"
	"KAFKA_BROKERS" "kafka.brokers" "KAFKA_SECURITY" "kafka.security" "KAFKA_SASL_MECHANISM" "kafka.saslMechanism"
	"KAFKA_USERNAME" "kafka.username" "KAFKA_CA_FILE" "kafka.caSecret" "KAFKA_TOPIC_PREFIX" "kafka.topicPrefix"
	"KAFKA_PARTITIONS" "kafka.partitions" "KAFKA_REPLICATION" "kafka.replication"
	"AUTH_SMTP_URL" "auth.mail.smtpUrl" "AUTH_SMTP_USER" "auth.mail.username" "AUTH_MAIL_FROM" "auth.mail.from"
	"AUTH_VERIFY_EMAIL" "auth.mail.verify" "AUTH_PUBLIC_URL" "publicUrl" "AUTH_TRUSTED_PROXIES" "trustedProxies"
	"QUERY_TRUSTED_PROXIES" "trustedProxies"
	"KAFKA_CREATE_TOPICS" "kafka.createTopics" "MONGODB_CREATE_INDEXES" "mongodb.createIndexes" }}
{{- range $program := list "auth" "gateway" "writer" "query" }}
{{- range $name, $value := (get $.Values $program).settings }}
{{- $at := printf "%s.settings.%s" $program $name }}
{{- if has $name $known.secret }}
{{ $at }} is a secret, and settings are in a ConfigMap that many may read: use mongodb.existingSecret, kafka.existingSecret, auth.mail.existingSecret or secrets.existingSecret.
{{- else if hasKey $owned $name }}
{{ $at }}: set {{ get $owned $name }} in its place, which other parts of the chart go by.
{{- else if eq $name "OPS_PORT" }}
{{ $at }}: set {{ $program }}.opsPort in its place, which other parts of the chart go by.
{{- else if regexMatch `^GATEWAY_[A-Z0-9]+_PORT$` $name }}
{{ $at }}: set gateway.protocols.{{ $name | trimPrefix "GATEWAY_" | trimSuffix "_PORT" | lower }}.port in its place, which other parts of the chart go by.
{{- else if not (has $name (get $known $program)) }}
{{ $at }}: pettrack-{{ $program }} has no such setting. `pettrack-{{ $program }} --help` lists them; extraEnv passes anything.
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "pettrack.validate.images" -}}
{{- $images := dict "auth.image" .Values.auth.image "gateway.image" .Values.gateway.image "writer.image" .Values.writer.image
	"query.image" .Values.query.image "cli.image" .Values.cli.image
	"kafka.embedded.image" .Values.kafka.embedded.image "mongodb.embedded.image" .Values.mongodb.embedded.image }}
{{- range $name, $image := $images }}
{{- if and $image.digest (not (regexMatch `^sha256:[0-9a-f]{64}$` $image.digest)) }}
{{ $name }}.digest is {{ $image.digest | quote }}: a digest is sha256: and 64 hexadecimal digits.
{{- end }}
{{- end }}
{{- if contains "://" .Values.image.registry }}
image.registry is {{ .Values.image.registry | quote }}: write HOST[:PORT][/PATH], without a scheme.
{{- end }}
{{- end }}

{{- /* What has a form that a schema can only answer with a pattern. */}}
{{- define "pettrack.validate.texts" -}}
{{- $names := dict "nameOverride" .Values.nameOverride "fullnameOverride" .Values.fullnameOverride
	"serviceAccount.name" .Values.serviceAccount.name "secrets.existingSecret" .Values.secrets.existingSecret
	"kafka.existingSecret" .Values.kafka.existingSecret "kafka.caSecret" .Values.kafka.caSecret
	"mongodb.existingSecret" .Values.mongodb.existingSecret
	"mongodb.caSecret" .Values.mongodb.caSecret "ingress.tls.secretName" .Values.ingress.tls.secretName }}
{{- range $name, $value := $names }}
{{- if and $value (not (regexMatch `^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$` $value)) }}
{{ $name }} is {{ $value | quote }}: names in Kubernetes have lower-case letters, digits and "-".
{{- end }}
{{- end }}
{{- $durations := dict "prepare.timeout" .Values.prepare.timeout "simulator.interval" .Values.simulator.interval
	"serviceMonitor.interval" .Values.serviceMonitor.interval "serviceMonitor.scrapeTimeout" .Values.serviceMonitor.scrapeTimeout }}
{{- range $name, $value := $durations }}
{{- if not (regexMatch `^[0-9]+(ms|s|m|h)$` $value) }}
{{ $name }} is {{ $value | quote }}: write a number and its unit, such as 500ms, 30s, 5m or 1h.
{{- end }}
{{- end }}
{{- if not (regexMatch `^[a-zA-Z0-9._-]*$` .Values.kafka.topicPrefix) }}
kafka.topicPrefix is {{ .Values.kafka.topicPrefix | quote }}: topics have letters, digits, ".", "_" and "-".
{{- end }}
{{- range $name := list "demo" "check" }}
{{- if not (contains "@" (get $.Values $name).email) }}
{{ $name }}.email is {{ (get $.Values $name).email | quote }}, which is no e-mail address.
{{- end }}
{{- end }}
{{- if and .Values.prometheusRule.runbookUrl (not (regexMatch `^https?://` .Values.prometheusRule.runbookUrl)) }}
prometheusRule.runbookUrl is {{ .Values.prometheusRule.runbookUrl | quote }}: write https://..., or leave it empty.
{{- end }}
{{- $alerts := regexFindAll `alert: \w+` (.Files.Get "files/alerts.yaml") -1 }}
{{- range .Values.prometheusRule.disabled }}
{{- if not (has (printf "alert: %s" .) $alerts) }}
prometheusRule.disabled holds {{ . | quote }}, which is none of the alerts: their names are in docs/OPERATIONS.md.
{{- end }}
{{- end }}
{{- end }}
