/**
 * Every connection that the platform opens, with its reason, as the code opens it: nothing else may be open. A part that calls
 * somebody new gets its line here, and its policy in the charts; the tests beside this file compare the two.
 */
import type { Call } from './audit.ts';

export const ports = { user: 8001, event: 8002, search: 8003, booking: 8004, payment: 8005 } as const;
export const services = ['user', 'event', 'search', 'booking', 'payment'] as const;

const metrics = 9464;
const dns = ['UDP', 'TCP'] as const;

function namesOf(from: string, why: string): Call[] {
  return dns.map((protocol) => ({ from, to: 'dns', port: 53, protocol, why }));
}

const fromOutside = services.map((to): Call => {
  const paths = to === 'payment' ? '/api/payment and the webhooks of providers' : `/api/${to}`;
  return { from: 'ingress', to, port: ports[to], why: `requests from outside: ${paths}` };
});

// packages/pod/src/keys.ts: each service accepts the tokens of both issuers; its own keys an issuer asks in its own process.
const keys = services.flatMap((from) =>
  (['user', 'event'] as const)
    .filter((to) => to !== from)
    .map((to): Call => ({ from, to, port: ports[to], why: `the keys of ${to}'s tokens (JWKS)` })),
);

const between: Call[] = [
  {
    from: 'user',
    to: 'booking',
    port: ports.booking,
    why: "a buyer's list of bookings, erasure (services/user/src/actions/list-bookings.ts)",
  },
  {
    from: 'event',
    to: 'booking',
    port: ports.booking,
    why: 'what can be sold, when an event is published or changed (services/event/src/actions/ask-booking.ts)',
  },
  {
    from: 'search',
    to: 'event',
    port: ports.event,
    why: 'the whole catalog, compared and taken over (services/search/src/actions/read-catalog.ts)',
  },
  {
    from: 'booking',
    to: 'payment',
    port: ports.payment,
    why: 'taking money, asking about it, giving it up (services/booking/src/actions/confirm-booking.ts)',
  },
  {
    from: 'operator',
    to: 'booking',
    port: ports.booking,
    why: "arming by booking's Service, warmth of each of its pods (operator/src/dataplane)",
  },
  {
    from: 'operator',
    to: 'event',
    port: ports.event,
    why: 'the task Event of warming (operator/src/dataplane/prewarm.ts)',
  },
  {
    from: 'operator',
    to: 'search',
    port: ports.search,
    why: 'the task Search of warming (operator/src/dataplane/prewarm.ts)',
  },
];

const toStores = services.flatMap((from): Call[] => [
  { from, to: 'postgres', port: 5432, why: 'its own database, and its replica' },
  { from, to: 'redis', port: 6379, why: 'messages, limits, caches and the feed between pods' },
  ...namesOf(from, 'names of the other services and of the stores'),
  { from: `${from}-migrate`, to: 'postgres', port: 5432, why: 'migrations before the new pods come' },
  ...namesOf(`${from}-migrate`, "the database's name"),
]);

const watching: Call[] = [
  ...services.map((to): Call => ({ from: 'prometheus', to, port: metrics, why: 'metrics of each pod' })),
  { from: 'prometheus', to: 'operator', port: 9090, why: "the operator's metrics" },
];

const tests: Call[] = [
  ...services.map((to): Call => ({ from: 'evently-test', to, port: ports[to], why: 'helm test' })),
  ...namesOf('evently-test', 'names of the services'),
];

/** @param apiServerPorts of the API server behind its Service, as a policy sees them */
export function platformCalls(apiServerPorts: readonly number[]): Call[] {
  return [
    ...fromOutside,
    ...keys,
    ...between,
    ...toStores,
    ...watching,
    ...tests,
    ...namesOf('operator', 'names of booking, event and search'),
    ...apiServerPorts.map((port): Call => ({
      from: 'operator',
      to: 'api-server',
      port,
      why: 'watches, the lease, what it changes',
    })),
  ];
}

/** With a collector of traces: every service sends it what is recorded (packages/kit/src/tracing-export.ts). */
export const traceCalls: readonly Call[] = services.map((from) => ({
  from,
  to: 'collector',
  port: 4318,
  why: 'traces by OTLP over HTTP',
}));

/** With OpenSearch as the engine of search. */
export const openSearchCall: Call = {
  from: 'search',
  to: 'opensearch',
  port: 9200,
  why: 'the index, and what is searched in it (services/search/src/engine/opensearch)',
};

/** What the dependencies of a development cluster call besides (k8s/dev). */
export const dependencyCalls: readonly Call[] = [
  ...[
    'world',
    'metadata service',
    'stranger',
    'impostor',
    'verify',
    'prometheus',
    'cnpg',
    'dns',
    'api-server',
  ].map((from): Call => ({
    from,
    to: 'ingress',
    port: 8000,
    why: 'anybody may come to the door',
  })),
  ...namesOf('ingress', 'names of the cluster'),
  { from: 'ingress', to: 'api-server', port: 6443, why: 'Ingresses, Services and where their pods are' },
  ...namesOf('verify', 'the name of the door'),
  ...[5432, 8000].flatMap((port): Call[] => [
    { from: 'postgres', to: 'postgres', port, why: 'replication, and the state of each instance' },
    { from: 'cnpg', to: 'postgres', port, why: "CloudNativePG asks for each instance's state" },
  ]),
  { from: 'postgres', to: 'api-server', port: 6443, why: 'each instance tells what it is' },
  { from: 'prometheus', to: 'postgres', port: 9187, why: 'metrics of PostgreSQL' },
  ...['postgres', 'redis', 'opensearch'].flatMap((from) => namesOf(from, 'names of the other instances')),
  ...[9200, 9300].map((port): Call => ({
    from: 'opensearch',
    to: 'opensearch',
    port,
    why: 'nodes of one cluster',
  })),
];
