{{/* The pods of a service. */}}

{{/* The pause, then SIGTERM: the drain, and what closing may take. */}}
{{- define "evently-common.graceSeconds" -}}
{{ add .root.Values.preStopSeconds .root.Values.drainSeconds .facts.closingSeconds }}
{{- end }}

{{- define "evently-common.deployment" -}}
{{- $values := .root.Values -}}
{{- $authorities := list "postgres" "redis" -}}
{{- if include "evently-common.usesOpenSearch" . -}}{{- $authorities = append $authorities "opensearch" -}}{{- end -}}
{{- $pod := dict "root" .root "authorities" $authorities -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "evently-common.name" . }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "evently-common.labels" . | nindent 4 }}
spec:
  {{- /* With an autoscaler the number of pods is its own, and is not declared here. */}}
  {{- if not $values.hpa.enabled }}
  replicas: {{ $values.replicas }}
  {{- end }}
  revisionHistoryLimit: 3
  progressDeadlineSeconds: 660
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: {{ $values.rollout.maxSurge }}
      maxUnavailable: {{ $values.rollout.maxUnavailable }}
  selector:
    matchLabels:
      {{- include "evently-common.selectorLabels" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "evently-common.podLabels" . | nindent 8 }}
      annotations:
        checksum/settings: {{ include "evently-common.settings" . | sha256sum }}
        {{- with $values.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ include "evently-common.name" . }}
      {{- include "evently-common.podSecurity" . | nindent 6 }}
      terminationGracePeriodSeconds: {{ include "evently-common.graceSeconds" . }}
      {{- with include "evently-common.placement" . | trim }}
      {{- . | nindent 6 }}
      {{- end }}
      {{- include "evently-common.spread" . | nindent 6 }}
      containers:
        - name: {{ include "evently-common.name" . }}
          image: {{ include "evently-common.image" . }}
          imagePullPolicy: {{ include "evently-common.pullPolicy" . }}
          {{- include "evently-common.containerSecurity" . | nindent 10 }}
          envFrom:
            - configMapRef:
                name: {{ include "evently-common.name" . }}
          env:
            {{- include "evently-common.env" . | nindent 12 }}
          ports:
            - name: http
              containerPort: {{ .facts.port }}
              protocol: TCP
            - name: metrics
              containerPort: {{ .facts.metricsPort }}
              protocol: TCP
          {{- include "evently-common.probes" (dict "values" $values "port" "http" "startup" "/health/started" "readiness" "/health/ready" "liveness" "/healthz") | nindent 10 }}
          lifecycle:
            preStop:
              # Endpoints are taken away while it still accepts; the kubelet waits, no program is needed.
              sleep:
                seconds: {{ $values.preStopSeconds }}
          resources:
            {{- toYaml $values.resources | nindent 12 }}
          volumeMounts:
            {{- include "evently-common.volumeMounts" $pod | nindent 12 }}
            {{- with $values.extraVolumeMounts }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
      volumes:
        {{- include "evently-common.volumes" $pod | nindent 8 }}
        {{- with $values.extraVolumes }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
{{- end }}

{{/* Three questions at three paths: has it started, does it take requests, does it live. */}}
{{- define "evently-common.probes" -}}
{{- $given := .values.probes -}}
startupProbe:
  httpGet:
    path: {{ .startup }}
    port: {{ .port }}
  {{- toYaml $given.startup | nindent 2 }}
readinessProbe:
  httpGet:
    path: {{ .readiness }}
    port: {{ .port }}
  {{- toYaml $given.readiness | nindent 2 }}
livenessProbe:
  httpGet:
    path: {{ .liveness }}
    port: {{ .port }}
  {{- toYaml $given.liveness | nindent 2 }}
{{- end }}
