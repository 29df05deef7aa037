{{/* Secrets of a cluster of tests. */}}

{{/* What the Secret has under the key, or "otherwise", or 48 random characters. */}}
{{- define "evently.kept" -}}
{{- $there := lookup "v1" "Secret" .root.Release.Namespace .name -}}
{{- $value := dig "data" .key "" ($there | default dict) -}}
{{- if $value -}}{{ $value | b64dec }}{{- else -}}{{ .otherwise | default (randAlphaNum 48) }}{{- end -}}
{{- end }}

{{- define "evently.secret" }}
---
apiVersion: v1
kind: Secret
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "evently.labels" .root | nindent 4 }}
  {{- if .hook }}
  annotations:
    {{- include "evently-common.hook" (dict "weight" "-10") | nindent 4 }}
  {{- end }}
type: Opaque
data:
  {{- range $key, $value := .keys }}
  {{ $key }}: {{ $value | b64enc }}
  {{- end }}
{{- end }}
