/** Everything a test of the whole operator stands on: a control plane, a platform, and a namespace for each test. */
import { startControlPlane, type ControlPlane } from '@evently/testkit/engines/kube';
import { createProcessGroup } from '@evently/testkit/engines/kube-processes';
import { createKubeClient, type Json, type KubeClient } from './kube-client.ts';
import { startMetricsApi, type MetricsApi } from './metrics-api.ts';
import { startOperator, type OperatorProcess, type OperatorSettings } from './operator-process.ts';
import { startPlatform, type Platform } from './platform.ts';
import { startPodRouter, type PodRouter } from './pod-router.ts';
import { account, applyAccount, applyCrd, applyPool, autoscalerPath, poolDefaults } from './pool.ts';
import type { PoolOptions } from './pool.ts';

export type Cluster = {
  plane: ControlPlane;
  kube: KubeClient;
  platform: Platform;
  router: PodRouter;
  /** Null where the cluster was opened without. */
  metrics: MetricsApi | null;
  openSpace: (options?: Partial<PoolOptions>) => Promise<Space>;
  close: () => Promise<void>;
};

export type ClusterOptions = {
  hasMetrics: boolean;
  hpaSyncMs?: number;
  /** Real booking processes that stand for pods. */
  pods?: number;
  holdSeconds?: number;
};

/** A namespace with a pool in it, and what a test does there. */
export type Space = {
  namespace: string;
  /** Where its operators' account and lease are. */
  ownNamespace: string;
  /** Applies an EventSale; `spec` without eventID and times is as the defaults are. */
  applySale: (name: string, spec: Json) => Promise<Json>;
  deleteSale: (name: string) => Promise<void>;
  sale: (name: string) => Promise<Json>;
  floor: () => Promise<number>;
  pool: () => Promise<{ floor: number; replicas: number; ready: number }>;
  events: () => Promise<readonly { type: string; reason: string; note: string }[]>;
  /** One more replica of the operator; `server` may be a proxy. */
  startOperator: (settings?: OperatorSettings, server?: string) => Promise<OperatorProcess>;
  /** Ends the operators that were started here. */
  close: () => Promise<void>;
};

let spaces = 0;

/** Starts it all; everything ends with `close`, or with this process. */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const group = await createProcessGroup('operator');
  const closing: (() => Promise<void>)[] = [group.stop];
  const close = async (): Promise<void> => {
    for (const end of closing.toReversed()) await end();
  };
  try {
    const hpaSyncMs = options.hpaSyncMs ?? 1_000;
    const plane = await startControlPlane({ hpaSyncMs, hpaDownMs: 1_000, hpaCpuInitMs: 1 });
    closing.push(plane.stop);
    const platform = await startPlatform(group, {
      pods: options.pods ?? 2,
      holdSeconds: options.holdSeconds ?? 5,
    });
    const kube = createKubeClient(plane);
    closing.push(() => Promise.resolve(kube.close()));
    await applyCrd(kube);
    const router = await startPodRouter(platform.podUrls);
    closing.push(router.close);
    const metrics = options.hasMetrics ? await startMetricsApi(plane, kube) : null;
    if (metrics !== null) closing.push(metrics.close);
    const parts = { plane, kube, platform, router, metrics };
    const start = (settings: OperatorSettings): Promise<OperatorProcess> => startOperator(group, settings);
    return {
      ...parts,
      openSpace: (pool = {}) => openSpace({ plane, kube, platform, router, start }, pool),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

type SpaceParts = Pick<Cluster, 'plane' | 'kube' | 'platform' | 'router'> & {
  start: (settings: OperatorSettings) => Promise<OperatorProcess>;
};

async function openSpace(parts: SpaceParts, pool: Partial<PoolOptions>): Promise<Space> {
  const { plane, kube, platform, router } = parts;
  spaces += 1;
  const namespace = `sales-${spaces}`;
  const ownNamespace = `operator-${spaces}`;
  for (const name of [namespace, ownNamespace])
    await kube.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  const token = await applyAccount(kube, { sales: namespace, operator: ownNamespace });
  await applyPool(kube, namespace, { ...poolDefaults, ...pool });
  const salePath = (name: string): string =>
    `/apis/evently.dev/v1alpha1/namespaces/${namespace}/eventsales/${name}`;
  const operators: OperatorProcess[] = [];
  const readPool: Space['pool'] = async () => {
    const autoscaler = await kube.get(autoscalerPath(namespace));
    const deployment = await kube.get(`/apis/apps/v1/namespaces/${namespace}/deployments/booking`);
    return {
      floor: autoscaler.spec.minReplicas,
      replicas: deployment.spec.replicas,
      ready: deployment.status?.readyReplicas ?? 0,
    };
  };
  return {
    namespace,
    ownNamespace,
    applySale: (name, spec) =>
      kube.apply(salePath(name), {
        apiVersion: 'evently.dev/v1alpha1',
        kind: 'EventSale',
        metadata: { name },
        spec,
      }),
    deleteSale: (name) => kube.remove(salePath(name)),
    sale: (name) => kube.get(salePath(name)),
    floor: async () => (await readPool()).floor,
    pool: readPool,
    events: async () => {
      const found = await kube.get(`/apis/events.k8s.io/v1/namespaces/${namespace}/events`);
      return found.items.filter((event: Json) => event.regarding?.kind === 'EventSale');
    },
    startOperator: async (settings = {}, server) => {
      const operator = await parts.start({
        KUBECONFIG: await plane.writeKubeconfig(`${namespace}-${account}`, { token }, server),
        OPERATOR_NAMESPACE: namespace,
        OPERATOR_LEASE_NAMESPACE: ownNamespace,
        OPERATOR_POD_URL: router.template,
        BOOKING_URL: platform.urlOf('booking'),
        EVENT_URL: platform.urlOf('event'),
        EVENTLY_API_KEY: platform.runtime.api_key,
        ...settings,
      });
      operators.push(operator);
      return operator;
    },
    close: async () => {
      for (const operator of operators) await operator.end('SIGKILL');
    },
  };
}
