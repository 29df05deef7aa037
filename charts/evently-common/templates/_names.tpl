{{/* Names and labels. Every template of this library takes a dict: "root" is the chart's context, "facts" its service.yaml. */}}

{{- define "evently-common.name" -}}
{{ .root.Chart.Name }}
{{- end }}

{{/* What selects the pods of a workload; it cannot change in its life. "component" makes it another workload of the same chart. */}}
{{- define "evently-common.selectorLabels" -}}
app.kubernetes.io/name: {{ include "evently-common.name" . }}{{ with .suffix }}-{{ . }}{{ end }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{/* Without the chart's version: a chart that changes nothing in the pods must not replace them. */}}
{{- define "evently-common.podLabels" -}}
{{ include "evently-common.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/component: {{ .component | default .facts.component | default "service" }}
app.kubernetes.io/part-of: evently
{{- with .root.Values.podLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "evently-common.labels" -}}
{{ include "evently-common.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/component: {{ .component | default .facts.component | default "service" }}
app.kubernetes.io/part-of: evently
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{/* The labels by which another part of the platform is a peer, whichever release installed it; takes its name. */}}
{{- define "evently-common.peerLabels" -}}
app.kubernetes.io/name: {{ . }}
app.kubernetes.io/part-of: evently
{{- end }}

{{/* repository@digest when a digest is given, else repository:tag; the registry in front of both. */}}
{{- define "evently-common.image" -}}
{{- $own := .root.Values.image -}}
{{- $shared := .root.Values.global.image -}}
{{- $registry := $own.registry | default $shared.registry -}}
{{- $repository := ternary (printf "%s/%s" $registry $own.repository) $own.repository (ne $registry "") -}}
{{- if $own.digest -}}
{{ printf "%s@%s" $repository $own.digest }}
{{- else -}}
{{ printf "%s:%s" $repository ($own.tag | default $shared.tag | default .root.Chart.AppVersion) }}
{{- end -}}
{{- end }}

{{- define "evently-common.pullPolicy" -}}
{{ .root.Values.image.pullPolicy | default .root.Values.global.image.pullPolicy }}
{{- end }}

{{/* A value as text in quotes: a whole number from a values file is a float there, and a million would become 1e+06. */}}
{{- define "evently-common.text" -}}
{{ ternary (int64 .) . (kindIs "float64" .) | toString | quote }}
{{- end }}

{{/* The name of a Secret that exists; takes the context and "secret", its short name. */}}
{{- define "evently-common.secretName" -}}
{{ index .root.Values.global.secrets .secret }}
{{- end }}
