/** metrics.k8s.io as the HPA controller asks for it: CPU of the pods of a namespace, as the test sets it. */
import { createServer } from 'node:https';
import type { ControlPlane } from '@evently/testkit/engines/kube';
import type { Json, KubeClient } from './kube-client.ts';
import { addressOf } from './pod-router.ts';

export type MetricsApi = {
  /** CPU of each pod in a namespace from now on, in thousandths of a core. */
  setCpu: (namespace: string, milli: number) => void;
  /** Answers 503 from now on, or no longer. */
  setBroken: (isBroken: boolean) => void;
  close: () => Promise<void>;
};

const service = { namespace: 'kube-system', name: 'test-metrics' };
const group = 'metrics.k8s.io';
const apiService = '/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io';
const availableMs = 30_000;
const pollMs = 100;

/**
 * Serves it on loopback, where the API server's aggregator finds it by a Service of type ExternalName: a Service
 * without a selector may not lead to loopback.
 */
export async function startMetricsApi(plane: ControlPlane, kube: KubeClient): Promise<MetricsApi> {
  const cpu = new Map<string, number>();
  let broken = false;
  const dns = `${service.name}.${service.namespace}.svc`;
  const { certificate, key } = plane.authority.issue({ commonName: dns, names: [dns, '127.0.0.1'] });
  const server = createServer({ cert: certificate, key }, (req, res) => {
    const url = new URL(req.url ?? '/', 'https://metrics');
    answer(kube, cpu, url, broken)
      .then(({ status, body }) =>
        res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
      )
      .catch((error: unknown) => res.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = addressOf(server.address());
  await kube.apply(`/api/v1/namespaces/${service.namespace}/services/${service.name}`, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: service.name },
    spec: { type: 'ExternalName', externalName: '127.0.0.1' },
  });
  await kube.apply(apiService, {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: `v1beta1.${group}` },
    spec: {
      group,
      version: 'v1beta1',
      groupPriorityMinimum: 100,
      versionPriority: 100,
      caBundle: Buffer.from(plane.caCertificate).toString('base64'),
      service: { ...service, port },
    },
  });
  await untilAvailable(kube);
  return {
    setCpu: (namespace, milli) => void cpu.set(namespace, milli),
    setBroken: (isBroken) => {
      broken = isBroken;
    },
    close: async () => {
      await kube.remove(apiService);
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

async function untilAvailable(kube: KubeClient): Promise<void> {
  const deadline = Date.now() + availableMs;
  for (;;) {
    const found = await kube.get(apiService);
    const conditions: { type: string; status: string; message: string }[] = found?.status?.conditions ?? [];
    const available = conditions.find(({ type }) => type === 'Available');
    if (available?.status === 'True') return;
    if (Date.now() > deadline) throw new Error(`the metrics API is not available: ${available?.message}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

async function answer(
  kube: KubeClient,
  cpu: ReadonlyMap<string, number>,
  url: URL,
  broken: boolean,
): Promise<{ status: number; body: unknown }> {
  if (broken)
    return { status: 503, body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 503 } };
  const [, namespace] = /\/namespaces\/([^/]+)\/pods$/.exec(url.pathname) ?? [];
  if (namespace === undefined) {
    const resources = [{ name: 'pods', namespaced: true, kind: 'PodMetrics', verbs: ['get', 'list'] }];
    const body = { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: `${group}/v1beta1`, resources };
    return { status: 200, body };
  }
  const selector = encodeURIComponent(url.searchParams.get('labelSelector') ?? '');
  const pods = await kube.get(`/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`);
  const timestamp = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const items = pods.items.map((pod: Json) => ({
    metadata: { name: pod.metadata.name, namespace, labels: pod.metadata.labels },
    timestamp,
    window: '10s',
    containers: pod.spec.containers.map(({ name }: { name: string }) => ({
      name,
      usage: { cpu: `${cpu.get(namespace) ?? 0}m`, memory: '64Mi' },
    })),
  }));
  const body = { kind: 'PodMetricsList', apiVersion: `${group}/v1beta1`, metadata: {}, items };
  return { status: 200, body };
}
