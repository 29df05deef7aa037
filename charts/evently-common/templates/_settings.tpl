{{/* What a service is told: a ConfigMap of settings, and secrets by the name of a Secret and its key. */}}

{{/* A setting's name begins with the service's: BOOKING_PORT. */}}
{{- define "evently-common.prefix" -}}
{{ include "evently-common.name" . | upper | replace "-" "_" }}
{{- end }}

{{/* The address of a service of the platform; takes "global" and "service". */}}
{{- define "evently-common.url" -}}
{{- $ports := dict "user" 8001 "event" 8002 "search" 8003 "booking" 8004 "payment" 8005 -}}
{{ index .global.urls .service | default (printf "http://%s:%v" .service (index $ports .service)) }}
{{- end }}

{{/* Settings as a map; what the values say comes last and wins. */}}
{{- define "evently-common.settings" -}}
{{- $values := .root.Values -}}
{{- $global := $values.global -}}
{{- $prefix := include "evently-common.prefix" . -}}
{{- $settings := dict
  (printf "%s_PORT" $prefix) .facts.port
  (printf "%s_POOL_SIZE" $prefix) $values.database.poolSize
  "METRICS_PORT" .facts.metricsPort
  "POD_DRAIN_SECONDS" $values.drainSeconds
  "EVENTLY_LOG_LEVEL" $global.logLevel
  "EVENTLY_TRUSTED_HOPS" $global.trustedHops
  "POD_WITH_SEARCH" (ternary 1 0 $global.withSearch)
-}}
{{- range $service, $port := .facts.calls -}}
  {{- $_ := set $settings (printf "%s_URL" (upper $service)) (include "evently-common.url" (dict "global" $global "service" $service)) -}}
{{- end -}}
{{- if $global.postgres.caSecret -}}
  {{- $_ := set $settings "POSTGRES_CA_FILE" "/etc/evently/postgres-ca/ca.crt" -}}
{{- end -}}
{{- if $global.redis.caSecret -}}
  {{- $_ := set $settings "REDIS_CA_FILE" "/etc/evently/redis-ca/ca.crt" -}}
{{- end -}}
{{- $settings = merge $settings (include "evently-common.openSearchSettings" . | fromYaml) -}}
{{- if $global.tracing.endpoint -}}
  {{- $_ := set $settings "OTEL_EXPORTER_OTLP_ENDPOINT" $global.tracing.endpoint -}}
  {{- $_ := set $settings "OTEL_TRACES_SAMPLER" $global.tracing.sampler -}}
  {{- $_ := set $settings "OTEL_TRACES_SAMPLER_ARG" $global.tracing.ratio -}}
{{- end -}}
{{- range $name, $value := merge (dict) $values.settings $global.settings $settings }}
{{ $name }}: {{ include "evently-common.text" $value }}
{{- end -}}
{{- end }}

{{- define "evently-common.configMap" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "evently-common.name" . }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "evently-common.labels" . | nindent 4 }}
data:
  {{- include "evently-common.settings" . | trim | nindent 2 }}
{{- end }}

{{/* Which Secret has the URLs; a hook cannot use one that the release itself makes, so it has a copy for as long as it runs. */}}
{{- define "evently-common.databaseSecret" -}}
{{- $global := .root.Values.global -}}
{{- $own := .root.Values.database.secretName -}}
{{- if and .hook (not $own) $global.secrets.generate (index $global.secrets.urls (include "evently-common.name" .)) -}}
{{ $global.secrets.postgres }}-migrate
{{- else -}}
{{ $own | default $global.secrets.postgres }}
{{- end -}}
{{- end }}

{{- define "evently-common.databaseEnv" -}}
{{- $prefix := include "evently-common.prefix" . -}}
{{- $key := .root.Values.database.urlKey | default (printf "%s-url" (include "evently-common.name" .)) -}}
{{ include "evently-common.secretEnv" (dict "env" (printf "%s_DATABASE_URL" $prefix) "name" (include "evently-common.databaseSecret" .) "key" $key) }}
{{- end }}

{{- define "evently-common.ownEnv" -}}
{{- $values := .root.Values -}}
{{- $secrets := $values.global.secrets -}}
{{ include "evently-common.databaseEnv" . }}
{{- with $values.database.replicaUrlKey }}
{{ include "evently-common.secretEnv" (dict "env" (printf "%s_DATABASE_REPLICA_URL" (include "evently-common.prefix" $)) "name" (include "evently-common.databaseSecret" $) "key" .) }}
{{- end }}
{{ include "evently-common.secretEnv" (dict "env" "REDIS_URL" "name" $secrets.redis "key" "url") }}
{{ include "evently-common.secretEnv" (dict "env" "EVENTLY_API_KEY" "name" $secrets.platform "key" "api-key") }}
{{ include "evently-common.secretEnv" (dict "env" "EVENTLY_ACCEPTED_API_KEYS" "name" $secrets.platform "key" "accepted-api-keys") }}
{{- if and $values.global.tracing.endpoint $values.global.tracing.headersSecret }}
{{ include "evently-common.secretEnv" (dict "env" "OTEL_EXPORTER_OTLP_HEADERS" "name" $values.global.tracing.headersSecret "key" "otlp-headers") }}
{{- end }}
{{- with include "evently-common.openSearchEnv" . }}
{{ . }}
{{- end }}
{{- range .facts.secrets }}
{{ include "evently-common.secretEnv" (dict "env" .env "name" (index $secrets .secret) "key" .key "optional" .optional) }}
{{- end }}
{{- end }}

{{- define "evently-common.env" -}}
{{ include "evently-common.ownEnv" . }}
{{- with .root.Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}
