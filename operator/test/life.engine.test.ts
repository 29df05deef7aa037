import { expect, test } from 'vitest';
import {
  conditionOf,
  firstReservation,
  kstatusOf,
  shortSale,
  trackSale,
  untilFloor,
  untilStage,
} from './sales.ts';
import { useCluster } from './use-cluster.ts';

const { cluster, space: openSpace } = useCluster({ hasMetrics: true });

test('a sale goes from Scheduled to Completed, and the floor back to its baseline in steps', async () => {
  const { platform, metrics, router } = cluster();
  const space = await openSpace();
  metrics?.setCpu(space.namespace, 1);
  const eventId = await platform.stage('Life', 100);
  const [token = '', late = ''] = await platform.buyers(2);
  const operator = await space.startOperator();
  await operator.untilLeads();
  // Outside every sale the baseline is applied.
  await untilFloor(space, 2, 30_000);
  const spec = shortSale({ eventId, opensInMs: 67_000, lastsMs: 12_000, demand: 600 });
  await space.applySale('life', spec);
  const track = trackSale(space, 'life');
  await untilStage(space, 'life', ['Armed'], 70_000);
  expect((await space.pool()).ready).toBe(6);
  const armed = await platform.readSale(eventId);
  expect(armed.body).toMatchObject({ armed: true, intent: 'Run', opens_at: spec.opensAt });
  const opensAtMs = Date.parse(spec.opensAt);
  await expect.poll(() => Date.now(), { timeout: 70_000, interval: 20 }).toBeGreaterThan(opensAtMs - 500);
  const [, second = ''] = platform.podUrls;
  const first = await firstReservation(() => platform.reserve(second, token, eventId), opensAtMs + 30_000);
  expect(first.atMs).toBeGreaterThanOrEqual(opensAtMs);
  expect([...first.refusals]).toEqual([expect.stringMatching(/^4\d\d /)]);
  await untilStage(space, 'life', ['Selling'], 10_000);
  // What is held at the close is what is waited for.
  const closesAtMs = opensAtMs + 12_000;
  await expect.poll(() => Date.now(), { timeout: 30_000, interval: 20 }).toBeGreaterThan(closesAtMs - 3_000);
  expect(await platform.reserve(second, late, eventId)).toMatchObject({ status: first.status });
  await untilStage(space, 'life', ['Completed'], 60_000);
  await expect
    .poll(() => space.pool(), { timeout: 60_000 })
    .toMatchObject({ floor: 2, replicas: 2, ready: 2 });
  await expect.poll(async () => kstatusOf(await space.sale('life')), { timeout: 30_000 }).toBe('Current');
  await track.stop();
  process.stdout.write(
    `${track.report()}; first reservation ${first.atMs - opensAtMs} ms after the opening\n`,
  );
  const order = ['Scheduled', 'Prewarming', 'Armed', 'Selling', 'Draining', 'Completed'];
  expect(track.stages()).toEqual(order);
  expect(track.floors()).toEqual([2, 6, 3, 2]);
  const settled = ['Scheduled', 'Armed', 'Selling'].map((stage) => `${stage} Current`);
  expect(track.kstatuses()).toEqual(
    expect.arrayContaining([...settled, 'Prewarming InProgress', 'Draining InProgress']),
  );
  expect(track.kstatuses().filter((one) => one.endsWith('Failed'))).toEqual([]);
  const sale = await space.sale('life');
  expect(sale.status.observedGeneration).toBe(sale.metadata.generation);
  expect(sale.status.openLatenessMillis).toBeLessThan(2_000);
  expect(conditionOf(sale, 'SaleOpen')).toBe('False/Closed');
  expect(conditionOf(sale, 'Stalled')).toBe('');
  expect(
    sale.status.warm.map(({ name, result }: { name: string; result: string }) => [name, result]),
  ).toEqual(
    expect.arrayContaining([
      ['Inventory', 'Warm'],
      ['Connections', 'Warm'],
      ['Event', 'Warm'],
    ]),
  );
  // Each of the six pods was asked by itself.
  expect(router.calls().size).toBeGreaterThanOrEqual(6);
}, 180_000);
