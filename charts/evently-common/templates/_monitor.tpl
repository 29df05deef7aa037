{{/* How Prometheus finds the pods, where its operator is installed: by PodMonitor or by ServiceMonitor, never by both. */}}

{{- define "evently-common.monitor" -}}
{{- $monitoring := .root.Values.global.monitoring -}}
{{- if or $monitoring.podMonitor $monitoring.serviceMonitor }}
apiVersion: monitoring.coreos.com/v1
kind: {{ ternary "PodMonitor" "ServiceMonitor" $monitoring.podMonitor }}
metadata:
  name: {{ include "evently-common.name" . }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "evently-common.labels" . | nindent 4 }}
    {{- with $monitoring.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  selector:
    matchLabels:
      {{- include "evently-common.selectorLabels" . | nindent 6 }}
  {{ ternary "podMetricsEndpoints" "endpoints" $monitoring.podMonitor }}:
    - port: metrics
      path: /metrics
      interval: {{ $monitoring.interval }}
{{- end }}
{{- end }}
