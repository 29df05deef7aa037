/** Looking at the pods of the platform, and taking one away in the ways in which pods go. */
import { z } from 'zod';
import type { NodeCluster } from '@evently/testkit/engines/node-cluster';
import { namespace } from './namespace.ts';
import { waitUntil } from './wait-until.ts';

const podSchema = z.object({
  metadata: z.object({ name: z.string(), deletionTimestamp: z.string().optional() }),
  status: z.object({
    phase: z.string(),
    conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
    containerStatuses: z
      .array(z.object({ containerID: z.string().default(''), restartCount: z.int() }))
      .default([]),
  }),
});
const podsSchema = z.object({ items: z.array(podSchema) });

export type Pod = { name: string; isReady: boolean; isGoing: boolean; containerId: string; restarts: number };

/** Those that serve, of one part of the platform or of all. */
export async function listPods(cluster: NodeCluster, part?: string): Promise<Pod[]> {
  const selector = `app.kubernetes.io/part-of=evently${part === undefined ? '' : `,app.kubernetes.io/name=${part}`}`;
  const said = await cluster.kubectl(['get', 'pods', '-n', namespace, '-l', selector, '-o', 'json']);
  return podsSchema
    .parse(JSON.parse(said))
    .items.filter(({ status }) => status.phase === 'Running' || status.phase === 'Pending')
    .map(({ metadata, status }) => ({
      name: metadata.name,
      isReady: status.conditions.some((one) => one.type === 'Ready' && one.status === 'True'),
      isGoing: metadata.deletionTimestamp !== undefined,
      containerId: status.containerStatuses[0]?.containerID ?? '',
      restarts: status.containerStatuses[0]?.restartCount ?? 0,
    }));
}

export async function countReady(cluster: NodeCluster, part: string): Promise<number> {
  return (await listPods(cluster, part)).filter(({ isReady, isGoing }) => isReady && !isGoing).length;
}

/** SIGKILL to the process of one ready pod; resolves when its container has been started again and is ready. */
export async function killPod(cluster: NodeCluster, part: string, backMs: number): Promise<Pod> {
  const victim = (await listPods(cluster, part)).find(({ isReady, isGoing }) => isReady && !isGoing);
  if (victim === undefined) throw new Error(`no pod of ${part} is ready`);
  await cluster.killContainer(victim.containerId);
  await waitUntil(`${victim.name} is back`, backMs, async () => {
    const now = (await listPods(cluster, part)).find(({ name }) => name === victim.name);
    return now !== undefined && now.isReady && now.restarts > victim.restarts;
  });
  return victim;
}

/** As many pods of a Deployment that no autoscaler has, ready, and no other. */
export async function scale(cluster: NodeCluster, part: string, replicas: number): Promise<void> {
  await cluster.kubectl(['scale', `deployment/${part}`, '-n', namespace, `--replicas=${replicas}`]);
  const settleMs = 60_000;
  await waitUntil(`${replicas} pods of ${part}`, settleMs, async () => {
    const pods = await listPods(cluster, part);
    return pods.length === replicas && pods.every(({ isReady, isGoing }) => isReady && !isGoing);
  });
}

/** What a drain does to one pod; answers what the API server says: 201, or 429 when a budget forbids it. */
export async function evict(cluster: NodeCluster, name: string): Promise<'evicted' | 'forbidden'> {
  const eviction = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name, namespace },
  };
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/eviction`;
  try {
    await cluster.kubectl(['create', '--raw', path, '--filename=-'], { stdin: JSON.stringify(eviction) });
    return 'evicted';
  } catch (error) {
    if (String(error).includes('disruption budget')) return 'forbidden';
    throw error;
  }
}

/** All Deployments of the platform are rolled out and no pod is going. */
export async function untilSettled(cluster: NodeCluster, deadlineMs: number): Promise<void> {
  await waitUntil(
    'every pod is ready and none is going',
    deadlineMs,
    async () => {
      const pods = await listPods(cluster);
      return pods.length > 0 && pods.every(({ isReady, isGoing }) => isReady && !isGoing);
    },
    () => describePods(cluster),
  );
}

export async function rolloutAll(cluster: NodeCluster, deadlineMs: number): Promise<void> {
  await cluster.kubectl(
    [
      'rollout',
      'status',
      'deployment',
      '-n',
      namespace,
      '-l',
      'app.kubernetes.io/part-of=evently',
      `--timeout=${Math.round(deadlineMs / 1_000)}s`,
    ],
    { deadlineMs: deadlineMs + 5_000 },
  );
}

/** For the message of a failure: pods, what the cluster says of them, and the last lines of those that do not run. */
export async function describePods(cluster: NodeCluster): Promise<string> {
  const ask = (args: readonly string[]): Promise<string> => cluster.kubectl(args).catch(String);
  const pods = await ask(['get', 'pods', '-n', namespace, '-o', 'wide']);
  const events = await ask([
    'get',
    'events',
    '-n',
    namespace,
    '--field-selector=type=Warning',
    '--sort-by=.lastTimestamp',
  ]);
  const logs = await ask([
    'logs',
    '-n',
    namespace,
    '-l',
    'app.kubernetes.io/part-of=evently',
    '--tail=4',
    '--prefix',
  ]);
  const lastCharacters = 4_000;
  return `\n${pods}\n${events.slice(-lastCharacters)}\n${logs.slice(-lastCharacters)}`;
}
