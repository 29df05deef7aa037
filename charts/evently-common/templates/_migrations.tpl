{{/* Brings the database to the newest schema before the new pods come: a hook, which takes the database's lock and waits for it. */}}

{{/* What the hook needs is a hook of less weight, because nothing of the release exists yet; all of it goes when the hook has succeeded. */}}
{{- define "evently-common.hook" -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: {{ .weight | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}

{{- define "evently-common.migrations" -}}
{{- $values := .root.Values -}}
{{- if $values.migrations.enabled }}
{{- $ctx := dict "root" .root "facts" .facts "suffix" "migrate" "component" "migrations" "hook" true "authorities" (list "postgres") -}}
{{- $name := printf "%s-migrate" (include "evently-common.name" .) -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ $name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "evently-common.labels" $ctx | nindent 4 }}
  annotations:
    {{- include "evently-common.hook" (dict "weight" "-10") | nindent 4 }}
automountServiceAccountToken: false
{{- if $values.global.networkPolicy.enabled }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ $name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "evently-common.labels" $ctx | nindent 4 }}
  annotations:
    {{- include "evently-common.hook" (dict "weight" "-10") | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "evently-common.selectorLabels" $ctx | nindent 6 }}
  policyTypes: [Ingress, Egress]
  egress:
    {{- include "evently-common.egressToDns" . | nindent 4 }}
    {{- include "evently-common.egressTo" (dict "root" .root "part" "postgres") | nindent 4 }}
{{- end }}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ $name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "evently-common.labels" $ctx | nindent 4 }}
  annotations:
    {{- include "evently-common.hook" (dict "weight" "0") | nindent 4 }}
spec:
  backoffLimit: {{ $values.migrations.backoffLimit }}
  activeDeadlineSeconds: {{ $values.migrations.deadlineSeconds }}
  # A failed one stays for a day, so that its log can be read.
  ttlSecondsAfterFinished: 86400
  template:
    metadata:
      labels:
        {{- include "evently-common.podLabels" $ctx | nindent 8 }}
      {{- with $values.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      serviceAccountName: {{ $name }}
      restartPolicy: Never
      {{- include "evently-common.podSecurity" . | nindent 6 }}
      terminationGracePeriodSeconds: 30
      {{- with include "evently-common.placement" . | trim }}
      {{- . | nindent 6 }}
      {{- end }}
      containers:
        - name: migrate
          image: {{ include "evently-common.image" . }}
          imagePullPolicy: {{ include "evently-common.pullPolicy" . }}
          args: [services/{{ include "evently-common.name" . }}/src/main.ts, migrate]
          {{- include "evently-common.containerSecurity" . | nindent 10 }}
          env:
            {{- include "evently-common.databaseEnv" $ctx | nindent 12 }}
            - name: EVENTLY_LOG_LEVEL
              value: {{ $values.global.logLevel }}
            {{- if $values.global.postgres.caSecret }}
            - name: POSTGRES_CA_FILE
              value: /etc/evently/postgres-ca/ca.crt
            {{- end }}
          resources:
            {{- toYaml $values.migrations.resources | nindent 12 }}
          volumeMounts:
            {{- include "evently-common.volumeMounts" $ctx | nindent 12 }}
      volumes:
        {{- include "evently-common.volumes" $ctx | nindent 8 }}
{{- end }}
{{- end }}
