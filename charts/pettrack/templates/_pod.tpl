{{- /* Pods: what all have in common, and the Deployment of a program. */}}

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

{{- /* The part of a pod's spec that does not depend on what runs in it. Takes (dict "root" $ "uid" UID-or-nil). */}}
{{- define "pettrack.podBasics" -}}
automountServiceAccountToken: false
enableServiceLinks: false # a Service named pettrack-* would make variables that look like the command line's settings
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- include "pettrack.podSecurity" . | nindent 2 }}
{{- end }}

{{- /* Where it may run. Takes (dict "root" $ "component" NAME "values" VALUES-OF-THE-PROGRAM). */}}
{{- define "pettrack.placement" -}}
{{- with .values.nodeSelector | default .root.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations | default .root.Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity | default .root.Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.priorityClassName | default .root.Values.priorityClassName }}
priorityClassName: {{ . }}
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
Startup: a program answers /healthz at once, but is given two minutes. Readiness: the servers it needs answer, and it
does not drain. Liveness: its loop turns; a server that is away is no reason to be killed, so it does not look at them.
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
A Deployment. Takes a dict of root, program, component, values (those of the program, of a part merged in), settings,
secrets, ports (list of {name, port, protocol}) and scaled (true: something else decides the number of replicas).

Nothing is lost when a pod ends: preStop leaves time in which endpoints and load balancers forget it, SIGTERM then drains
(the gateway answers what is in flight, the writer commits, live clients are told to come back), and a new pod is ready
before an old one goes.
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
        {{- include "pettrack.labels" . | nindent 8 }}
        pettrack-program: {{ .program }}
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
      {{- include "pettrack.placement" . | nindent 6 }}
      {{- include "pettrack.spread" . | nindent 6 }}
      terminationGracePeriodSeconds: {{ .values.terminationGracePeriodSeconds }}
      containers:
        - name: {{ .program }}
          image: {{ include "pettrack.image" (dict "root" .root "image" .values.image) }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          securityContext:
            {{- include "pettrack.containerSecurity" . | nindent 12 }}
          envFrom:
            - configMapRef:
                name: {{ include "pettrack.fullname" .root }}-{{ .component }}
          env:
            {{- include "pettrack.secretEnv" .secrets | nindent 12 }}
            {{- with .values.extraEnv }}
            {{- toYaml . | nindent 12 }}
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
          {{- include "pettrack.probes" . | nindent 10 }}
          lifecycle:
            preStop:
              sleep:
                seconds: {{ .values.preStopSeconds }}
          resources:
            {{- toYaml .values.resources | nindent 12 }}
          volumeMounts:
            - name: files
              mountPath: /etc/pettrack
              readOnly: true
      volumes:
        - {{- include "pettrack.filesVolume" . | nindent 10 }}
{{- end }}

{{- /* The ConfigMap of a component. Takes a dict of root, component, settings. */}}
{{- define "pettrack.configMap" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  {{- include "pettrack.metadata" . | nindent 2 }}
data:
  {{- toYaml .settings | nindent 2 }}
{{- end }}

{{- /*
A run of a program or of the command line to its end. Takes a dict of root, component, image, args, settings, secrets,
resources. Gives a pod's template without its metadata.
*/}}
{{- define "pettrack.taskSpec" -}}
{{- include "pettrack.podBasics" (dict "root" .root) }}
{{- include "pettrack.placement" (dict "root" .root "component" .component "values" (.values | default dict)) | nindent 0 }}
restartPolicy: {{ .restartPolicy | default "OnFailure" }}
containers:
  - name: {{ .name | default .component }}
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
    mountPath: /etc/pettrack
    readOnly: true
{{- end }}
