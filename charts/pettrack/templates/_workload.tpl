{{- /* What a program is made of: ConfigMap, Deployment, PodDisruptionBudget, HorizontalPodAutoscaler. */}}

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

{{- /*
Takes a dict of root, program, component, part ("" or its name), roles, needs (secrets) and ports.
*/}}
{{- define "pettrack.workload" -}}
{{- $values := include "pettrack.partValues" . | fromJson }}
{{- $autoscaling := $values.autoscaling | default dict }}
{{- $keda := and (eq .program "writer") $values.keda.enabled }}
{{- $args := merge (dict
	"values" $values
	"settings" (include "pettrack.settings" . | fromJson)
	"secrets" (include "pettrack.secrets" . | fromJsonArray)
	"scaled" (or $autoscaling.enabled $keda)) . }}
{{ include "pettrack.configMap" $args }}
---
{{ include "pettrack.deployment" $args }}
{{- if gt (int (ternary $autoscaling.minReplicas $values.replicas (default false $autoscaling.enabled))) 1 }}
---
{{ include "pettrack.disruptionBudget" $args }}
{{- end }}
{{- if $autoscaling.enabled }}
---
{{ include "pettrack.autoscaler" $args }}
{{- end }}
{{- end }}

{{- /* One at a time: a drained node waits until the pod it took is ready elsewhere. */}}
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
{{- $autoscaling := .values.autoscaling }}
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
          averageValue: {{ . | quote }}
    {{- end }}
  behavior:
    scaleDown:
      stabilizationWindowSeconds: 600
      policies:
        - type: Pods
          value: 1
          periodSeconds: 120
{{- end }}

{{- /*
A Service inside the cluster. Takes a dict of root, component, and ports: a list of {name, port, targetPort}.
*/}}
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
