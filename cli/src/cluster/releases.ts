/** What `make up` installs beside the platform: charts of other projects, at versions that were seen. */

export type Release = {
  name: string;
  chart: string;
  repository: string;
  version: string;
  namespace: string;
  values: string;
  /** Left out unless it is asked for: nothing of the platform needs it today. */
  isOptional?: boolean;
  /** Left out of a small cluster. */
  isLarge?: boolean;
};

export const releases: readonly Release[] = [
  {
    name: 'cloudnative-pg',
    chart: 'cloudnative-pg',
    repository: 'https://cloudnative-pg.github.io/charts',
    version: '0.29.1',
    namespace: 'cnpg-system',
    values: 'k8s/dev/cloudnative-pg-values.yaml',
  },
  {
    name: 'valkey',
    chart: 'valkey',
    repository: 'https://valkey.io/valkey-helm',
    version: '0.11.0',
    namespace: 'evently-data',
    values: 'k8s/dev/valkey-values.yaml',
  },
  {
    name: 'kube-prometheus-stack',
    chart: 'kube-prometheus-stack',
    repository: 'https://prometheus-community.github.io/helm-charts',
    version: '88.4.0',
    namespace: 'monitoring',
    values: 'k8s/dev/monitoring-values.yaml',
    isLarge: true,
  },
  {
    name: 'opensearch',
    chart: 'opensearch',
    repository: 'https://opensearch-project.github.io/helm-charts',
    version: '3.7.0',
    namespace: 'evently-data',
    values: 'k8s/dev/opensearch-values.yaml',
    isOptional: true,
  },
];

/** Without metrics the autoscalers raise pods, and never take them away again. */
export const metricsServer =
  'https://github.com/kubernetes-sigs/metrics-server/releases/download/v0.9.0/components.yaml';
