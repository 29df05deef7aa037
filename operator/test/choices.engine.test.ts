import { expect, test } from 'vitest';
import { conditionOf, firstReservation, messageOf, shortSale, untilFloor, untilStage } from './sales.ts';
import { useCluster } from './use-cluster.ts';

const { cluster, space: openSpace } = useCluster({ hasMetrics: true });

const readyMs = 30_000;
// No search service is configured: this task cannot succeed.
const coldGate = {
  prewarm: { leadTime: '1m', tasks: [{ name: 'Inventory' }, { name: 'Search' }] },
};

async function pastOf(instant: string): Promise<void> {
  await expect
    .poll(() => Date.now(), { timeout: readyMs, interval: 20 })
    .toBeGreaterThan(Date.parse(instant));
}

test('a gate that holds keeps a sale closed that is not warm, until its mode is Always', async () => {
  const { platform } = cluster();
  const space = await openSpace();
  await (await space.startOperator()).untilLeads();
  const eventId = await platform.stage('Gate', 100);
  const [buyer = ''] = await platform.buyers(1);
  const [pod = ''] = platform.podUrls;
  const spec = {
    ...shortSale({ eventId, opensInMs: 8_000, lastsMs: 120_000, demand: 300 }),
    ...coldGate,
  };
  await space.applySale('gate', { ...spec, openGate: { mode: 'RequireWarm', onNotMet: 'Hold' } });
  await untilFloor(space, 3, readyMs);
  await pastOf(spec.opensAt);
  const open = async (): Promise<string> => conditionOf(await space.sale('gate'), 'SaleOpen');
  await expect.poll(open, { timeout: readyMs }).toBe('False/WaitingForWarm');
  const held = await space.sale('gate');
  expect(conditionOf(held, 'Ready')).toBe('False/NotReady');
  expect(conditionOf(held, 'CachesWarm')).toBe('False/TaskFailed');
  expect(messageOf(held, 'CachesWarm')).toContain('set SEARCH_URL');
  expect((await platform.reserve(pod, buyer, eventId)).status).toBeGreaterThanOrEqual(400);

  await space.applySale('gate', { ...spec, openGate: { mode: 'Always' } });
  const first = await firstReservation(() => platform.reserve(pod, buyer, eventId), Date.now() + 30_000);
  await untilStage(space, 'gate', ['Selling'], readyMs);
  const { status } = await space.sale('gate');
  // It opened when it was let go, not at its time.
  expect(Date.parse(status.openedAt)).toBeGreaterThan(Date.parse(spec.opensAt));
  expect(Date.parse(status.openedAt)).toBeLessThanOrEqual(first.atMs);
  expect(status.openLatenessMillis).toBe(Date.parse(status.openedAt) - Date.parse(spec.opensAt));
}, 120_000);

test('a gate that degrades opens on time, and says that it is not warm', async () => {
  const { platform } = cluster();
  const space = await openSpace();
  await (await space.startOperator()).untilLeads();
  const eventId = await platform.stage('Degraded', 100);
  const [buyer = ''] = await platform.buyers(1);
  const [pod = ''] = platform.podUrls;
  const spec = {
    ...shortSale({ eventId, opensInMs: 15_000, lastsMs: 120_000, demand: 300 }),
    ...coldGate,
  };
  await space.applySale('gate', { ...spec, openGate: { mode: 'RequireWarm', onNotMet: 'Degrade' } });
  const isArmed = async (): Promise<string> => conditionOf(await space.sale('gate'), 'Armed');
  await expect.poll(isArmed, { timeout: 14_500, interval: 50 }).toBe('True/Armed');
  const reserve = () => platform.reserve(pod, buyer, eventId);
  const first = await firstReservation(reserve, Date.parse(spec.opensAt) + 30_000);
  expect(first.atMs).toBeGreaterThanOrEqual(Date.parse(spec.opensAt));
  await untilStage(space, 'gate', ['Degraded'], readyMs);
  expect(conditionOf(await space.sale('gate'), 'SaleOpen')).toBe('True/Open');
}, 90_000);

test('a sale that is armed late opens at once, and its lateness is recorded', async () => {
  const { platform } = cluster();
  const space = await openSpace();
  const operator = await space.startOperator();
  await operator.untilLeads();
  const eventId = await platform.stage('Late', 100);
  const [buyer = ''] = await platform.buyers(1);
  const [pod = ''] = platform.podUrls;
  const spec = shortSale({ eventId, opensInMs: -5_000, lastsMs: 120_000, demand: 200 });
  await space.applySale('late', spec);
  await firstReservation(() => platform.reserve(pod, buyer, eventId), Date.now() + 30_000);
  const open = async (): Promise<string> => conditionOf(await space.sale('late'), 'SaleOpen');
  await expect.poll(open, { timeout: readyMs }).toBe('True/OpenedLate');
  const { status } = await space.sale('late');
  expect(status.openLatenessMillis).toBeGreaterThanOrEqual(5_000);
  expect(status.openLatenessMillis).toBe(Date.parse(status.openedAt) - Date.parse(spec.opensAt));
  const shown = await operator.metric('evently_sale_open_lateness_seconds');
  expect(shown).toBe(status.openLatenessMillis / 1_000);
  const told = async (): Promise<number> =>
    (await space.events()).filter(({ reason }) => reason === 'OpenedLate').length;
  // Events are written beside the status, not before it.
  await expect.poll(told, { timeout: 10_000 }).toBe(1);
}, 90_000);

test('ReleaseOnly leaves the window with booking, and gives the pods back', async () => {
  const { platform } = cluster();
  const space = await openSpace();
  await (await space.startOperator()).untilLeads();
  const eventId = await platform.stage('Released', 100);
  const spec = shortSale({ eventId, opensInMs: 58_000, lastsMs: 60_000, demand: 300 });
  await space.applySale('released', { ...spec, deletionPolicy: 'ReleaseOnly' });
  await untilFloor(space, 3, readyMs);
  await untilStage(space, 'released', ['Armed'], readyMs);
  await space.deleteSale('released');
  await expect.poll(() => space.sale('released'), { timeout: readyMs }).toBe(null);
  expect((await platform.readSale(eventId)).body).toMatchObject({ armed: true, opens_at: spec.opensAt });
  // No sale is left to say how the floor is lowered: by the default, a step a minute.
  await untilFloor(space, 2, 75_000);
}, 150_000);

test('while it is paused nothing is written for a sale; managed again, it is', async () => {
  const { platform } = cluster();
  const space = await openSpace();
  const operator = await space.startOperator();
  await operator.untilLeads();
  const eventId = await platform.stage('Paused', 100);
  const spec = shortSale({ eventId, opensInMs: 58_000, lastsMs: 60_000, demand: 300 });
  await space.applySale('paused', spec);
  await untilStage(space, 'paused', ['Armed'], readyMs);
  const before = (await platform.readSale(eventId)).body;
  const demand = { peakReservationsPerSecond: 700 };
  await space.applySale('paused', { ...spec, management: 'Paused', demand });
  await untilStage(space, 'paused', ['Paused'], readyMs);
  expect(conditionOf(await space.sale('paused'), 'Ready')).toBe('True/Paused');
  expect((await platform.readSale(eventId)).body['generation']).toBe(before['generation']);
  expect(await space.floor()).toBe(3);
  await space.applySale('paused', { ...spec, demand });
  await untilFloor(space, 7, readyMs);
  const told = async (): Promise<unknown> => (await platform.readSale(eventId)).body['generation'];
  await expect.poll(told, { timeout: readyMs }).toBeGreaterThan(Number(before['generation']));
}, 90_000);
