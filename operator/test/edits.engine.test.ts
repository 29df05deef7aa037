import { expect, test } from 'vitest';
import type { Space } from './cluster.ts';
import {
  conditionOf,
  firstReservation,
  messageOf,
  shortSale,
  trackSale,
  untilFloor,
  untilStage,
} from './sales.ts';
import { useCluster } from './use-cluster.ts';

const { cluster, space: openSpace } = useCluster({ hasMetrics: true });

const readyMs = 30_000;
const refusedMs = 10_000;

/** Whether the status speaks of the newest generation of the sale. */
async function untilObserved(space: Space, name: string): Promise<void> {
  const isObserved = async (): Promise<boolean> => {
    const { status, metadata } = await space.sale(name);
    return status.observedGeneration === metadata.generation;
  };
  await expect.poll(isObserved, { timeout: readyMs, interval: 50 }).toBe(true);
}

test('Hold pauses selling on every pod and keeps the pods, and Run goes on', async () => {
  const { platform } = cluster();
  const space = await openSpace();
  await (await space.startOperator()).untilLeads();
  const eventId = await platform.stage('Held', 100);
  const [first = '', second = '', third = ''] = await platform.buyers(3);
  const [pod = '', other = ''] = platform.podUrls;
  const spec = shortSale({ eventId, opensInMs: 8_000, lastsMs: 120_000, demand: 400 });
  await space.applySale('held', spec);
  await firstReservation(() => platform.reserve(pod, first, eventId), Date.parse(spec.opensAt) + 30_000);
  await untilStage(space, 'held', ['Selling'], readyMs);
  await expect.poll(async () => (await space.pool()).ready, { timeout: readyMs }).toBe(4);

  await space.applySale('held', { ...spec, intent: 'Hold' });
  const intent = async (): Promise<unknown> => (await platform.readSale(eventId)).body['intent'];
  await expect.poll(intent, { timeout: readyMs, interval: 20 }).toBe('Hold');
  for (const url of [pod, other]) {
    const refusal = async (): Promise<number> => (await platform.reserve(url, second, eventId)).status;
    await expect.poll(refusal, { timeout: refusedMs, interval: 20 }).toBeGreaterThanOrEqual(400);
  }
  await untilStage(space, 'held', ['Held'], readyMs);
  await untilObserved(space, 'held');
  const held = await space.sale('held');
  expect([conditionOf(held, 'Ready'), conditionOf(held, 'SaleOpen')]).toEqual([
    'True/Held',
    'False/HeldByUser',
  ]);
  expect(await space.pool()).toMatchObject({ floor: 4, ready: 4 });

  await space.applySale('held', { ...spec, intent: 'Run' });
  await firstReservation(() => platform.reserve(other, third, eventId), Date.now() + 30_000);
  await untilStage(space, 'held', ['Selling'], readyMs);
}, 120_000);

test('after the close an edit of the demand moves nothing, and a later close sells again', async () => {
  const { platform, metrics } = cluster();
  const space = await openSpace();
  metrics?.setCpu(space.namespace, 1);
  await (await space.startOperator()).untilLeads();
  const eventId = await platform.stage('Closed', 100);
  const [early = '', late = '', again = ''] = await platform.buyers(3);
  const [pod = ''] = platform.podUrls;
  const spec = shortSale({ eventId, opensInMs: 8_000, lastsMs: 5_000, demand: 400 });
  const apply = (changes: object): Promise<unknown> => space.applySale('closed', { ...spec, ...changes });
  await apply({});
  await firstReservation(() => platform.reserve(pod, early, eventId), Date.parse(spec.opensAt) + 4_000);
  await untilStage(space, 'closed', ['Completed'], 60_000);
  await untilFloor(space, 2, 60_000);
  const { status: before } = await space.sale('closed');

  await apply({ demand: { peakReservationsPerSecond: 900 } });
  await untilObserved(space, 'closed');
  const after = await space.sale('closed');
  expect(conditionOf(after, 'Ready')).toBe('True/Completed');
  expect([after.status.openedAt, after.status.closedAt]).toEqual([before.openedAt, before.closedAt]);
  expect(await space.floor()).toBe(2);
  expect((await platform.reserve(pod, late, eventId)).status).toBeGreaterThanOrEqual(400);

  await apply({ closesAt: new Date(Date.now() + 60_000).toISOString() });
  await firstReservation(() => platform.reserve(pod, again, eventId), Date.now() + 30_000);
  await untilStage(space, 'closed', ['Selling', 'Degraded'], readyMs);
  await untilFloor(space, 4, readyMs);
  expect((await space.sale('closed')).status).toMatchObject({ openedAt: before.openedAt });
  expect((await space.sale('closed')).status.closedAt).toBe(undefined);
}, 180_000);

test('of two for one event the older one sells; without it the other takes over', async () => {
  const { platform } = cluster();
  const space = await openSpace();
  await (await space.startOperator()).untilLeads();
  const eventId = await platform.stage('Twice', 100);
  const older = shortSale({ eventId, opensInMs: 59_000, lastsMs: 60_000, demand: 300 });
  await space.applySale('older', older);
  const { metadata } = await space.sale('older');
  // Times of creation have whole seconds.
  const created = Date.parse(metadata.creationTimestamp);
  await expect.poll(() => Date.now(), { timeout: 20_000 }).toBeGreaterThan(created + 2_000);
  const younger = shortSale({ eventId, opensInMs: 59_000, lastsMs: 60_000, demand: 500 });
  await space.applySale('younger', younger);
  const stalled = async (): Promise<string> => conditionOf(await space.sale('younger'), 'Stalled');
  await expect.poll(stalled, { timeout: readyMs }).toBe('True/DuplicateEvent');
  expect(messageOf(await space.sale('younger'), 'Stalled')).toContain('EventSale older is older');
  await untilStage(space, 'older', ['Armed'], readyMs);
  // Its pods do not count, and booking has the window of the older one.
  expect(await space.floor()).toBe(3);
  expect((await platform.readSale(eventId)).body).toMatchObject({
    uid: metadata.uid,
    opens_at: older.opensAt,
  });
  await space.deleteSale('older');
  await untilStage(space, 'younger', ['Armed'], readyMs);
  expect(conditionOf(await space.sale('younger'), 'Stalled')).toBe('');
  expect((await platform.readSale(eventId)).body).toMatchObject({ armed: true, opens_at: younger.opensAt });
  await untilFloor(space, 5, readyMs);
}, 120_000);

test('another writer of the floor is named, and fought once a minute', async () => {
  const { platform, kube } = cluster();
  const space = await openSpace();
  const operator = await space.startOperator();
  await operator.untilLeads();
  const eventId = await platform.stage('Contested', 100);
  await space.applySale('fought', shortSale({ eventId, opensInMs: 59_000, lastsMs: 300_000, demand: 600 }));
  await untilFloor(space, 6, readyMs);
  const appliedMs = Date.now();
  const track = trackSale(space, 'fought');
  const path = `/apis/autoscaling/v2/namespaces/${space.namespace}/horizontalpodautoscalers/booking`;
  const writeFloor = (minReplicas: number): Promise<unknown> =>
    kube.apply(
      path,
      { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', spec: { minReplicas } },
      'argocd-controller',
    );
  // The tracker has seen where it began.
  await expect.poll(track.floors, { timeout: readyMs, interval: 20 }).toEqual([6]);
  await writeFloor(3);
  const said = async (): Promise<string> => conditionOf(await space.sale('fought'), 'CapacityReady');
  await expect.poll(said, { timeout: readyMs }).toBe('False/FloorContested');
  expect(messageOf(await space.sale('fought'), 'CapacityReady')).toContain('argocd-controller wrote minRe');
  await untilFloor(space, 6, 75_000);
  const foughtMs = Date.now() - appliedMs;
  await track.stop();
  process.stdout.write(`contested: ${track.report()}; written back ${foughtMs} ms after the last write\n`);
  // The times of `managedFields` are whole seconds, and the floor was seen a moment after it was written.
  expect(foughtMs).toBeGreaterThan(58_000);
  expect(track.floors()).toEqual([6, 3, 6]);
  expect(await operator.metric('evently_floor_conflicts_total')).toBe(1);
  const owners = (await kube.get(path)).metadata.managedFields
    .filter((entry: { fieldsV1?: Record<string, Record<string, unknown>> }) =>
      Object.hasOwn(entry.fieldsV1?.['f:spec'] ?? {}, 'f:minReplicas'),
    )
    .map(({ manager, fieldsV1 }: { manager: string; fieldsV1: unknown }) => ({ manager, fieldsV1 }));
  // It owns that field, and no other.
  expect(owners).toEqual([{ manager: 'evently-operator', fieldsV1: { 'f:spec': { 'f:minReplicas': {} } } }]);
}, 180_000);
