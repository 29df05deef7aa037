import { expect, test } from 'vitest';
import type { Space } from './cluster.ts';
import { startFaultProxy } from './fault-proxy.ts';
import { conditionOf, firstReservation, shortSale, trackSale, untilFloor, untilStage } from './sales.ts';
import { useCluster } from './use-cluster.ts';

const { cluster, space: openSpace } = useCluster({ hasMetrics: true });

const readyMs = 40_000;
/** Of `shortSale`, between two steps down. */
const periodMs = 5_000;
const armed = async (space: Space): Promise<unknown> => {
  const sale = await space.sale('sale');
  return {
    armed: conditionOf(sale, 'Armed'),
    warm: conditionOf(sale, 'CachesWarm'),
    capacity: conditionOf(sale, 'CapacityReady'),
    stage: conditionOf(sale, 'Ready'),
    floor: (await space.pool()).floor,
    finalizers: sale?.metadata.finalizers,
  };
};
const whole = {
  armed: 'True/Armed',
  warm: 'True/Warm',
  capacity: 'True/AtFloor',
  stage: 'True/Armed',
  floor: 4,
  finalizers: ['evently.dev/close-sale'],
};

// The first effects by their number, whatever they are, so that each gap between two is met; then the others by name.
const numbered = Array.from({ length: 8 }, (_, at) => `after:${at + 1}`);
const named = [
  'before:arm',
  'before:apply-floor',
  'before:apply-status',
  'before:warm-pod',
  'before:warm-service',
];
const points = ['before:1', ...numbered, ...named, 'after:warm-pod', 'after:warm-service'];

/** Each point with operators and a namespace of its own; two at once, because most of the time they wait. */
const atOnce = 2;
const groups = Array.from({ length: Math.ceil(points.length / atOnce) }, (_, at) =>
  points.slice(at * atOnce, (at + 1) * atOnce),
);

test.each(groups.map((group) => ({ group })))(
  'killed $group, the next process brings the sale to the same end',
  async ({ group }) => {
    await Promise.all(group.map(killWhileArming));
  },
);

async function killWhileArming(point: string): Promise<void> {
  const { platform } = cluster();
  const space = await openSpace();
  const eventId = await platform.stage(`Killed ${point}`, 100);
  const doomed = await space.startOperator({ OPERATOR_DRILL_KILL: point });
  await space.applySale('sale', shortSale({ eventId, opensInMs: 58_000, lastsMs: 60_000, demand: 400 }));
  expect(await doomed.ended(readyMs), `${point}: ${await doomed.log()}`).toBe('SIGKILL');
  // The control: it left something undone, and nobody else does it.
  expect(await armed(space), point).not.toEqual(whole);
  await (await space.startOperator()).untilLeads();
  await expect.poll(() => armed(space), { timeout: readyMs, message: point }).toEqual(whole);
  expect((await platform.readSale(eventId)).body).toMatchObject({ armed: true, intent: 'Run' });
}

test.each([
  { group: ['before:disarm', 'after:disarm'] },
  { group: ['before:remove-finalizer', 'after:remove-finalizer'] },
])('killed $group, the deleted sale goes all the same', async ({ group }) => {
  await Promise.all(group.map(killWhileDeleting));
});

async function killWhileDeleting(point: string): Promise<void> {
  const { platform } = cluster();
  const space = await openSpace();
  const eventId = await platform.stage(`Deleted ${point}`, 100);
  const doomed = await space.startOperator({ OPERATOR_DRILL_KILL: point });
  await space.applySale('sale', shortSale({ eventId, opensInMs: 58_000, lastsMs: null, demand: 400 }));
  await untilStage(space, 'sale', ['Armed'], readyMs);
  await space.deleteSale('sale');
  expect(await doomed.ended(readyMs), `${point}: ${await doomed.log()}`).toBe('SIGKILL');
  // The control: what was not done yet stays undone without an operator.
  expect((await platform.readSale(eventId)).body['armed'], point).toBe(point === 'before:disarm');
  expect((await space.sale('sale')) === null, point).toBe(point === 'after:remove-finalizer');
  await (await space.startOperator()).untilLeads();
  await expect.poll(() => space.sale('sale'), { timeout: readyMs, message: point }).toBe(null);
  expect((await platform.readSale(eventId)).body).toMatchObject({ armed: false });
}

test('killed moments before the opening, the sale opens on time without it', async () => {
  const { platform } = cluster();
  const space = await openSpace();
  const eventId = await platform.stage('Alone', 100);
  const [token = ''] = await platform.buyers(1);
  const operator = await space.startOperator();
  await operator.untilLeads();
  const spec = shortSale({ eventId, opensInMs: 25_000, lastsMs: 60_000, demand: 400 });
  await space.applySale('sale', spec);
  await untilStage(space, 'sale', ['Armed'], 20_000);
  const opensAtMs = Date.parse(spec.opensAt);
  await expect
    .poll(() => Date.now(), { timeout: 30_000, interval: 5 })
    .toBeGreaterThanOrEqual(opensAtMs - 3_000);
  await operator.end('SIGKILL');
  expect(Date.now()).toBeLessThan(opensAtMs);
  const [pod = ''] = platform.podUrls;
  const first = await firstReservation(() => platform.reserve(pod, token, eventId), opensAtMs + 30_000);
  expect(first.atMs).toBeGreaterThanOrEqual(opensAtMs);
  process.stdout.write(
    `without the operator: first reservation ${first.atMs - opensAtMs} ms after the opening\n`,
  );
  expect((await space.sale('sale')).status.openedAt).toBe(undefined);
  await space.startOperator();
  await untilStage(space, 'sale', ['Selling'], readyMs);
  const { status } = await space.sale('sale');
  expect(Date.parse(status.openedAt)).toBe(opensAtMs);
  expect(status.openLatenessMillis).toBeLessThan(5_000);
  await untilFloor(space, 4, readyMs);
});

test('killed between two steps down, the floor goes on step by step, no faster than before', async () => {
  const { platform } = cluster();
  const space = await openSpace();
  const eventId = await platform.stage('Steps', 100);
  const operator = await space.startOperator();
  await operator.untilLeads();
  const spec = shortSale({ eventId, opensInMs: 10_000, lastsMs: 4_000, demand: 1_200 });
  await space.applySale('sale', spec);
  await untilFloor(space, 12, readyMs);
  const track = trackSale(space, 'sale');
  await untilFloor(space, 6, 60_000);
  await operator.end('SIGKILL');
  const killedMs = Date.now();
  await (await space.startOperator()).untilLeads();
  await untilFloor(space, 3, readyMs);
  const restedMs = Date.now() - killedMs;
  await untilFloor(space, 2, readyMs);
  await untilStage(space, 'sale', ['Completed'], readyMs);
  await track.stop();
  process.stdout.write(`killed between two steps: ${track.report()}\n`);
  expect(track.floors()).toEqual([12, 6, 3, 2]);
  expect(restedMs).toBeGreaterThan(periodMs);
});

test('a frozen leader writes nothing when it goes on, and ends', async () => {
  const { platform, plane } = cluster();
  const space = await openSpace();
  const proxy = await startFaultProxy(plane);
  try {
    const eventId = await platform.stage('Frozen', 100);
    const leader = await space.startOperator({}, proxy.server);
    await leader.untilLeads();
    const spec = shortSale({ eventId, opensInMs: 55_000, lastsMs: 60_000, demand: 400 });
    await space.applySale('sale', spec);
    await untilStage(space, 'sale', ['Armed'], readyMs);
    const before = (await platform.readSale(eventId)).body;
    const standby = await space.startOperator();
    await expect.poll(standby.isReady, { timeout: readyMs }).toBe(true);
    leader.signal('SIGSTOP');
    const frozenMs = Date.now();
    // What the frozen one would still be about to write.
    await space.applySale('sale', { ...spec, demand: { peakReservationsPerSecond: 700 } });
    await untilFloor(space, 7, readyMs);
    process.stdout.write(
      `the standby raised the floor ${Date.now() - frozenMs} ms after the leader was frozen\n`,
    );
    const epochOf = async (): Promise<number> => Number((await platform.readSale(eventId)).body['epoch']);
    await expect.poll(epochOf, { timeout: readyMs }).toBeGreaterThan(Number(before['epoch']));
    const after = (await platform.readSale(eventId)).body;
    const resumedMs = Date.now();
    leader.signal('SIGCONT');
    expect(await leader.ended(readyMs)).not.toBe(0);
    const writes = proxy
      .calls()
      .filter(
        ({ atMs, method, path }) => atMs >= resumedMs && method !== 'GET' && !path.includes('/leases/'),
      );
    expect(writes).toEqual([]);
    const fence = ({ epoch, generation, uid }: Record<string, unknown>) => ({ epoch, generation, uid });
    expect(fence((await platform.readSale(eventId)).body)).toEqual(fence(after));
    expect(await space.floor()).toBe(7);
  } finally {
    await proxy.close();
  }
});
