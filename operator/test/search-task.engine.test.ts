import { afterAll, beforeEach, expect, test } from 'vitest';
import type { Space } from './cluster.ts';
import { conditionOf, firstReservation, messageOf, shortSale, untilStage } from './sales.ts';
import { startSearchPod, type SearchPod } from './search-pod.ts';
import { useCluster } from './use-cluster.ts';

const { cluster, space: openSpace } = useCluster({ hasMetrics: true });

const waitMs = 30_000;
const inventory = { name: 'Inventory' };
/** As the defaults have it, with a try that ends soon. */
const notRequired = { name: 'Search', policy: 'BestEffort', timeout: '1s' };

let pod: SearchPod;
let starting: Promise<SearchPod> | null = null;
beforeEach(async () => {
  pod = await (starting ??= startSearchPod(cluster().platform));
});
afterAll(() => starting?.then((started) => started.close()));

/** The name of an event as its pages have it, once this pod finds it. */
async function nameOf(eventId: string): Promise<string> {
  const find = async (): Promise<string | undefined> => {
    const answer = await fetch(`${pod.url}/api/v1/search?limit=99&page=1`, {
      signal: AbortSignal.timeout(waitMs),
    });
    const found: { results: { event_id: string; name: string }[] } = JSON.parse(await answer.text());
    return found.results.find((event) => event.event_id === eventId)?.name;
  };
  await expect.poll(find, { timeout: waitMs, interval: 200 }).toBeTypeOf('string');
  return (await find()) ?? '';
}

async function searchOf(space: Space, name: string): Promise<string> {
  const { status } = await space.sale(name);
  const found: { name: string; result: string }[] = status?.warm ?? [];
  return found.find((task) => task.name === 'Search')?.result ?? '';
}

const caches = async (space: Space, name: string): Promise<string> => {
  const sale = await space.sale(name);
  return `${conditionOf(sale, 'CachesWarm')} ${messageOf(sale, 'CachesWarm')}`;
};

test('a gate that waits for search opens on time, and whoever comes then asks the engine nothing', async () => {
  const { platform } = cluster();
  const space = await openSpace();
  await (await space.startOperator({ SEARCH_URL: pod.url })).untilLeads();
  const [eventId, unknown] = [await platform.stage('Warmed', 100), await platform.stage('Unwarmed', 100)];
  const [name, cold] = [await nameOf(eventId), await nameOf(unknown)];
  const [buyer = ''] = await platform.buyers(1);
  const [booking = ''] = platform.podUrls;
  const spec = shortSale({ eventId, opensInMs: 20_000, lastsMs: 120_000, demand: 200 });
  await space.applySale('warmed', {
    ...spec,
    prewarm: { leadTime: '1m', tasks: [inventory, { name: 'Search' }] },
    openGate: { mode: 'RequireWarm', onNotMet: 'Hold' },
  });
  await expect
    .poll(async () => conditionOf(await space.sale('warmed'), 'Armed'), { timeout: waitMs, interval: 50 })
    .toBe('True/Armed');
  const opensAtMs = Date.parse(spec.opensAt);
  const first = await firstReservation(() => platform.reserve(booking, buyer, eventId), opensAtMs + waitMs);
  expect(first.atMs).toBeGreaterThanOrEqual(opensAtMs);
  const before = await pod.asked();
  const questions = await pod.visit(name);
  expect(await pod.asked()).toEqual({ engine: before.engine, kept: before.kept + questions });
  await expect.poll(() => searchOf(space, 'warmed'), { timeout: waitMs }).toBe('Warm');
  expect(await caches(space, 'warmed')).toMatch(/^True\/Warm /);
  // An event without a sale: only what is everybody's is kept.
  await pod.visit(cold);
  expect((await pod.asked()).engine).toBeGreaterThan(before.engine);
}, 120_000);

test('without a search service, and with one that stands still, a sale opens on time and says what is cold', async () => {
  const { platform } = cluster();
  const [absent, frozen] = [await openSpace(), await openSpace()];
  await (await absent.startOperator()).untilLeads();
  await (await frozen.startOperator({ SEARCH_URL: pod.url })).untilLeads();
  const [buyer = ''] = await platform.buyers(1);
  const [booking = ''] = platform.podUrls;
  pod.freeze();
  try {
    for (const [space, title, reason] of [
      [absent, 'Absent', 'the operator does not know where search is: set SEARCH_URL'],
      [frozen, 'Frozen', 'search did not answer within 1000 ms'],
    ] as const) {
      const eventId = await platform.stage(title, 100);
      // What is not required leaves everything alone in the last half minute.
      const spec = shortSale({ eventId, opensInMs: 40_000, lastsMs: 120_000, demand: 200 });
      const prewarm = { leadTime: '1m', tasks: [inventory, notRequired] };
      await space.applySale('cold', { ...spec, prewarm });
      await expect
        .poll(async () => (await caches(space, 'cold')).toLowerCase(), { timeout: waitMs })
        .toContain(`not warm, and not required: search. ${reason.toLowerCase()}`);
      expect(await searchOf(space, 'cold')).toBe('Failed');
      await untilStage(space, 'cold', ['Armed'], waitMs);
      expect(await caches(space, 'cold')).toMatch(/^True\/Warm /);
      const opensAtMs = Date.parse(spec.opensAt);
      const reserve = () => platform.reserve(booking, buyer, eventId);
      const first = await firstReservation(reserve, opensAtMs + waitMs);
      expect(first.atMs).toBeGreaterThanOrEqual(opensAtMs);
      await untilStage(space, 'cold', ['Selling'], waitMs);
      const { status } = await space.sale('cold');
      expect(Date.parse(status.openedAt)).toBe(opensAtMs);
    }
  } finally {
    pod.thaw();
  }
}, 240_000);

test('a search that comes back before the sale is warmed then', async () => {
  const { platform } = cluster();
  const space = await openSpace();
  await (await space.startOperator({ SEARCH_URL: pod.url })).untilLeads();
  const eventId = await platform.stage('Back', 100);
  const spec = shortSale({ eventId, opensInMs: 300_000, lastsMs: 60_000, demand: 200 });
  pod.freeze();
  try {
    const prewarm = { leadTime: '6m', tasks: [inventory, notRequired] };
    await space.applySale('back', { ...spec, prewarm });
    await expect.poll(() => searchOf(space, 'back'), { timeout: waitMs }).toBe('Failed');
  } finally {
    pod.thaw();
  }
  await expect.poll(() => searchOf(space, 'back'), { timeout: 60_000 }).toBe('Warm');
  expect(await caches(space, 'back')).toBe('True/Warm Every Required task is done on every ready pod.');
}, 120_000);
