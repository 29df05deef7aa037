{{/* Objects of somebody's own beside the chart's; strings are templates. */}}
{{- define "evently-common.extraObjects" -}}
{{- range .root.Values.extraObjects }}
---
{{ tpl (ternary . (toYaml .) (kindIs "string" .)) $.root }}
{{- end }}
{{- end }}

{{/* Everything that a service's chart installs. */}}
{{- define "evently-common.all" -}}
{{- $ctx := dict "root" . "facts" (.Files.Get "service.yaml" | fromYaml) -}}
{{- include "evently-common.checks" $ctx -}}
{{- range $part := list "serviceAccount" "configMap" "serviceObject" "deployment" "hpa" "pdb" "networkPolicy" "monitor" "migrations" }}
{{- with include (printf "evently-common.%s" $part) $ctx | trim }}
---
{{ . }}
{{- end }}
{{- end }}
{{- include "evently-common.extraObjects" $ctx }}
{{- end }}
