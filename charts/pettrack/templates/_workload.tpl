{{- /* What a program is made of: ConfigMap, Deployment, PodDisruptionBudget, HorizontalPodAutoscaler, Service. */}}

{{- /*
The values of a program, those of a part laid over them, as JSON. Takes (dict "root" $ "program" "auth" "part" "devices").
*/}}
{{- define "pettrack.partValues" -}}
{{- $values := deepCopy (get .root.Values .program) }}
{{- if .part }}
{{- range $key, $value := get $values .part | default dict }}
{{- if kindIs "map" $value }}
{{- $_ := set $values $key (mergeOverwrite (deepCopy (get $values $key | default dict)) $value) }}
{{- else if not (kindIs "invalid" $value) }}
{{- $_ := set $values $key $value }}
{{- end }}
{{- end }}
{{- end }}
{{- toJson $values }}
{{- end }}

{{- /* Takes a dict of root, program, component, part ("" or its name), roles, needs (secrets) and ports. */}}
{{- define "pettrack.workload" -}}
{{- $values := include "pettrack.partValues" . | fromJson }}
{{- $autoscaling := dig "autoscaling" (dict "enabled" false) $values }}
{{- $keda := dig "keda" (dict "enabled" false) $values }}
{{- $scaler := ternary $autoscaling $keda $autoscaling.enabled }}
{{- $args := merge (dict
	"values" $values
	"settings" (include "pettrack.settings" . | fromJson)
	"secrets" (include "pettrack.secrets" . | fromJsonArray)
	"kafka" true
	"scaled" $scaler.enabled) . }}
{{ include "pettrack.configMap" $args }}
---
{{ include "pettrack.deployment" $args }}
{{- if gt (int (ternary $scaler.minReplicas $values.replicas $scaler.enabled)) 1 }}
---
{{ include "pettrack.disruptionBudget" $args }}
{{- end }}
{{- if $autoscaling.enabled }}
---
{{ include "pettrack.autoscaler" $args }}
{{- end }}
{{- end }}

{{- define "pettrack.configMap" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  {{- include "pettrack.metadata" . | nindent 2 }}
data:
  {{- toYaml .settings | nindent 2 }}
{{- end }}

{{- /*
Nothing is lost when a pod ends: a new pod is ready before an old one goes; preStop leaves time in which Services and load
balancers forget it; SIGTERM then drains (the gateway answers what is in flight, the writer commits, live clients are told
to come back, and do so with their cursor).
*/}}
{{- define "pettrack.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "pettrack.metadata" . | nindent 2 }}
spec:
  {{- if not .scaled }}
  replicas: {{ .values.replicas }}
  {{- end }}
  revisionHistoryLimit: 3
  minReadySeconds: {{ .values.minReadySeconds }}
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 1
      maxUnavailable: 0
  selector:
    matchLabels:
      {{- include "pettrack.selectorLabels" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "pettrack.podLabels" . | nindent 8 }}
        pettrack/ops: "true"
        {{- with .values.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      annotations:
        {{- include "pettrack.checksums" . | nindent 8 }}
        {{- with .values.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ include "pettrack.serviceAccountName" .root }}
      {{- include "pettrack.podBasics" (dict "root" .root) | nindent 6 }}
      {{- include "pettrack.placement" . | indent 6 }}
      {{- include "pettrack.spread" . | nindent 6 }}
      terminationGracePeriodSeconds: {{ .values.terminationGracePeriodSeconds }}
      containers:
        - name: {{ .program }}
          {{- include "pettrack.container" . | nindent 10 }}
      volumes:
        - {{- include "pettrack.filesVolume" . | nindent 10 }}
{{- end }}

{{- define "pettrack.container" -}}
image: {{ include "pettrack.image" (dict "root" .root "image" .values.image) }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  {{- include "pettrack.containerSecurity" . | nindent 2 }}
envFrom:
  - configMapRef:
      name: {{ include "pettrack.fullname" .root }}-{{ .component }}
env:
  {{- include "pettrack.secretEnv" .secrets | nindent 2 }}
  {{- with .values.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
ports:
  {{- range .ports }}
  - name: {{ .name }}
    containerPort: {{ .port }}
    protocol: {{ .protocol | default "TCP" }}
  {{- end }}
  - name: ops
    containerPort: {{ .values.opsPort }}
    protocol: TCP
{{ include "pettrack.probes" . }}
{{- with .values.preStopSeconds }}
lifecycle:
  preStop:
    sleep:
      seconds: {{ . }}
{{- end }}
resources:
  {{- toYaml .values.resources | nindent 2 }}
volumeMounts:
  - name: files
    mountPath: {{ include "pettrack.files" . }}
    readOnly: true
{{- end }}

{{- /* One at a time: a node that is drained waits until the pod it took is ready elsewhere. */}}
{{- define "pettrack.disruptionBudget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "pettrack.metadata" . | nindent 2 }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "pettrack.selectorLabels" . | nindent 6 }}
{{- end }}

{{- /*
Up at once, down slowly: every pod that goes sends its trackers and live clients to others, which costs those a
connection each.
*/}}
{{- define "pettrack.autoscaler" -}}
{{- $autoscaling := .values.autoscaling -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  {{- include "pettrack.metadata" . | nindent 2 }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ include "pettrack.fullname" .root }}-{{ .component }}
  minReplicas: {{ $autoscaling.minReplicas }}
  maxReplicas: {{ $autoscaling.maxReplicas }}
  metrics:
    {{- with $autoscaling.cpuPercent }}
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: {{ . }}
    {{- end }}
    {{- with $autoscaling.connections }}
    - type: Pods
      pods:
        metric:
          name: {{ $autoscaling.connectionsMetric }}
        target:
          type: AverageValue
          averageValue: {{ include "pettrack.text" . | quote }}
    {{- end }}
  behavior:
    scaleDown:
      stabilizationWindowSeconds: 600
      policies:
        - type: Pods
          value: 1
          periodSeconds: 120
{{- end }}

{{- /* A Service inside the cluster. Takes a dict of root, component, and ports: a list of {name, port, appProtocol}. */}}
{{- define "pettrack.service" -}}
apiVersion: v1
kind: Service
metadata:
  {{- include "pettrack.metadata" . | nindent 2 }}
spec:
  type: ClusterIP
  selector:
    {{- include "pettrack.selectorLabels" . | nindent 4 }}
  ports:
    {{- range .ports }}
    - name: {{ .name }}
      port: {{ .port }}
      targetPort: {{ .name }}
      protocol: TCP
      {{- with .appProtocol }}
      appProtocol: {{ . }}
      {{- end }}
    {{- end }}
{{- end }}
