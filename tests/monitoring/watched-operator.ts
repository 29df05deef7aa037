/** The operator as a process beside the pods, on a real control plane: its metrics are those of a cluster. */
import { systemClock } from '@evently/kit/clock';
import { startControlPlane } from '@evently/testkit/engines/kube';
import { createProcessGroup } from '@evently/testkit/engines/kube-processes';
import { createKubeClient } from '../../operator/test/kube-client.ts';
import { startOperator } from '../../operator/test/operator-process.ts';
import { startPodRouter } from '../../operator/test/pod-router.ts';
import {
  account,
  applyAccount,
  applyCrd,
  applyPool,
  autoscalerPath,
  poolDefaults,
} from '../../operator/test/pool.ts';
import { apiKey, type PodPlatform } from '../pods/pod-platform.ts';
import { until } from '../pods/pod-process.ts';

export type WatchedOperator = {
  metricsUrl: string;
  /** An EventSale that opens after so many milliseconds, with the shortest lead time there is. */
  applySale: (name: string, eventId: string, opensInMs: number) => Promise<void>;
  /** Somebody else changes the floor that the operator has set. */
  contestFloor: () => Promise<void>;
  close: () => Promise<void>;
};

const namespace = 'sales';
const ownNamespace = 'sales-operator';
const contestMs = 60_000;
const autoscalerKind = { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' };
const namespacesPath = '/api/v1/namespaces';

/** Starts it all; the operator leads when this resolves. `podUrls` are the booking processes that it warms. */
export async function startWatchedOperator(
  platform: PodPlatform,
  podUrls: readonly string[],
): Promise<WatchedOperator> {
  const closing: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of closing.splice(0).toReversed()) await end();
  };
  try {
    const group = await createProcessGroup('watched');
    closing.push(group.stop);
    const plane = await startControlPlane({ hpaSyncMs: 1_000, hpaDownMs: 1_000, hpaCpuInitMs: 1 });
    closing.push(plane.stop);
    const kube = createKubeClient(plane);
    closing.push(() => Promise.resolve(kube.close()));
    await applyCrd(kube);
    for (const name of [namespace, ownNamespace])
      await kube.create(namespacesPath, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    const token = await applyAccount(kube, { sales: namespace, operator: ownNamespace });
    await applyPool(kube, namespace, poolDefaults);
    const router = await startPodRouter(podUrls);
    closing.push(router.close);
    const operator = await startOperator(group, {
      KUBECONFIG: await plane.writeKubeconfig(`${namespace}-${account}`, { token }),
      OPERATOR_NAMESPACE: namespace,
      OPERATOR_LEASE_NAMESPACE: ownNamespace,
      OPERATOR_POD_URL: router.template,
      BOOKING_URL: platform.urlOf('booking'),
      EVENT_URL: platform.urlOf('event'),
      EVENTLY_API_KEY: apiKey,
    });
    await operator.untilLeads();
    return {
      metricsUrl: operator.metricsUrl,
      applySale: async (name, eventId, opensInMs) => {
        await kube.apply(`/apis/evently.dev/v1alpha1/namespaces/${namespace}/eventsales/${name}`, {
          apiVersion: 'evently.dev/v1alpha1',
          kind: 'EventSale',
          metadata: { name },
          spec: {
            eventID: eventId,
            opensAt: new Date(systemClock.now().getTime() + opensInMs).toISOString(),
            demand: { peakReservationsPerSecond: 100 },
            prewarm: {
              leadTime: '1m',
              tasks: [{ name: 'Inventory' }, { name: 'Connections' }, { name: 'Event' }],
            },
          },
        });
      },
      contestFloor: async () => {
        const path = autoscalerPath(namespace);
        await until('the operator has set the floor', contestMs, async () =>
          JSON.stringify(await kube.get(path)).includes(`"minReplicas":${poolDefaults.baseline}`),
        );
        await kube.apply(path, { ...autoscalerKind, spec: { minReplicas: 1 } }, 'somebody-else');
        await until('the operator sees that its floor is contested', contestMs, async () => {
          return (await operator.metric('evently_floor_conflicts_total')) > 0;
        });
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
