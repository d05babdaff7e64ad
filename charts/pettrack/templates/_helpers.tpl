{{- /* Names, labels, images. "." is the chart's root unless a template says otherwise. */}}

{{- define "pettrack.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- /* At most 38 characters: the longest suffix, "-auth-authentication-" and a revision, still fits into a label. */}}
{{- define "pettrack.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 38 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- $full | trunc 38 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- /* What selects pods. Takes (dict "root" $ "component" NAME); without a component: all pods of the release. */}}
{{- define "pettrack.selectorLabels" -}}
app.kubernetes.io/name: {{ include "pettrack.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{- /* Labels of an object that is no pod. Takes the same. */}}
{{- define "pettrack.labels" -}}
{{ include "pettrack.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: pettrack
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* Name and labels of an object. Takes (dict "root" $ "component" NAME "name" FULL-NAME). */}}
{{- define "pettrack.metadata" -}}
name: {{ .name | default (printf "%s-%s" (include "pettrack.fullname" .root) .component) }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "pettrack.labels" . | nindent 2 }}
{{- end }}

{{- /* REGISTRY/REPOSITORY:TAG, or @DIGEST, which wins. Takes (dict "root" $ "image" IMAGE). */}}
{{- define "pettrack.image" -}}
{{- $registry := .image.registry | default .root.Values.image.registry }}
{{- $name := .image.repository }}
{{- if $registry }}{{ $name = printf "%s/%s" (trimSuffix "/" $registry) $name }}{{ end }}
{{- if .image.digest -}}
{{ $name }}@{{ .image.digest }}
{{- else -}}
{{ $name }}:{{ .image.tag | default .root.Values.image.tag | default .root.Chart.AppVersion }}
{{- end }}
{{- end }}

{{- define "pettrack.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "pettrack.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- /*
The Deployments of auth and query, as a JSON list of {"part", "component", "roles"}; part "" is the whole program.
Takes (dict "root" $ "program" "auth").
*/}}
{{- define "pettrack.parts" -}}
{{- $roles := get (dict "auth" (list "registration" "authentication" "devices") "query" (list "api" "live")) .program }}
{{- $parts := list }}
{{- if (get .root.Values .program).split }}
{{- range $roles }}
{{- $parts = append $parts (dict "part" . "component" (printf "%s-%s" $.program .) "roles" (list .)) }}
{{- end }}
{{- else }}
{{- $parts = list (dict "part" "" "component" .program "roles" $roles) }}
{{- end }}
{{- toJson $parts }}
{{- end }}

{{- /* The Service behind which a role answers: pettrack.roleService (dict "root" $ "program" "auth" "role" "devices"). */}}
{{- define "pettrack.roleService" -}}
{{- $full := include "pettrack.fullname" .root }}
{{- if (get .root.Values .program).split -}}
{{ $full }}-{{ .program }}-{{ .role }}
{{- else -}}
{{ $full }}-{{ .program }}
{{- end }}
{{- end }}
