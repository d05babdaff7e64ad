{{- /* Pods: what all of them have in common. */}}

{{- /* Takes (dict "uid" UID); 10001, the images' own, without. */}}
{{- define "pettrack.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ .uid | default 10001 }}
runAsGroup: {{ .uid | default 10001 }}
fsGroup: {{ .uid | default 10001 }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "pettrack.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- /* Labels of a pod: few, and none that changes with the chart's version, so that pods stay when they need not go. */}}
{{- define "pettrack.podLabels" -}}
{{ include "pettrack.selectorLabels" . }}
app.kubernetes.io/part-of: pettrack
pettrack/program: {{ .program }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* The part of a pod's spec that does not depend on what runs in it. Takes (dict "root" $ "uid" UID). */}}
{{- define "pettrack.podBasics" -}}
automountServiceAccountToken: false
enableServiceLinks: false # Services named pettrack-* would make variables that look like the command line's settings
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- include "pettrack.podSecurity" . | nindent 2 }}
{{- end }}

{{- /* Where it may run. Takes (dict "root" $ "values" VALUES-OF-THE-PROGRAM-or-nothing). */}}
{{- define "pettrack.placement" -}}
{{- $values := .values | default dict }}
{{- range $key := list "nodeSelector" "tolerations" "affinity" "priorityClassName" }}
{{- with get $values $key | default (get $.root.Values $key) }}
{{ $key }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}

{{- /* Over zones and nodes, as evenly as can be had: a pod that cannot be placed evenly is placed all the same. */}}
{{- define "pettrack.spread" -}}
topologySpreadConstraints:
  {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ $key }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "pettrack.selectorLabels" $ | nindent 8 }}
    matchLabelKeys: [pod-template-hash]
  {{- end }}
{{- end }}

{{- /*
Startup: a program answers /healthz at once; two minutes are for a node under load. Readiness: its servers answer, and it
does not drain. Liveness: its loops turn; a server that is away is no reason to be killed, so it does not look at them.
*/}}
{{- define "pettrack.probes" -}}
startupProbe:
  httpGet: {path: /healthz, port: ops}
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: 60
readinessProbe:
  httpGet: {path: /readyz, port: ops}
  periodSeconds: 3
  timeoutSeconds: 2
  failureThreshold: 2
livenessProbe:
  httpGet: {path: /healthz, port: ops}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
{{- end }}

{{- /*
A run of the command line, to its end or for ever. Takes a dict of root, program, image, args, settings, secrets,
resources, restartPolicy. Gives the spec of a pod.
*/}}
{{- define "pettrack.taskSpec" -}}
serviceAccountName: {{ include "pettrack.serviceAccountName" .root }}
{{ include "pettrack.podBasics" (dict "root" .root) }}
{{- include "pettrack.placement" (dict "root" .root) }}
restartPolicy: {{ .restartPolicy }}
containers:
  - name: {{ .program }}
    {{- include "pettrack.taskContainer" . | nindent 4 }}
volumes:
  - {{- include "pettrack.filesVolume" . | nindent 4 }}
{{- end }}

{{- define "pettrack.taskContainer" -}}
image: {{ include "pettrack.image" (dict "root" .root "image" .image) }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
args:
  {{- toYaml .args | nindent 2 }}
securityContext:
  {{- include "pettrack.containerSecurity" . | nindent 2 }}
env:
  {{- range $name, $value := .settings }}
  - name: {{ $name }}
    value: {{ $value | quote }}
  {{- end }}
  {{- include "pettrack.secretEnv" .secrets | nindent 2 }}
resources:
  {{- toYaml .resources | nindent 2 }}
volumeMounts:
  - name: files
    mountPath: {{ include "pettrack.files" . }}
    readOnly: true
{{- end }}
