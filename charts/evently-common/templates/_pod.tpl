{{/* What every pod has, whoever it belongs to: Pod Security "restricted", no token, where it may run. */}}

{{- define "evently-common.podSecurity" -}}
automountServiceAccountToken: {{ .token | default false }}
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{- define "evently-common.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: {{ not .root.Values.global.writableRoot }}
  capabilities:
    drop: [ALL]
{{- end }}

{{- define "evently-common.placement" -}}
{{- $values := .root.Values -}}
{{- with concat ($values.global.imagePullSecrets) ($values.imagePullSecrets) }}
imagePullSecrets:
  {{- range uniq . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Zones first, then nodes; a cluster that cannot spread still runs. The hash keeps an old ReplicaSet out of the count. */}}
{{- define "evently-common.spread" -}}
topologySpreadConstraints:
  {{- $ctx := . }}
  {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "evently-common.selectorLabels" $ctx | nindent 8 }}
    matchLabelKeys: [pod-template-hash]
  {{- end }}
{{- end }}

{{/* Room for temporary files, and the authorities ("authorities": postgres, redis, opensearch) whose Secrets are named. */}}
{{- define "evently-common.authority" -}}
{{- $shared := index .root.Values.global .part -}}
{{- $shared | default (index .root.Values .part) | toJson -}}
{{- end }}

{{- define "evently-common.volumes" -}}
- name: tmp
  emptyDir:
    sizeLimit: 64Mi
{{- range $part := .authorities }}
{{- $given := include "evently-common.authority" (dict "root" $.root "part" $part) | fromJson }}
{{- with $given.caSecret }}
- name: {{ $part }}-ca
  secret:
    secretName: {{ . }}
    items:
      - key: {{ $given.caKey }}
        path: ca.crt
{{- end }}
{{- end }}
{{- end }}

{{- define "evently-common.volumeMounts" -}}
- name: tmp
  mountPath: /tmp
{{- range $part := .authorities }}
{{- if (include "evently-common.authority" (dict "root" $.root "part" $part) | fromJson).caSecret }}
- name: {{ $part }}-ca
  mountPath: /etc/evently/{{ $part }}-ca
  readOnly: true
{{- end }}
{{- end }}
{{- end }}

{{- define "evently-common.secretEnv" -}}
- name: {{ .env }}
  valueFrom:
    secretKeyRef:
      name: {{ .name }}
      key: {{ .key }}
{{- if .optional }}
      optional: true
{{- end }}
{{- end }}
