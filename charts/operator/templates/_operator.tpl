{{/* What only the operator has: the namespace that it watches, and what it is told. */}}

{{/* Where the sales and the autoscalers are. */}}
{{- define "operator.watched" -}}
{{ .Values.watchNamespace | default .Release.Namespace }}
{{- end }}

{{- define "operator.subject" -}}
- kind: ServiceAccount
  name: operator
  namespace: {{ .Release.Namespace }}
{{- end }}

{{- define "operator.settings" -}}
{{- $global := .Values.global -}}
{{- $namespace := include "operator.watched" . -}}
{{- $settings := dict
  "OPERATOR_NAMESPACE" $namespace
  "OPERATOR_LEASE_NAME" .Values.lease.name
  "OPERATOR_HEALTH_PORT" 8081
  "OPERATOR_METRICS_PORT" 9090
  "EVENTLY_LOG_LEVEL" $global.logLevel
  "BOOKING_URL" ($global.urls.booking | default (printf "http://booking.%s:8004" $namespace))
  "EVENT_URL" ($global.urls.event | default (printf "http://event.%s:8002" $namespace))
-}}
{{- if $global.withSearch -}}
  {{- $_ := set $settings "SEARCH_URL" ($global.urls.search | default (printf "http://search.%s:8003" $namespace)) -}}
{{- end -}}
{{- range $name, $value := merge (dict) .Values.settings $settings }}
{{ $name }}: {{ include "evently-common.text" $value }}
{{- end -}}
{{- end }}
