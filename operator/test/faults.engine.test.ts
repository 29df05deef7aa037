import { Agent, get } from 'node:https';
import { afterAll, expect, test } from 'vitest';
import { startBookingProxy, type BookingCall, type BookingFault } from './booking-proxy.ts';
import { burstCalls, countCalls, expectNoSpin } from './call-rate.ts';
import type { Space } from './cluster.ts';
import { startFaultProxy, type Fault, type FaultProxy, type ProxiedCall } from './fault-proxy.ts';
import type { OperatorProcess } from './operator-process.ts';
import { conditionOf, messageOf, shortSale, untilFloor, type ShortSpec } from './sales.ts';
import { useCluster } from './use-cluster.ts';

/**
 * What one operator with one sale may ask of the API server, or of booking, in a minute while that is broken. In
 * peace it is some 30; a loop without a pause makes thousands.
 */
const maxCallsPerMinute = 600;
const faultMs = 5_000;
const recoverMs = 40_000;
const perPod = 100;

const { cluster, space: openSpace } = useCluster({ hasMetrics: false });
const proxies: { close: () => Promise<void> }[] = [];
afterAll(async () => {
  for (const proxy of proxies) await proxy.close();
});

/** One sale that sells, and whose demand each test raises: a floor never falls during a sale. */
type Stage = { space: Space; proxy: FaultProxy; operator: OperatorProcess; spec: ShortSpec; pods: number };

let stage: Promise<Stage> | null = null;

async function openStage(): Promise<Stage> {
  // Not one of those that end with their test.
  const space = await cluster().openSpace();
  const proxy = await startFaultProxy(cluster().plane);
  proxies.push(proxy);
  const operator = await space.startOperator({}, proxy.server);
  await operator.untilLeads();
  const eventId = await cluster().platform.stage('Faults', 100);
  const spec = shortSale({ eventId, opensInMs: 30_000, lastsMs: 3_600_000, demand: 3 * perPod });
  await space.applySale('sale', spec);
  const opened = { space, proxy, operator, spec, pods: 3 };
  await untilWhole(opened);
  return opened;
}

/** One pod more than before. */
async function raiseDemand(on: Stage): Promise<void> {
  on.pods += 1;
  const demand = { peakReservationsPerSecond: on.pods * perPod };
  await on.space.applySale('sale', { ...on.spec, demand });
}

async function untilWhole({ space, pods }: Pick<Stage, 'space' | 'pods'>): Promise<void> {
  const seen = async (): Promise<unknown> => {
    const sale = await space.sale('sale');
    const { floor, ready } = await space.pool();
    return {
      isObserved: sale.status?.observedGeneration === sale.metadata.generation,
      ready: conditionOf(sale, 'Ready').split('/')[0],
      armed: conditionOf(sale, 'Armed'),
      warm: conditionOf(sale, 'CachesWarm'),
      capacity: conditionOf(sale, 'CapacityReady'),
      stalled: conditionOf(sale, 'Stalled'),
      status: [sale.status?.floor, sale.status?.readyPods],
      pool: [floor, ready],
    };
  };
  await expect.poll(seen, { timeout: recoverMs, interval: 100 }).toEqual({
    isObserved: true,
    ready: 'True',
    armed: 'True/Armed',
    warm: 'True/Warm',
    capacity: 'True/AtFloor',
    stalled: '',
    status: [pods, pods],
    pool: [pods, pods],
  });
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const isLease = ({ path }: ProxiedCall): boolean => path.includes('/leases');
const isWatch = ({ verb }: ProxiedCall): boolean => verb === 'watch';
const isFloor = ({ method, path }: ProxiedCall): boolean =>
  method === 'PATCH' && path.includes('/horizontalpodautoscalers/');
const isStatus = ({ method, path }: ProxiedCall): boolean => method === 'PATCH' && path.includes('/status');
const answer =
  (fault: Fault, concerns: (call: ProxiedCall) => boolean) =>
  (call: ProxiedCall): Fault =>
    concerns(call) ? fault : null;

type KubeFault = {
  name: string;
  choose: (call: ProxiedCall) => Fault;
  /** Open connections are none of the fault's business. */
  keepsConnections?: boolean;
  lastsMs?: number;
};

const kubeFaults: readonly KubeFault[] = [
  { name: '410 for every watch', choose: answer({ status: 410 }, isWatch) },
  { name: 'ERROR 410 in every watch', choose: answer({ inStream: 410 }, isWatch) },
  { name: 'ERROR 500 in every watch', choose: answer({ inStream: 500 }, isWatch) },
  { name: '409 for every floor', choose: answer({ status: 409 }, isFloor), keepsConnections: true },
  { name: '409 for every status', choose: answer({ status: 409 }, isStatus), keepsConnections: true },
  {
    name: '429, again in a second',
    choose: answer({ status: 429, retryAfterSeconds: 1 }, (c) => !isLease(c)),
  },
  { name: '500 for everything', choose: answer({ status: 500 }, (call) => !isLease(call)) },
  { name: 'no answer at all', choose: answer('reset', (call) => !isLease(call)) },
  // Shorter than the lease lasts: who loses it ends, which others try.
  {
    name: '500 for the lease',
    choose: answer({ status: 500 }, isLease),
    keepsConnections: true,
    lastsMs: 1_500,
  },
];

test('somebody who asks again at once is above the limit', async () => {
  const proxy = await startFaultProxy(cluster().plane);
  proxies.push(proxy);
  proxy.setFault(() => ({ status: 500 }));
  const agent = new Agent({ ca: cluster().plane.caCertificate, keepAlive: true });
  const ask = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const asked = get(`${proxy.server}/api/v1/pods`, { agent }, (res) => {
        res.resume();
        res.on('end', resolve);
      });
      asked.on('error', reject);
    });
  const rate = countCalls(proxy);
  for (let call = 0; call < 3 * burstCalls; call += 1) await ask();
  agent.destroy();
  expect(() => expectNoSpin('a loop', { 'API server': rate() }, maxCallsPerMinute)).toThrow(
    /calls to the API server/,
  );
});

test.each(kubeFaults)('with $name it goes on afterwards, and does not spin', async (fault) => {
  const on = await (stage ??= openStage());
  const { proxy, operator } = on;
  const rate = countCalls(proxy);
  let met = 0;
  try {
    proxy.setFault((call) => {
      const chosen = fault.choose(call);
      if (chosen !== null) met += 1;
      return chosen;
    });
    if (fault.keepsConnections !== true) proxy.resetAll();
    await raiseDemand(on);
    await pause(fault.lastsMs ?? faultMs);
    await expect.poll(() => met, { timeout: recoverMs, interval: 100 }).toBeGreaterThan(1);
  } finally {
    proxy.setFault(() => null);
  }
  const broken = rate();
  const endedMs = Date.now();
  await untilWhole(on);
  expectNoSpin(
    fault.name,
    { 'API server': broken },
    maxCallsPerMinute,
    `whole after ${Date.now() - endedMs} ms`,
  );
  expect(operator.isRunning()).toBe(true);
});

test('watches that go silent are opened again', async () => {
  const on = await (stage ??= openStage());
  const { proxy, space } = on;
  await on.operator.end('SIGTERM');
  on.operator = await space.startOperator({ OPERATOR_WATCH_IDLE_SECONDS: '3' }, proxy.server);
  await on.operator.untilLeads();
  await untilWhole(on);
  const rate = countCalls(proxy);
  proxy.holdWatches(true);
  try {
    await raiseDemand(on);
    // Not a byte of any watch comes: what it knows then, it knows from lists.
    await untilFloor(space, on.pods, recoverMs);
    await pause(faultMs);
  } finally {
    proxy.holdWatches(false);
  }
  expectNoSpin('silent watches', { 'API server': rate() }, maxCallsPerMinute);
  await untilWhole(on);
});

test('the API server restarts while pods are added', async () => {
  const { platform, plane } = cluster();
  const space = await openSpace();
  const proxy = await startFaultProxy(plane);
  proxies.push(proxy);
  // Without an API server it loses its lease and ends; it is started again, as a Deployment does.
  const kept = await keepRunning(space, proxy.server);
  try {
    const eventId = await platform.stage('Restart', 100);
    const spec = shortSale({ eventId, opensInMs: 58_000, lastsMs: 3_600_000, demand: 4 * perPod });
    await space.applySale('sale', spec);
    await untilFloor(space, 4, recoverMs);
    const rate = countCalls(proxy);
    const beganMs = Date.now();
    await plane.restartApiServer();
    const awayMs = Date.now() - beganMs;
    await space.applySale('sale', { ...spec, demand: { peakReservationsPerSecond: 6 * perPod } });
    await untilWhole({ space, pods: 6 });
    expectNoSpin(
      'an API server that restarts',
      { 'API server': rate() },
      maxCallsPerMinute,
      `away for ${awayMs} ms, whole ${Date.now() - beganMs - awayMs} ms later, ${kept.starts()} starts of the operator`,
    );
    expect((await platform.readSale(eventId)).body).toMatchObject({ armed: true, opens_at: spec.opensAt });
  } finally {
    await kept.stop();
  }
}, 120_000);

/** Starts an operator, and one more whenever it has ended. */
async function keepRunning(
  space: Space,
  server: string,
): Promise<{ starts: () => number; stop: () => Promise<void> }> {
  let operator = await space.startOperator({}, server);
  let starts = 1;
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      await pause(100);
      if (isOver || operator.isRunning()) continue;
      operator = await space.startOperator({}, server);
      starts += 1;
    }
  })();
  return {
    starts: () => starts,
    stop: async () => {
      isOver = true;
      await watching;
    },
  };
}

const isArming = ({ method }: BookingCall): boolean => method === 'PUT';
const problem = (status: number, code: string, more = {}): BookingFault => ({
  status,
  body: { type: 'about:blank', title: code, status, code, detail: 'answered by a test', ...more },
});

type ArmFault = {
  name: string;
  choose: (uid: string) => (call: BookingCall) => BookingFault;
  armed: string;
  says: RegExp;
};

const armFaults: readonly ArmFault[] = [
  {
    name: 'not there',
    choose: () => () => 'reset',
    armed: 'Unknown/Unreachable',
    says: /booking did not answer/i,
  },
  { name: 'slow', choose: () => () => 'silent', armed: 'Unknown/Unreachable', says: /within 5000 ms/ },
  {
    name: 'answering 500',
    choose: () => () => problem(500, 'internal_error'),
    armed: 'Unknown/Unreachable',
    says: /500/,
  },
  {
    name: 'answering 500 to each command',
    choose: () => (call) => (isArming(call) ? problem(500, 'internal_error') : null),
    armed: 'False/NotArmed',
    says: /500/,
  },
  {
    name: 'answering stale_epoch',
    // What somebody newer said of the same sale: nothing that may be outbid.
    choose: (uid) => (call) =>
      isArming(call) ? problem(409, 'stale_epoch', { epoch: 1_000, uid, generation: 1_000 }) : null,
    armed: 'False/StaleEpoch',
    says: /epoch 1000/,
  },
];

test('with booking broken each sale says so, and is armed when booking is back', async () => {
  const { platform, plane } = cluster();
  const space = await openSpace();
  const proxy = await startFaultProxy(plane);
  const booking = await startBookingProxy(platform.urlOf('booking'));
  proxies.push(proxy, booking);
  await (await space.startOperator({ BOOKING_URL: booking.url }, proxy.server)).untilLeads();
  const uids = new Map<string, string>();
  const broken = await Promise.all(
    armFaults.map(async (fault, at) => {
      const eventId = await platform.stage(`Booking ${fault.name}`, 100);
      const own = (): readonly BookingCall[] => booking.calls().filter(({ path }) => path.includes(eventId));
      const spec = shortSale({ eventId, opensInMs: 58_000, lastsMs: 3_600_000, demand: perPod });
      return { ...fault, eventId, own, spec, sale: `sale-${at}` };
    }),
  );
  booking.setFault((call) => {
    const found = broken.find(({ eventId }) => call.path.includes(eventId));
    return found?.choose(uids.get(found.sale) ?? '')(call) ?? null;
  });
  const asked = countCalls(proxy);
  const rates = broken.map(({ own }) => countCalls({ calls: own }));
  for (const { sale, spec } of broken) uids.set(sale, (await space.applySale(sale, spec)).metadata.uid);
  const armed = (): Promise<string[]> =>
    Promise.all(broken.map(async ({ sale }) => conditionOf(await space.sale(sale), 'Armed')));
  const wanted = broken.map((fault) => fault.armed);
  await expect.poll(armed, { timeout: recoverMs, interval: 100 }).toEqual(wanted);
  await pause(faultMs);
  expect(await armed()).toEqual(wanted);
  for (const { sale, says } of broken) expect(messageOf(await space.sale(sale), 'Armed')).toMatch(says);
  const counted = broken.map(({ name }, at) => [`booking ${name}`, rates[at]?.()] as const);
  const all = asked();
  booking.setFault(() => null);
  const endedMs = Date.now();
  await expect.poll(armed, { timeout: recoverMs, interval: 100 }).toEqual(broken.map(() => 'True/Armed'));
  const more = `all armed after ${Date.now() - endedMs} ms`;
  expectNoSpin(`${broken.length} sales`, { 'API server': all }, broken.length * maxCallsPerMinute, more);
  for (const [name, rate] of counted)
    if (rate !== undefined) expectNoSpin(name, { booking: rate }, maxCallsPerMinute);
  for (const { eventId, spec } of broken)
    expect((await platform.readSale(eventId)).body).toMatchObject({ armed: true, opens_at: spec.opensAt });
}, 120_000);
