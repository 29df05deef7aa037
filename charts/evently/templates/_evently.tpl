{{/* What only the umbrella has: its labels, and which path leads to which service. */}}

{{- define "evently.labels" -}}
app.kubernetes.io/name: evently
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/component: platform
app.kubernetes.io/part-of: evently
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* Only services that are installed: a path to nothing would answer 503 for ever. */}}
{{- define "evently.routes" -}}
{{- range $service, $port := dict "booking" 8004 "event" 8002 "payment" 8005 "search" 8003 "user" 8001 }}
{{- if (index $.Values $service).enabled }}
- { path: /api/{{ $service }}, service: {{ $service }}, port: {{ $port }} }
{{- end }}
{{- end }}
{{- if .Values.payment.enabled }}
- { path: /webhooks, service: payment, port: 8005 }
{{- end }}
{{- end }}
