{{/* OpenSearch instead of PostgreSQL: only the values of search have an engine. */}}

{{- define "evently-common.usesOpenSearch" -}}
{{- if eq (toString .root.Values.engine) "opensearch" }}true{{ end -}}
{{- end }}

{{/* Settings as YAML. */}}
{{- define "evently-common.openSearchSettings" -}}
{{- if include "evently-common.usesOpenSearch" . -}}
{{- $given := .root.Values.opensearch -}}
SEARCH_ENGINE: opensearch
OPENSEARCH_URL: {{ join "," $given.urls | quote }}
OPENSEARCH_ALIAS: {{ $given.alias | quote }}
{{- with $given.user }}
OPENSEARCH_USER: {{ . | quote }}
{{- end }}
{{- if $given.caSecret }}
OPENSEARCH_CA_FILE: /etc/evently/opensearch-ca/ca.crt
{{- end }}
{{- end -}}
{{- end }}

{{/* Without a user OpenSearch asks for no password; with one a pod does not start before the Secret has it. */}}
{{- define "evently-common.openSearchEnv" -}}
{{- if and (include "evently-common.usesOpenSearch" .) .root.Values.opensearch.user -}}
{{ include "evently-common.secretEnv" (dict "env" "OPENSEARCH_PASSWORD" "name" .root.Values.global.secrets.search "key" "opensearch-password") }}
{{- end -}}
{{- end }}

{{- define "evently-common.checkSearch" -}}
{{- $global := .root.Values.global -}}
{{- if and (eq .root.Chart.Name "search") (not $global.withSearch) -}}
  {{- fail "search: global.withSearch is false, and no message would be kept for search: set it to true, or search.enabled to false." -}}
{{- end -}}
{{- if and (include "evently-common.usesOpenSearch" .) (not .root.Values.opensearch.urls) -}}
  {{- fail "search: engine is opensearch and opensearch.urls is empty: name where it is, for example [https://opensearch.search:9200], or set engine to postgres." -}}
{{- end -}}
{{- end }}
