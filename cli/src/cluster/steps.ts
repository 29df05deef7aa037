/** The way from nothing to a running development cluster, step by step: what is run, and how long it may take. */
import { metricsServer, releases } from './releases.ts';

export const clusterName = 'evently';
export const context = `kind-${clusterName}`;

export type Step = {
  says: string;
  program: 'kind' | 'kubectl' | 'helm' | 'skaffold';
  args: readonly string[];
  /** Shows what it prints as it comes: it takes minutes, or speaks to a person. */
  isShown?: boolean;
  deadlineMs: number;
};

export type Extra = 'opensearch' | 'mailpit';
export type UpOptions = { profile: 'full' | 'minimal'; extras: readonly Extra[] };

const second = 1_000;
const minute = 60 * second;

function kubectl(says: string, args: readonly string[], deadlineMs = minute): Step {
  return { says, program: 'kubectl', args: ['--context', context, ...args], deadlineMs };
}

export const createCluster: Step = {
  says: 'A kind cluster is made.',
  program: 'kind',
  args: ['create', 'cluster', '--name', clusterName, '--config', 'kind-config.yaml', '--wait', '180s'],
  isShown: true,
  deadlineMs: 15 * minute,
};

export const deleteCluster: Step = {
  says: 'The cluster is removed, with all that is in it.',
  program: 'kind',
  args: ['delete', 'cluster', '--name', clusterName],
  isShown: true,
  deadlineMs: 5 * minute,
};

export const makeNamespaces: Step = kubectl('Namespaces.', [
  'apply',
  '--filename',
  'k8s/dev/namespaces.yaml',
]);

/** Everything beside the platform; the Secrets are there. */
export function dependencySteps({ profile, extras }: UpOptions): Step[] {
  const wanted = releases.filter(
    ({ name, isOptional, isLarge }) =>
      (isOptional !== true || extras.some((extra) => extra === name)) &&
      (isLarge !== true || profile === 'full'),
  );
  return [
    kubectl('Who may reach what.', ['apply', '--filename', 'k8s/dev/policies.yaml']),
    kubectl('Metrics for the autoscalers.', ['apply', '--filename', metricsServer], 2 * minute),
    // kind's kubelets sign their certificates themselves.
    kubectl('Metrics of kubelets that sign their own certificates.', [
      'patch',
      'deployment/metrics-server',
      '--namespace',
      'kube-system',
      '--type',
      'strategic',
      '--patch',
      JSON.stringify(insecureKubelets),
    ]),
    ...wanted.map(({ name, chart, repository, version, namespace, values }): Step => ({
      says: `${name} ${version}.`,
      program: 'helm',
      args: [
        'upgrade',
        '--install',
        name,
        chart,
        '--repo',
        repository,
        '--version',
        version,
        '--kube-context',
        context,
        '--namespace',
        namespace,
        '--values',
        values,
        '--wait',
        '--timeout',
        '10m',
      ],
      deadlineMs: 11 * minute,
    })),
    kubectl('The ingress controller.', ['apply', '--filename', 'k8s/dev/traefik.yaml']),
    ...(extras.includes('mailpit')
      ? [kubectl('Mailpit.', ['apply', '--filename', 'k8s/dev/mailpit.yaml'])]
      : []),
    ...(extras.includes('opensearch')
      ? [kubectl('Search asks OpenSearch.', ['apply', '--filename', 'k8s/dev/opensearch-policy.yaml'])]
      : []),
    kubectl('PostgreSQL.', ['apply', '--filename', 'k8s/dev/postgres.yaml']),
    {
      ...wait(
        'PostgreSQL has its three instances.',
        'cluster.postgresql.cnpg.io/postgres',
        'condition=Ready',
      ),
      isShown: true,
    },
    wait(
      'Each service has its database.',
      'database.postgresql.cnpg.io --all',
      'jsonpath={.status.applied}=true',
    ),
  ];
}

const insecureKubelets = {
  spec: {
    template: {
      spec: {
        containers: [
          {
            name: 'metrics-server',
            args: [
              '--cert-dir=/tmp',
              '--secure-port=10250',
              '--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname',
              '--kubelet-use-node-status-port',
              '--metric-resolution=15s',
              '--kubelet-insecure-tls',
            ],
          },
        ],
      },
    },
  },
};

function wait(says: string, what: string, condition: string): Step {
  return kubectl(
    says,
    ['wait', ...what.split(' '), '--namespace', 'evently-data', `--for=${condition}`, '--timeout=600s'],
    11 * minute,
  );
}

/** Images are built, loaded into the nodes and installed; Skaffold waits until all pods are ready. */
export function runPlatform({ profile, extras }: UpOptions): Step {
  const profiles = [
    ...(profile === 'minimal' ? ['minimal'] : []),
    ...(extras.includes('opensearch') ? ['opensearch'] : []),
  ];
  return {
    says: 'The platform: images are built and installed.',
    program: 'skaffold',
    args: [
      'run',
      '--kube-context',
      context,
      '--module',
      'platform',
      ...(profiles.length > 0 ? ['--profile', profiles.join(',')] : []),
    ],
    isShown: true,
    deadlineMs: 40 * minute,
  };
}

export const whatNext = `The platform answers on http://127.0.0.1:8080.
  see it                 kubectl --context ${context} --namespace evently get pods,hpa,eventsales
  its first catalog      docs/kubernetes.md, "Sell a house out"
  Grafana                kubectl --context ${context} --namespace monitoring port-forward service/kube-prometheus-stack-grafana 3000:80
  work on it             skaffold dev --kube-context ${context} --module platform
  a prompt, and logs     make psql SERVICE=booking ON=cluster, make redis-cli ON=cluster, make logs SERVICE=booking ON=cluster
  take it away           make down`;
