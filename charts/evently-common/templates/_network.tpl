{{/* Who may speak to whom: everything else is denied, in both directions. */}}

{{- define "evently-common.egressToDns" -}}
{{- $dns := .root.Values.global.networkPolicy.dns -}}
- to:
    {{- toYaml $dns.peers | nindent 4 }}
  ports:
    {{- range $protocol := list "UDP" "TCP" }}
    {{- range $dns.ports }}
    - port: {{ . }}
      protocol: {{ $protocol }}
    {{- end }}
    {{- end }}
{{- end }}

{{/* To what is outside the charts; "part" is postgres, redis, opensearch, collector or apiServer. */}}
{{- define "evently-common.egressTo" -}}
{{- $given := index .root.Values.global.networkPolicy .part -}}
{{- if not $given.peers -}}
  {{- fail (printf "global.networkPolicy.%s.peers is empty, which would allow every address: name where it is, for example [{ipBlock: {cidr: 10.0.0.0/8}}] or [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: databases}}}]." .part) -}}
{{- end -}}
- to:
    {{- toYaml $given.peers | nindent 4 }}
  ports:
    {{- range $given.ports }}
    - port: {{ . }}
      protocol: TCP
    {{- end }}
{{- end }}

{{/* To another part of the platform, in this namespace; "service" and "port". */}}
{{- define "evently-common.egressToService" -}}
- to:
    - podSelector:
        matchLabels:
          {{- include "evently-common.peerLabels" .service | nindent 10 }}
  ports:
    - port: {{ .port }}
      protocol: TCP
{{- end }}

{{/* The operator may be installed in a namespace of its own. */}}
{{- define "evently-common.peerPod" -}}
- podSelector:
    matchLabels:
      {{- include "evently-common.peerLabels" .service | nindent 6 }}
  {{- if and (eq .service "operator") .global.networkPolicy.operatorNamespace }}
  namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: {{ .global.networkPolicy.operatorNamespace }}
  {{- end }}
{{- end }}

{{- define "evently-common.ingressToMetrics" -}}
{{- $monitoring := .root.Values.global.networkPolicy.monitoring -}}
{{- with $monitoring.peers }}
- from:
    {{- toYaml . | nindent 4 }}
  ports:
    - port: metrics
      protocol: TCP
{{- end }}
{{- end }}

{{- define "evently-common.networkPolicy" -}}
{{- $values := .root.Values -}}
{{- $global := $values.global -}}
{{- $root := .root -}}
{{- if $global.networkPolicy.enabled }}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "evently-common.name" . }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "evently-common.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "evently-common.selectorLabels" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    - from:
        {{- range .facts.calledBy }}
        {{- include "evently-common.peerPod" (dict "service" . "global" $global) | nindent 8 }}
        {{- end }}
        {{- with $global.networkPolicy.ingressController.peers }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        - port: http
          protocol: TCP
    {{- with include "evently-common.ingressToMetrics" . | trim }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- with $values.networkPolicy.extraIngress }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  egress:
    {{- include "evently-common.egressToDns" . | nindent 4 }}
    {{- include "evently-common.egressTo" (dict "root" $root "part" "postgres") | nindent 4 }}
    {{- include "evently-common.egressTo" (dict "root" $root "part" "redis") | nindent 4 }}
    {{- if include "evently-common.usesOpenSearch" . }}
    {{- include "evently-common.egressTo" (dict "root" $root "part" "opensearch") | nindent 4 }}
    {{- end }}
    {{- if $global.tracing.endpoint }}
    {{- include "evently-common.egressTo" (dict "root" $root "part" "collector") | nindent 4 }}
    {{- end }}
    {{- range $service, $port := .facts.calls }}
    {{- include "evently-common.egressToService" (dict "service" $service "port" $port) | nindent 4 }}
    {{- end }}
    {{- with $values.networkPolicy.extraEgress }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}
{{- end }}
