{{/* How a service is reached, and who its pods are. */}}

{{- define "evently-common.serviceObject" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "evently-common.name" . }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "evently-common.labels" . | nindent 4 }}
  {{- with .root.Values.service.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  type: ClusterIP
  selector:
    {{- include "evently-common.selectorLabels" . | nindent 4 }}
  ports:
    - name: http
      port: {{ .facts.port }}
      targetPort: http
      protocol: TCP
      appProtocol: http
    {{- if .root.Values.global.monitoring.serviceMonitor }}
    - name: metrics
      port: {{ .facts.metricsPort }}
      targetPort: metrics
      protocol: TCP
    {{- end }}
{{- end }}

{{- define "evently-common.serviceAccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "evently-common.name" . }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "evently-common.labels" . | nindent 4 }}
automountServiceAccountToken: false
{{- end }}
