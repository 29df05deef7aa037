{{/* How many pods there are, and how many may be taken away. */}}

{{/* Whether the operator owns minReplicas: then it is not declared. */}}
{{- define "evently-common.isManaged" -}}
{{- with .root.Values.operator }}{{ if .manages }}true{{ end }}{{ end -}}
{{- end }}

{{/* The least number of pods outside every sale. */}}
{{- define "evently-common.leastPods" -}}
{{- $values := .root.Values -}}
{{- if not $values.hpa.enabled -}}
{{ $values.replicas }}
{{- else if include "evently-common.isManaged" . -}}
{{ $values.operator.baselineReplicas }}
{{- else -}}
{{ $values.hpa.minReplicas }}
{{- end -}}
{{- end }}

{{- define "evently-common.hpa" -}}
{{- $values := .root.Values -}}
{{- if $values.hpa.enabled }}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "evently-common.name" . }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "evently-common.labels" . | nindent 4 }}
  {{- if include "evently-common.isManaged" . }}
  annotations:
    evently.dev/baseline-replicas: {{ $values.operator.baselineReplicas | quote }}
    {{- with $values.operator.reservationsPerSecondPerPod }}
    evently.dev/reservations-per-second-per-pod: {{ include "evently-common.text" . }}
    {{- end }}
    {{- with $values.operator.reservationsPerSecondPerEvent }}
    evently.dev/reservations-per-second-per-event: {{ include "evently-common.text" . }}
    {{- end }}
  {{- end }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ include "evently-common.name" . }}
  {{- if not (include "evently-common.isManaged" .) }}
  minReplicas: {{ $values.hpa.minReplicas }}
  {{- end }}
  maxReplicas: {{ $values.hpa.maxReplicas }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: {{ $values.hpa.cpuPercent }}
  behavior:
    {{- toYaml $values.hpa.behavior | nindent 4 }}
{{- end }}
{{- end }}

{{/* One pod alone could never be moved if a budget kept it. */}}
{{- define "evently-common.pdb" -}}
{{- if and .root.Values.pdb.enabled (gt (include "evently-common.leastPods" . | int) 1) }}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "evently-common.name" . }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "evently-common.labels" . | nindent 4 }}
spec:
  maxUnavailable: {{ .root.Values.pdb.maxUnavailable }}
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "evently-common.selectorLabels" . | nindent 6 }}
{{- end }}
{{- end }}
