{{/* What no schema can say: values that do not fit each other. Each sentence says what to change. */}}

{{/* Connections to PostgreSQL that the pods of one service open at most; takes "values". Each pod has two beside its pool. */}}
{{- define "evently-common.connections" -}}
{{- $values := .values -}}
{{- $pods := ternary $values.hpa.maxReplicas $values.replicas $values.hpa.enabled | int -}}
{{- mul (add $pods (int $values.rollout.maxSurge)) (add (int $values.database.poolSize) 2) -}}
{{- end }}

{{/* Takes "global", and "used": each service with its connections. One more is the migrations', which run one after the other. */}}
{{- define "evently-common.checkConnections" -}}
{{- $sum := 1 -}}
{{- $parts := list -}}
{{- range $service, $connections := .used -}}
  {{- $sum = add $sum (int $connections) -}}
  {{- $parts = append $parts (printf "%s %v" $service $connections) -}}
{{- end -}}
{{- $room := sub (int .global.postgres.maxConnections) 20 -}}
{{- if gt (int $sum) (int $room) -}}
  {{- fail (printf "The pods may open %v connections to PostgreSQL (%s, migrations 1), but max_connections %v less 20 for others leaves %v: lower hpa.maxReplicas or database.poolSize of a service, or raise max_connections of the server and global.postgres.maxConnections." $sum (join ", " $parts) (int .global.postgres.maxConnections) $room) -}}
{{- end -}}
{{- end }}

{{- define "evently-common.checkShared" -}}
{{- $global := .root.Values.global -}}
{{- if and $global.monitoring.podMonitor $global.monitoring.serviceMonitor -}}
  {{- fail "global.monitoring.podMonitor and global.monitoring.serviceMonitor are both true, and every pod would be scraped twice: choose one of them." -}}
{{- end -}}
{{- if and $global.secrets.generate (eq $global.environment "production") -}}
  {{- fail "global.secrets.generate makes Secrets for a cluster of tests, never in production: create them yourself (see the README) and set it to false, or say what this is with global.environment: kind or test." -}}
{{- end -}}
{{- if and $global.writableRoot (eq $global.environment "production") -}}
  {{- fail "global.writableRoot is for images into which Skaffold copies files, never for production: set it to false." -}}
{{- end -}}
{{- $settings := merge (dict) .root.Values.settings $global.settings -}}
{{- if and (eq $global.environment "production") (has (toString $settings.EVENTLY_LOAD_TEST) (list "1" "true")) -}}
  {{- fail (printf "%s: EVENTLY_LOAD_TEST lifts limits and lets anybody inside make tokens, never in production: take it out of settings." .root.Chart.Name) -}}
{{- end -}}
{{- if not $global.secrets.generate -}}
  {{- range $part, $url := $global.secrets.urls -}}
    {{- if $url -}}
      {{- fail (printf "global.secrets.urls.%s is for global.secrets.generate only, which is false: put the URL into the Secret %s instead, where no values file shows it." $part (ternary $global.secrets.redis $global.secrets.postgres (eq $part "redis"))) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- $seen := dict -}}
{{- range $env := .root.Values.extraEnv -}}
  {{- if hasKey $seen $env.name -}}
    {{- fail (printf "%s: extraEnv names %s twice: keep one of them." $.root.Chart.Name $env.name) -}}
  {{- end -}}
  {{- $_ := set $seen $env.name true -}}
  {{- if and (eq $env.name "EVENTLY_LOAD_TEST") (eq $global.environment "production") -}}
    {{- fail (printf "%s: extraEnv sets EVENTLY_LOAD_TEST, which lifts limits and lets anybody inside make tokens, never in production: leave it out." $.root.Chart.Name) -}}
  {{- end -}}
{{- end -}}
{{- end }}

{{- define "evently-common.checks" -}}
{{- $values := .root.Values -}}
{{- $chart := .root.Chart.Name -}}
{{- include "evently-common.checkShared" . -}}
{{- include "evently-common.checkSearch" . -}}
{{- $own := include "evently-common.ownEnv" . | fromYamlArray -}}
{{- $taken := dict -}}
{{- range $own -}}{{- $_ := set $taken .name true -}}{{- end -}}
{{- $settings := include "evently-common.settings" . | fromYaml -}}
{{- range $values.extraEnv -}}
  {{- if hasKey $settings .name -}}
    {{- fail (printf "%s: extraEnv sets %s, which the chart sets in a ConfigMap: change its value, or settings." $chart .name) -}}
  {{- end -}}
  {{- if hasKey $taken .name -}}
    {{- fail (printf "%s: extraEnv sets %s, which the chart takes from a Secret: change the Secret, or its name in global.secrets." $chart .name) -}}
  {{- end -}}
{{- end -}}
{{- if $values.hpa.enabled -}}
  {{- $least := include "evently-common.leastPods" . | int -}}
  {{- if gt $least (int $values.hpa.maxReplicas) -}}
    {{- fail (printf "%s: at least %d pods are wanted and hpa.maxReplicas is %d: raise hpa.maxReplicas, or lower %s." $chart $least (int $values.hpa.maxReplicas) (ternary "operator.baselineReplicas" "hpa.minReplicas" (eq (include "evently-common.isManaged" .) "true"))) -}}
  {{- end -}}
{{- else if include "evently-common.isManaged" . -}}
  {{- fail (printf "%s: operator.manages needs an autoscaler, whose minReplicas the operator raises: set hpa.enabled to true, or operator.manages to false." $chart) -}}
{{- end -}}
{{- if and (eq (toString $values.rollout.maxSurge) "0") (eq (toString $values.rollout.maxUnavailable) "0") -}}
  {{- fail (printf "%s: rollout.maxSurge and rollout.maxUnavailable are both 0, and no pod could ever be replaced: set one of them to 1." $chart) -}}
{{- end -}}
{{- include "evently-common.checkConnections" (dict "global" $values.global "used" (dict $chart (include "evently-common.connections" (dict "values" $values)))) -}}
{{- end }}
