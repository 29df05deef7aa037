/** The values that all charts share, under `global`: a chart alone has them too, and the umbrella sets them for all. */
import { platformSettings } from '@evently/kit/platform';
import { samplers } from '@evently/kit/tracing-settings';
import { podSettings } from '@evently/pod/settings';
import { settingsSchema } from './settings-schema.ts';
import { flag, group, leaf, objects, oneOf, text, texts, whole, words, type Group } from './value-tree.ts';

const name = '^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$';
const nameOrNone = '^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)?$';
const namespaceOrNone = '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?$';
const httpOrNone = '^(https?://[^ ]+)?$';
const ports = {
  type: 'array',
  items: { type: 'integer', minimum: 1, maximum: 65_535 },
  minItems: 1,
} as const;
const privateAddresses = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].map((cidr) => ({
  ipBlock: { cidr },
}));
const inNamespace = (namespace: string): { namespaceSelector: { matchLabels: Record<string, string> } } => ({
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
});

// The chart sets these itself: from secrets, from values of their own, or never.
export const chartSettings: readonly string[] = [
  'EVENTLY_LOG_LEVEL',
  'EVENTLY_TRUSTED_HOPS',
  'EVENTLY_EXEMPT_LOOPBACK',
  'METRICS_PORT',
  'POD_HOST',
  'POD_DRAIN_SECONDS',
  'POD_WITH_SEARCH',
  'POSTGRES_CA_FILE',
  'REDIS_CA_FILE',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_TRACES_SAMPLER',
  'OTEL_TRACES_SAMPLER_ARG',
];

export const globalValues: Group = group('Shared by all charts of the platform.', {
  environment: oneOf('What this cluster is. Nothing is generated in production.', 'production', [
    'production',
    'kind',
    'test',
    'development',
  ]),
  image: group('Where images come from, unless a chart says otherwise.', {
    registry: text('Registry in front of every repository; empty is the default one of the nodes.', ''),
    tag: text("Tag of every image; empty is the chart's appVersion.", ''),
    pullPolicy: oneOf('When the nodes pull.', 'IfNotPresent', ['Always', 'IfNotPresent', 'Never']),
  }),
  imagePullSecrets: texts('Names of Secrets to pull images with.', name),
  writableRoot: flag(
    'For images of the target dev, into which Skaffold copies files. Refused in production.',
    false,
  ),
  logLevel: oneOf('Least severe log line that is written.', 'info', [
    'trace',
    'debug',
    'info',
    'warn',
    'error',
    'silent',
  ]),
  trustedHops: whole(
    'Proxies in front of the Services whose X-Forwarded-For entry is believed: one for an Ingress controller.',
    1,
    0,
    10,
  ),
  settings: leaf(
    "Further settings of every service, such as EVENTLY_READS_PER_MINUTE; a service's own settings win.",
    {},
    settingsSchema({ ...platformSettings, ...podSettings }, chartSettings),
  ),
  secrets: secretValues(),
  postgres: group('PostgreSQL 15 or later, reached by the URLs in a Secret; never part of these charts.', {
    maxConnections: whole(
      "The server's max_connections. The charts refuse to render when their pods could open more than this less 20.",
      100,
      21,
      100_000,
    ),
    caSecret: text(
      'Secret with the authority that signs its certificate; empty is the system list.',
      '',
      nameOrNone,
    ),
    caKey: text('Key of the certificate in caSecret.', 'ca.crt'),
  }),
  redis: group('Redis or Valkey, reached by the URL in a Secret; never part of these charts.', {
    caSecret: text(
      'Secret with the authority that signs its certificate; empty is the system list.',
      '',
      nameOrNone,
    ),
    caKey: text('Key of the certificate in caSecret.', 'ca.crt'),
  }),
  withSearch: flag(
    'Search is part of the platform: every message is kept until search has handled it too, and the operator knows its address.',
    true,
  ),
  urls: group('Addresses of the services for one another; empty is the Service in the same namespace.', {
    user: text('Address of the user service.', '', httpOrNone),
    event: text('Address of the event service.', '', httpOrNone),
    booking: text('Address of the booking service.', '', httpOrNone),
    payment: text('Address of the payment service.', '', httpOrNone),
    search: text('Address of the search service.', '', httpOrNone),
  }),
  networkPolicy: networkValues(),
  tracing: group('Traces, sent by OTLP over HTTP; without an endpoint there are none.', {
    endpoint: text('Collector of the traces, such as http://otel-collector.monitoring:4318.', '', httpOrNone),
    sampler: oneOf(
      'Which traces are recorded; parentbased_ follows what a caller has decided.',
      'parentbased_traceidratio',
      samplers,
    ),
    ratio: text(
      'Share of the traces that the samplers of traceidratio record, from 0 to 1.',
      '0.01',
      '^(0|1|0?\\.[0-9]{1,9}|1\\.0{1,9})$',
    ),
    headersSecret: text(
      'Secret whose key otlp-headers has the headers that the collector asks for; empty is none.',
      '',
      nameOrNone,
    ),
  }),
  monitoring: group("Objects of Prometheus' operator, where it is installed. One of the two, or none.", {
    podMonitor: flag('Make a PodMonitor for each service.', false),
    serviceMonitor: flag('Make a ServiceMonitor for each service.', false),
    interval: text('Time between two scrapes.', '15s', '^[0-9]+(ms|s|m)$'),
    labels: words('Labels by which Prometheus selects its monitors.'),
  }),
});

function secretValues(): Group {
  const url = (of: string, scheme: string): ReturnType<typeof text> =>
    text(`URL of ${of}, for generate only; empty when its Secret exists.`, '', `^(${scheme}://[^ ]+)?$`);
  return group(
    'Names of Secrets, which exist before the charts are installed. No value has a secret in it.',
    {
      generate: flag(
        'Make random ones, kept from one upgrade to the next: for clusters of tests, refused in production.',
        false,
      ),
      platform: text(
        'Keys api-key and accepted-api-keys: what the services show each other.',
        'evently-platform',
        name,
      ),
      postgres: text(
        'Keys user-url, event-url, booking-url, payment-url, search-url; replica URLs where a chart names their key.',
        'evently-postgres',
        name,
      ),
      redis: text('Key url.', 'evently-redis', name),
      user: text('Key identity-secret: seals the signing keys of buyers.', 'evently-user', name),
      event: text(
        'Keys identity-secret, and bootstrap-token, which makes the first administrator (may be absent).',
        'evently-event',
        name,
      ),
      booking: text('Key ticket-secret: ticket codes are derived under it.', 'evently-booking', name),
      payment: text(
        "Key webhook-secrets: one of the provider's, two during a rotation.",
        'evently-payment',
        name,
      ),
      search: text(
        'Key opensearch-password, when search uses OpenSearch with opensearch.user.',
        'evently-search',
        name,
      ),
      urls: group('Where databases are, when generate makes their Secrets as well.', {
        user: url("the user service's database", 'postgres(ql)?'),
        event: url("the event service's database", 'postgres(ql)?'),
        booking: url("the booking service's database", 'postgres(ql)?'),
        payment: url("the payment service's database", 'postgres(ql)?'),
        search: url("the search service's database", 'postgres(ql)?'),
        redis: url('Redis', 'rediss?'),
      }),
    },
  );
}

function networkValues(): Group {
  const peers = 'Peers of a NetworkPolicy';
  return group('Who may speak with the pods, and with whom they may: all else is denied.', {
    enabled: flag('Make NetworkPolicies.', true),
    ingressController: group('', {
      peers: objects(`${peers}: where requests from outside come from; empty when none do.`, [
        inNamespace('ingress'),
      ]),
    }),
    monitoring: group('', {
      peers: objects(`${peers}: who scrapes the metrics port; empty when nobody does.`, [
        inNamespace('monitoring'),
      ]),
    }),
    dns: group('', {
      peers: objects(`${peers}: the cluster's DNS.`, [
        {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
          podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
        },
      ]),
      ports: leaf('Its ports, after the translation of the Service.', [53], ports),
    }),
    postgres: group('', {
      peers: objects(`${peers}: PostgreSQL. Private addresses unless you name them.`, privateAddresses),
      ports: leaf('Its ports.', [5432], ports),
    }),
    redis: group('', {
      peers: objects(`${peers}: Redis. Private addresses unless you name them.`, privateAddresses),
      ports: leaf('Its ports.', [6379], ports),
    }),
    opensearch: group('', {
      peers: objects(
        `${peers}: OpenSearch, when it is search's engine. Private addresses unless you name them.`,
        privateAddresses,
      ),
      ports: leaf('Its ports.', [9200], ports),
    }),
    apiServer: group('', {
      peers: objects(
        `${peers}: the API server's own addresses, for the operator. Private addresses unless you name them.`,
        privateAddresses,
      ),
      ports: leaf('Its ports.', [443, 6443], ports),
    }),
    collector: group('', {
      peers: objects(`${peers}: the collector of traces, when tracing has an endpoint.`, [
        {
          ...inNamespace('monitoring'),
          podSelector: { matchLabels: { 'app.kubernetes.io/name': 'opentelemetry-collector' } },
        },
      ]),
      ports: leaf('Its ports.', [4318], ports),
    }),
    operatorNamespace: text(
      'Namespace of the operator when it has one of its own; empty is that of the services.',
      '',
      namespaceOrNone,
    ),
  });
}
