import { expect, test } from 'vitest';
import type { Space } from './cluster.ts';
import { startFaultProxy } from './fault-proxy.ts';
import { conditionOf, firstReservation, shortSale, untilFloor, untilStage } from './sales.ts';
import { useCluster } from './use-cluster.ts';

const { cluster, space: openSpace } = useCluster({ hasMetrics: true });

const readyMs = 40_000;
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
const points = ['before:1', ...numbered, 'before:arm', 'before:apply-floor', 'before:warm-pod'];

test.each(points)('killed %s, the next process brings the sale to the same end', async (point) => {
  const { platform } = cluster();
  const space = await openSpace();
  const eventId = await platform.stage(`Killed ${point}`, 100);
  const doomed = await space.startOperator({ OPERATOR_DRILL_KILL: point });
  await space.applySale('sale', shortSale({ eventId, opensInMs: 58_000, lastsMs: 60_000, demand: 400 }));
  expect(await doomed.ended(readyMs), await doomed.log()).toBe('SIGKILL');
  await (await space.startOperator()).untilLeads();
  await expect.poll(() => armed(space), { timeout: readyMs }).toEqual(whole);
  expect((await platform.readSale(eventId)).body).toMatchObject({ armed: true, intent: 'Run' });
});

test.each(['before:disarm', 'after:disarm', 'before:remove-finalizer', 'after:remove-finalizer'])(
  'killed %s, the deleted sale goes all the same',
  async (point) => {
    const { platform } = cluster();
    const space = await openSpace();
    const eventId = await platform.stage(`Deleted ${point}`, 100);
    const doomed = await space.startOperator({ OPERATOR_DRILL_KILL: point });
    await space.applySale('sale', shortSale({ eventId, opensInMs: 58_000, lastsMs: null, demand: 400 }));
    await untilStage(space, 'sale', ['Armed'], readyMs);
    await space.deleteSale('sale');
    expect(await doomed.ended(readyMs), await doomed.log()).toBe('SIGKILL');
    await (await space.startOperator()).untilLeads();
    await expect.poll(() => space.sale('sale'), { timeout: readyMs }).toBe(null);
    expect((await platform.readSale(eventId)).body).toMatchObject({ armed: false });
  },
);

test('killed a second before the opening, the sale opens on time without it', async () => {
  const { platform } = cluster();
  const space = await openSpace();
  const eventId = await platform.stage('Alone', 100);
  const [token = ''] = await platform.buyers(1);
  const operator = await space.startOperator();
  await operator.untilLeads();
  const spec = shortSale({ eventId, opensInMs: 15_000, lastsMs: 30_000, demand: 400 });
  await space.applySale('sale', spec);
  await untilStage(space, 'sale', ['Armed'], 14_000);
  const opensAtMs = Date.parse(spec.opensAt);
  await expect
    .poll(() => Date.now(), { timeout: 20_000, interval: 5 })
    .toBeGreaterThanOrEqual(opensAtMs - 1_000);
  await operator.end('SIGKILL');
  expect(Date.now()).toBeLessThan(opensAtMs);
  const [pod = ''] = platform.podUrls;
  const first = await firstReservation(() => platform.reserve(pod, token, eventId), opensAtMs + 5_000);
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
