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
  # `job` is the part of the platform and `instance` the pod, as in monitoring/prometheus/prometheus-kubernetes.yml.
  jobLabel: app.kubernetes.io/name
  selector:
    matchLabels:
      {{- include "evently-common.selectorLabels" . | nindent 6 }}
  {{ ternary "podMetricsEndpoints" "endpoints" $monitoring.podMonitor }}:
    - port: metrics
      path: /metrics
      interval: {{ $monitoring.interval }}
      # Prometheus' operator gives targets the labels namespace and service, which metrics here have as well: theirs win.
      honorLabels: true
      relabelings:
        - sourceLabels: [__meta_kubernetes_pod_name]
          targetLabel: instance
{{- end }}
{{- end }}
