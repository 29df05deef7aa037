/** Whole clusters as the tests see them: what the charts rendered, with everything around it that a policy can name. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { replicaOf, type Call, type Party } from './audit.ts';
import { dependencyCalls, openSearchCall, platformCalls, traceCalls } from './calls.ts';
import type { Pod, PodPort } from './evaluate.ts';
import type { Policy } from './policy.ts';
import { readRendered, type Service } from './rendered.ts';

export type Picture = {
  parties: Party[];
  policies: Policy[];
  services: Service[];
  calls: readonly Call[];
};

const namespace = 'evently';

function read(path: string): string {
  return readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
}

/** A pod that no chart of ours rendered. Its number makes its address. */
function podAround(
  number: number,
  name: string,
  inNamespace: string,
  labels: Record<string, string>,
  ports: readonly number[] = [],
): Pod {
  return {
    kind: 'pod',
    name,
    namespace: inNamespace,
    namespaceLabels: { 'kubernetes.io/metadata.name': inNamespace },
    labels,
    ports: ports.map((port): PodPort => ({ name: null, port, protocol: 'TCP' })),
    ip: `10.244.9.${number}`,
  };
}

function others(parties: Record<string, Party['endpoint']>): Party[] {
  return Object.entries(parties).map(([role, endpoint]) => ({ role, endpoint, ours: false }));
}

/** Everybody who must find nothing open. The impostor wears booking's labels in another namespace. */
const strangers = others({
  world: { kind: 'outside', name: 'the world', ip: '203.0.113.7' },
  'metadata service': { kind: 'outside', name: "the cloud's metadata", ip: '169.254.169.254' },
  stranger: podAround(1, 'stranger', 'default', {}),
  'unlabelled pod': podAround(2, 'unlabelled', namespace, {}),
  impostor: podAround(3, 'impostor', 'default', {
    'app.kubernetes.io/name': 'booking',
    'app.kubernetes.io/instance': 'evently',
    'app.kubernetes.io/part-of': 'evently',
    'app.kubernetes.io/component': 'service',
  }),
  dns: podAround(4, 'coredns', 'kube-system', { 'k8s-app': 'kube-dns' }, [53]),
  prometheus: podAround(5, 'prometheus', 'monitoring', { 'app.kubernetes.io/name': 'prometheus' }, [9090]),
});

/** Each rendered pod, and of each Deployment's a second one: what one replica may do to another counts as well. */
function rendered(text: string): { parties: Party[]; services: Service[]; policies: Policy[] } {
  const { pods, services, policies } = readRendered(text, namespace);
  const parties = pods.flatMap((pod) => {
    const role = pod.labels['app.kubernetes.io/name'] ?? pod.name;
    return [pod, replicaOf(pod)].map((endpoint): Party => ({ role, endpoint, ours: true }));
  });
  return { parties, services, policies };
}

function ours(role: string, ...endpoints: Pod[]): Party[] {
  return endpoints.map((endpoint) => ({ role, endpoint, ours: true }));
}

/** The kind cluster: the charts with values-kind.yaml among the dependencies and policies of k8s/dev. */
export function kindPicture(): Picture {
  return kindPictureOf(read('charts/evently/goldens/kind-1.36.yaml'), ['policies']);
}

/** The kind cluster in which search asks OpenSearch, as `make up WITH=opensearch` makes it. */
export function kindPictureWithOpenSearch(text: string): Picture {
  const picture = kindPictureOf(text, ['policies', 'opensearch-policy']);
  return { ...picture, calls: [...picture.calls, openSearchCall] };
}

/** `files` are the policies of k8s/dev. */
function kindPictureOf(text: string, files: readonly string[]): Picture {
  const platform = rendered(text);
  const around = files.flatMap((file) => readRendered(read(`k8s/dev/${file}.yaml`), namespace).policies);
  const traefik = readRendered(read('k8s/dev/traefik.yaml'), namespace).pods;
  const postgres = podAround(
    11,
    'postgres-1',
    'evently-data',
    { 'cnpg.io/cluster': 'postgres' },
    [5432, 8000, 9187],
  );
  const opensearch = podAround(
    13,
    'opensearch-0',
    'evently-data',
    { 'app.kubernetes.io/name': 'opensearch' },
    [9200],
  );
  const valkey = podAround(12, 'valkey', 'evently-data', { 'app.kubernetes.io/name': 'valkey' }, [6379]);
  return {
    ...platform,
    parties: [
      ...platform.parties,
      ...strangers,
      ...ours('ingress', ...traefik),
      ...ours('postgres', postgres, replicaOf(postgres)),
      ...ours('redis', valkey),
      ...ours('opensearch', opensearch, { ...replicaOf(opensearch), ip: '10.244.9.251' }),
      ...ours('verify', podAround(15, 'verify', 'evently-verify', { 'app.kubernetes.io/name': 'verify' })),
      ...others({
        cnpg: podAround(14, 'cnpg', 'cnpg-system', { 'app.kubernetes.io/name': 'cloudnative-pg' }),
        'api-server': { kind: 'outside', name: 'the API server', ip: '172.18.0.2' },
      }),
    ],
    policies: [...platform.policies, ...around],
    calls: [...platformCalls([6443]), ...dependencyCalls],
  };
}

/**
 * A cluster with the example values for production: stores in a namespace of their own, OpenSearch in another, a collector
 * of traces, the API server an address.
 */
export function productionPicture(): Picture {
  const collector = podAround(
    23,
    'otel-collector',
    'telemetry',
    { 'app.kubernetes.io/name': 'opentelemetry-collector' },
    [4318],
  );
  const picture = pictureWithStores('charts/evently/goldens/production-1.36.yaml', {
    stores: outsideTen(podAround(22, 'stores', 'databases', {}, [5432, 6379])),
    opensearch: outsideTen(podAround(24, 'opensearch', 'search', {}, [9200])),
    collector: outsideTen(collector),
    'api-server': { kind: 'outside', name: 'the API server', ip: '10.0.0.1' },
  });
  return { ...picture, calls: [...picture.calls, ...traceCalls, openSearchCall] };
}

/** The values as they are: stores and the API server are somewhere at a private address, and nowhere else. */
export function defaultPicture(): Picture {
  const picture = pictureWithStores('charts/evently/goldens/default-1.36.yaml', {
    stores: { kind: 'outside', name: 'a private address', ip: '192.168.7.9' },
  });
  const calls = picture.calls.map((call) => (call.to === 'api-server' ? { ...call, to: 'stores' } : call));
  return { ...picture, calls };
}

/** The values name one place for both stores, so a service may ask either on either port there. */
function pictureWithStores(golden: string, around: Record<string, Party['endpoint']>): Picture {
  const platform = rendered(read(golden));
  const calls = platformCalls([443, 6443]).map((call) =>
    call.to === 'postgres' || call.to === 'redis' ? { ...call, to: 'stores' } : call,
  );
  const bothPorts = calls
    .filter(({ to, port }) => to === 'stores' && port === 5432)
    .filter(({ from }) => !from.endsWith('-migrate'));
  return {
    ...platform,
    parties: [
      // Pods outside the private ranges that the values name.
      ...[...platform.parties, ...strangers].map(outOfTen),
      ...others({ ingress: outsideTen(podAround(21, 'ingress', 'ingress', {})), ...around }),
    ],
    calls: [...calls, ...bothPorts.map((call) => ({ ...call, port: 6379 }))],
  };
}

function outsideTen(pod: Pod): Pod {
  return { ...pod, ip: pod.ip.replace(/^10\.244\./, '100.64.') };
}

function outOfTen(party: Party): Party {
  return party.endpoint.kind === 'pod' ? { ...party, endpoint: outsideTen(party.endpoint) } : party;
}
