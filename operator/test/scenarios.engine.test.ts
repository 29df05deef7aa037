import { expect, test } from 'vitest';
import { startBookingProxy } from './booking-proxy.ts';
import { countCalls, expectNoSpin } from './call-rate.ts';
import type { Space } from './cluster.ts';
import { startFaultProxy } from './fault-proxy.ts';
import { account } from './pool.ts';
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
const stopMs = 1_000;
const goneMs = 60_000;
/** Of one operator while the namespace of its sales goes; in peace it is some 30, and a loop without a pause makes thousands. */
const maxCallsPerMinute = 300;

test('two overlapping sales add up, and a cap is reported', async () => {
  const { platform } = cluster();
  const space = await openSpace({ max: 10 });
  await (await space.startOperator()).untilLeads();
  const stage = (title: string): Promise<string> => platform.stage(title, 100);
  const one = shortSale({ eventId: await stage('One'), opensInMs: 55_000, lastsMs: 60_000, demand: 300 });
  const two = shortSale({ eventId: await stage('Two'), opensInMs: 55_000, lastsMs: 60_000, demand: 350 });
  await space.applySale('one', one);
  await untilFloor(space, 3, readyMs);
  await space.applySale('two', two);
  await untilFloor(space, 7, readyMs);
  const three = shortSale({ eventId: await stage('Three'), opensInMs: 55_000, lastsMs: 60_000, demand: 900 });
  await space.applySale('three', three);
  await untilFloor(space, 10, readyMs);
  const capacity = async (): Promise<string> => conditionOf(await space.sale('three'), 'CapacityReady');
  await expect.poll(capacity, { timeout: readyMs }).toBe('False/CappedByMax');
  expect(messageOf(await space.sale('three'), 'CapacityReady')).toMatch(/16.*10|10.*16/);
});

test('three sales in a row open on time, and the pods between them stay', async () => {
  const { platform, metrics } = cluster();
  const space = await openSpace();
  metrics?.setCpu(space.namespace, 1);
  await (await space.startOperator()).untilLeads();
  const names = ['first', 'second', 'third'] as const;
  for (const [at, name] of names.entries()) {
    const eventId = await platform.stage(name, 100);
    const opensInMs = 8_000 + at * 8_000;
    await space.applySale(name, shortSale({ eventId, opensInMs, lastsMs: 4_000, demand: 400 }));
  }
  const track = trackSale(space, 'third');
  await untilStage(space, 'third', ['Selling'], 60_000);
  // Two sales are over by now, and no pod that was added for them went while another was to come.
  expect(conditionOf(await space.sale('second'), 'SaleOpen')).toBe('False/Closed');
  expect(track.floors()).toEqual(track.floors().toSorted((a, b) => a - b));
  expect(await space.pool()).toEqual({ floor: 12, replicas: 12, ready: 12 });
  for (const name of names) await untilStage(space, name, ['Completed'], 90_000);
  await untilFloor(space, 2, 60_000);
  await track.stop();
  process.stdout.write(`three in a row: ${track.report()}\n`);
  for (const name of names) {
    const { status, spec } = await space.sale(name);
    expect(Date.parse(status.openedAt)).toBe(Date.parse(spec.opensAt));
  }
}, 180_000);

test('an edit before the opening is armed, one during the sale never lowers the floor, Stop closes in a second', async () => {
  const { platform } = cluster();
  const space = await openSpace();
  await (await space.startOperator()).untilLeads();
  const eventId = await platform.stage('Edits', 100);
  const [first = '', second = ''] = await platform.buyers(2);
  const spec = shortSale({ eventId, opensInMs: 40_000, lastsMs: 120_000, demand: 400 });
  await space.applySale('edits', spec);
  await untilFloor(space, 4, readyMs);
  const edited = { ...shortSale({ eventId, opensInMs: 10_000, lastsMs: 120_000, demand: 600 }) };
  await space.applySale('edits', edited);
  await untilFloor(space, 6, readyMs);
  const stored = async (): Promise<unknown> => (await platform.readSale(eventId)).body['opens_at'];
  await expect.poll(stored, { timeout: readyMs }).toBe(edited.opensAt);
  const [pod = '', other = ''] = platform.podUrls;
  await firstReservation(() => platform.reserve(pod, first, eventId), Date.parse(edited.opensAt) + 30_000);
  await untilStage(space, 'edits', ['Selling'], readyMs);
  await expect(space.applySale('edits', { ...edited, opensAt: spec.opensAt })).rejects.toThrow(
    /spec.opensAt cannot be changed.*already opened/,
  );
  await space.applySale('edits', { ...edited, demand: { peakReservationsPerSecond: 200 } });
  const observed = async (): Promise<boolean> => {
    const { status, metadata } = await space.sale('edits');
    return status.observedGeneration === metadata.generation;
  };
  await expect.poll(observed, { timeout: readyMs }).toBe(true);
  expect(await space.floor()).toBe(6);
  await space.applySale('edits', { ...edited, intent: 'Stop' });
  const isStopped = async (): Promise<unknown> => (await platform.readSale(eventId)).body['intent'];
  await expect.poll(isStopped, { timeout: readyMs, interval: 20 }).toBe('Stop');
  const storedMs = Date.now();
  for (const url of [pod, other]) {
    const refusal = async (): Promise<number> => (await platform.reserve(url, second, eventId)).status;
    await expect.poll(refusal, { timeout: stopMs, interval: 20 }).toBeGreaterThanOrEqual(400);
  }
  process.stdout.write(`Stop was known on each pod ${Date.now() - storedMs} ms after it was stored\n`);
  await untilStage(space, 'edits', ['Stopped', 'Draining', 'Completed'], readyMs);
}, 180_000);

test('a deleted sale is closed in booking, and the floor goes back', async () => {
  const { platform } = cluster();
  const space = await openSpace();
  await (await space.startOperator()).untilLeads();
  const eventId = await platform.stage('Deleted', 100);
  await space.applySale('gone', shortSale({ eventId, opensInMs: 50_000, lastsMs: null, demand: 400 }));
  await untilFloor(space, 4, readyMs);
  await untilStage(space, 'gone', ['Armed'], readyMs);
  await space.deleteSale('gone');
  await expect.poll(() => space.sale('gone'), { timeout: readyMs }).toBe(null);
  expect((await platform.readSale(eventId)).body).toMatchObject({ armed: false });
  await untilFloor(space, 2, 150_000);
}, 240_000);

test('a deleted sale that booking does not answer for is let go at the cap, and an event says what was left', async () => {
  const { platform } = cluster();
  const space = await openSpace();
  const booking = await startBookingProxy(platform.urlOf('booking'));
  const capMs = 4_000;
  try {
    const settings = { BOOKING_URL: booking.url, OPERATOR_DELETION_SECONDS: String(capMs / 1_000) };
    await (await space.startOperator(settings)).untilLeads();
    const eventId = await platform.stage('Left behind', 100);
    await space.applySale('left', shortSale({ eventId, opensInMs: 50_000, lastsMs: null, demand: 200 }));
    await untilStage(space, 'left', ['Armed', 'Prewarming'], readyMs);
    booking.setFault(() => 'reset');
    const askedMs = Date.now();
    await space.deleteSale('left');
    await expect.poll(() => space.sale('left'), { timeout: capMs + 10_000 }).toBe(null);
    const tookMs = Date.now() - askedMs;
    // The API server writes the time of the deletion in whole seconds.
    expect(tookMs).toBeGreaterThan(capMs - 1_000);
    process.stdout.write(`the sale that booking did not close was gone after ${tookMs} ms\n`);
    const left = async (): Promise<unknown> =>
      (await space.events()).filter(({ reason }) => reason === 'LeftBehind').map(({ note }) => note);
    const note = expect.stringContaining(`DELETE /internal/sales/${eventId}`);
    await expect.poll(left, { timeout: readyMs }).toEqual([note]);
  } finally {
    await booking.close();
  }
});

test('a namespace with a sale in it can be deleted', async () => {
  const { platform } = cluster();
  const space = await openSpace();
  const operator = await space.startOperator();
  await operator.untilLeads();
  const eventId = await platform.stage('Namespace', 100);
  await space.applySale('sale', shortSale({ eventId, opensInMs: 50_000, lastsMs: null, demand: 400 }));
  await untilStage(space, 'sale', ['Armed', 'Prewarming'], readyMs);
  await deleteNamespace(space);
  expect((await platform.readSale(eventId)).body).toMatchObject({ armed: false });
  expect(operator.isRunning()).toBe(true);
});

test('a namespace can be deleted without an answer of booking, and with an operator that starts too late', async () => {
  const { platform, kube, plane } = cluster();
  const space = await openSpace();
  const booking = await startBookingProxy(platform.urlOf('booking'));
  const proxy = await startFaultProxy(plane);
  try {
    const settings = { BOOKING_URL: booking.url };
    const first = await space.startOperator(settings);
    await first.untilLeads();
    const eventId = await platform.stage('Late operator', 100);
    await space.applySale('sale', shortSale({ eventId, opensInMs: 50_000, lastsMs: null, demand: 400 }));
    await untilStage(space, 'sale', ['Armed', 'Prewarming'], readyMs);
    await first.end('SIGKILL');
    booking.setFault(() => 'reset');
    const role = `/apis/rbac.authorization.k8s.io/v1/namespaces/${space.namespace}/roles/${account}`;
    const deleting = deleteNamespace(space);
    await expect.poll(() => kube.get(role), { timeout: readyMs }).toBe(null);
    const [apiRate, bookingRate] = [countCalls(proxy), countCalls(booking)];
    const next = await space.startOperator(settings, proxy.server);
    await deleting;
    const rates = { 'API server': apiRate(), booking: bookingRate() };
    expectNoSpin('a namespace that goes', rates, maxCallsPerMinute);
    expect(await next.log()).toContain(`DELETE /internal/sales/${eventId}`);
    expect(next.isRunning()).toBe(true);
  } finally {
    await Promise.all([booking.close(), proxy.close()]);
  }
});

async function deleteNamespace({ namespace }: Space): Promise<void> {
  const { kube } = cluster();
  const startedMs = Date.now();
  await kube.remove(`/api/v1/namespaces/${namespace}`);
  await expect.poll(() => kube.get(`/api/v1/namespaces/${namespace}`), { timeout: goneMs }).toBe(null);
  process.stdout.write(`the namespace was gone after ${Date.now() - startedMs} ms\n`);
}
