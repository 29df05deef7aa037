/** The whole platform on a real node: installed by Helm, sold out through the Ingress, killed, rotated, upgraded, removed. */
import { afterAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { monotonicMs, pause } from '@evently/kit/clock';
import { requireEngine } from '@evently/testkit/engines/engine';
import { requireNodeCluster } from '@evently/testkit/engines/node-cluster';
import { openSearch } from '@evently/testkit/engines/opensearch';
import { redisServer } from '@evently/testkit/engines/redis';
import { repeatAll, reserveRequest } from './buyers.ts';
import { runDrillCommand } from './drill-command.ts';
import { databases, verifyBooks } from './host-services.ts';
import { openHouse, type House } from './house.ts';
import { askSearch, lookIn } from './look-in.ts';
import { namespace, urlValues } from './namespace.ts';
import { nginxPackages } from './nginx.ts';
import { makeBuyers, publishEvent } from './platform.ts';
import { moveToOpenSearch, openOpenSearch } from './other-engine.ts';
import { countReady, killPod, listPods, scale, untilSettled } from './pods.ts';
import { install, installSeconds, listObjects, testRelease, uninstall, upgrade } from './release.ts';
import { keyIdsOf, rotateSecrets } from './rotation.ts';
import { adjustSample, applySale, readSale, stopSale, watchSale } from './sale.ts';
import { findEvent, sellAll, untilFound } from './searching.ts';
import { countsOf, describeTold, failuresIn, send, startSteadyLoad } from './steady-load.ts';
import { attemptDrain, mayCost, type Strike } from './strikes.ts';
import { waitUntil } from './wait-until.ts';
import { openWorld, type World } from './world.ts';

const openMs = 900_000;
const seats = 1_500;
const buyers = 2_000;
const arrivalsPerSecond = 500;
/** Pods outside every sale, and while one runs: as values-test.yaml and the sample say. */
const baseline = 2;
const leadMs = 120_000;
const salePods = 4;
/** What is required of results while an event sells. */
const soldOutMs = 2_000;
/** Long after what is required: by then something is broken. */
const foundMs = 20_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
let opened: World | null = null;
let opening: Promise<World> | null = null;
let house: House | null = null;
/** What was there before the release. */
let before: readonly string[] = [];

beforeEach(async (context) => {
  const skip = (note: string): never => context.skip(note);
  const tools = await requireNodeCluster(skip, nginxPackages);
  const redis = await requireEngine(redisServer, skip);
  // Once, also when it fails: the other tests then fail at once.
  opened = await (opening ??= openWorld(tools, redis, say));
}, openMs);
afterAll(async () => {
  await opened?.close();
  if (opened !== null) say(`\n${opened.timings.table()}`);
}, 120_000);

function theWorld(): World {
  if (opened === null) throw new Error('nothing was opened');
  return opened;
}
function theHouse(): House {
  if (house === null) throw new Error('the platform was not installed: see the first test');
  return house;
}

test('helm install: all pods are Ready within three minutes under Pod Security restricted, and helm test passes', async () => {
  const world = theWorld();
  const { cluster, timings, chart, host } = world;
  before = await listObjects(cluster);
  const privileged = [
    'run',
    'privileged',
    '-n',
    namespace,
    '--image=any:1',
    '--privileged',
    '--restart=Never',
  ];
  await expect(cluster.kubectl(privileged)).rejects.toThrow(/violates PodSecurity "restricted/);
  const begun = monotonicMs();
  await timings.step('helm install until all is Ready', async () => {
    await install(cluster, chart, urlValues(host));
    await untilSettled(cluster, installSeconds * 1_000);
  });
  expect(monotonicMs() - begun).toBeLessThan(installSeconds * 1_000);
  const said = await timings.step('helm test', () => testRelease(cluster));
  expect(said).toMatch(/Phase:\s+Succeeded/);
  house = await timings.step('nginx from the Ingress objects', () => openHouse(world));
}, 420_000);

test('a sale two minutes ahead: pods and warmth before T0, sold out exactly through the Ingress at T0', async () => {
  const { cluster, timings, folder } = theWorld();
  const { wayIn, userUrl, apiKey, signIn } = theHouse();
  const organizer = await signIn();
  const eventId = await publishEvent(organizer, { title: 'Opening night', seats, isManaged: true });
  const opensAtMs = Math.ceil((Date.now() + leadMs) / 1_000) * 1_000;
  const file = await adjustSample(folder, 'demand', 'opening-night', {
    eventID: eventId,
    opensAt: `'${new Date(opensAtMs).toISOString()}'`,
    closesAt: `'${new Date(opensAtMs + 30_000).toISOString()}'`,
    peakReservationsPerSecond: String(arrivalsPerSecond),
    leadTime: '90s',
    after: '5s',
    stepPercent: '50',
    period: '5s',
  });
  await applySale(cluster, file);
  const watch = watchSale(cluster, 'opening-night', opensAtMs, say);
  try {
    const drill = await runDrillCommand({
      url: wayIn.url,
      userUrl,
      apiKey: await apiKey(),
      organizer,
      buyers,
      seats,
      eventId,
      letInAtMs: opensAtMs,
      ratePerSecond: arrivalsPerSecond,
    });
    const scaled = watch.firstWhen(({ pods }) => pods >= salePods);
    const warm = watch.firstWhen((one) => one.warm.startsWith('True') && one.pods >= salePods);
    timings.note(`${salePods} booking pods ready`, `${scaled?.toFixed(1)} s from T0`);
    timings.note('all of them warm', `${warm?.toFixed(1)} s from T0`);
    timings.note('the house is sold out', `${(drill.last_sale_ms / 1_000).toFixed(1)} s after T0`);
    timings.note('latency of winners', `p50 ${drill.winners_ms.p50} ms, p99 ${drill.winners_ms.p99} ms`);
    expect(drill.faults).toEqual([]);
    expect([drill.sold, drill.oversold]).toEqual([seats, 0]);
    expect(scaled).toBeLessThan(0);
    expect(warm).toBeLessThan(0);
    await waitUntil('the sale says Selling', 20_000, () =>
      Promise.resolve(watch.firstWhen(({ stage }) => stage === 'Selling') !== null),
    );
    const stages = new Set(watch.sightings().map(({ stage }) => stage));
    expect([...stages].filter((stage) => stage !== '')).toEqual(
      expect.arrayContaining(['Prewarming', 'Armed']),
    );
  } finally {
    await watch.stop();
  }
  expect((await verifyBooks(theWorld().host)).broken).toEqual([]);
}, 300_000);

test('search: what is published is found, its sale waits for the Search task, and shows sold out within two seconds', async () => {
  const { cluster, timings, folder } = theWorld();
  const { wayIn, userUrl, apiKey, signIn } = theHouse();
  const organizer = await signIn();
  const event = { title: 'Nightingale recital', seats: 20, isManaged: true };
  const eventId = await publishEvent(organizer, event);
  // A letter is missing, and the hall is named.
  const typed = 'nightingle hall';
  await timings.step('published, until it is found', () =>
    untilFound(wayIn.url, { typed, eventId, isSo: ({ available }) => available === 20 }, foundMs),
  );
  await scale(cluster, 'search', 0);
  const opensAtMs = Math.ceil((Date.now() + 15_000) / 1_000) * 1_000;
  const file = await adjustSample(folder, 'require-warm', 'recital', {
    eventID: eventId,
    opensAt: `'${new Date(opensAtMs).toISOString()}'`,
    closesAt: `'${new Date(opensAtMs + 600_000).toISOString()}'`,
    replicas: String(baseline),
    leadTime: '1m',
    policy: 'Required',
  });
  await applySale(cluster, file);
  onTestFinished(() => stopSale(cluster, 'recital'));
  const sale = () => readSale(cluster, 'recital');
  await waitUntil('the sale is held', 60_000, async () => {
    const { reasonOf, resultOf } = await sale();
    return reasonOf('SaleOpen') === 'False/WaitingForWarm' && resultOf('Search') === 'Failed';
  });
  await timings.step('search is back, and its task warm', async () => {
    await scale(cluster, 'search', 1);
    await waitUntil('the Search task is warm', 90_000, async () => {
      const { reasonOf, resultOf } = await sale();
      return resultOf('Search') === 'Warm' && reasonOf('CachesWarm') === 'True/Warm';
    });
  });
  const hasOpened = async (): Promise<boolean> => (await sale()).reasonOf('SaleOpen') === 'True/OpenedLate';
  await waitUntil('it sells, and says that it is late', 30_000, hasOpened);
  const tokens = await makeBuyers(userUrl, await apiKey(), event.seats);
  const soldMs = await sellAll(wayIn.url, eventId, tokens);
  const isSoldOut = { typed, eventId, isSo: ({ status }: { status: string }) => status === 'sold_out' };
  const shownMs = (await untilFound(wayIn.url, isSoldOut, foundMs)) - soldMs;
  timings.note('sold out, until the search shows it', `${Math.round(shownMs)} ms`);
  expect(shownMs).toBeLessThan(soldOutMs);
  await timings.step('search pod killed, until it is back', () => killPod(cluster, 'search', 60_000));
  expect(await findEvent(wayIn.url, typed, eventId)).toEqual({ status: 'sold_out', available: 0 });
  const next = await publishEvent(organizer, { title: 'Owl matinee', seats: 5, isManaged: false });
  await untilFound(wayIn.url, { typed: 'owls', eventId: next, isSo: () => true }, foundMs);
}, 300_000);

test('a booking pod, the operator and PostgreSQL killed in a sale, a drain: only requests under way fail, all safe to repeat', async () => {
  const { cluster, timings, folder, host } = theWorld();
  const { wayIn, signIn, crowdOf } = theHouse();
  const organizer = await signIn();
  const eventId = await publishEvent(organizer, { title: 'Encore', seats: 50_000, isManaged: true });
  const opensAtMs = Math.ceil((Date.now() + 10_000) / 1_000) * 1_000;
  const file = await adjustSample(folder, 'demand', 'encore', {
    eventID: eventId,
    opensAt: `'${new Date(opensAtMs).toISOString()}'`,
    closesAt: `'${new Date(opensAtMs + 600_000).toISOString()}'`,
    peakReservationsPerSecond: String(arrivalsPerSecond),
    leadTime: '1m',
    after: '5s',
    stepPercent: '50',
    period: '5s',
  });
  await applySale(cluster, file);
  onTestFinished(() => stopSale(cluster, 'encore'));
  const { rounds, tokens } = await crowdOf(organizer, eventId);
  const probe = (key: string) => send(wayIn.url, 'probe', reserveRequest(eventId, tokens[0] ?? '', key));
  await waitUntil('the encore is open', 40_000, async () => (await probe('opening')).status === 200);
  await waitUntil(
    'the pods of the sale',
    90_000,
    async () => (await countReady(cluster, 'booking')) >= salePods,
  );
  const load = startSteadyLoad(wayIn.url, rounds);
  const strikes: Strike[] = [];
  const strike = async (
    what: string,
    costs: Strike['costs'],
    work: () => Promise<unknown>,
  ): Promise<void> => {
    await pause(2_000);
    const fromMs = monotonicMs();
    await timings.step(what, work);
    strikes.push({ costs, fromMs, untilMs: monotonicMs() });
  };
  await strike('booking pod killed, until it is back', 'under way', () =>
    killPod(cluster, 'booking', 60_000),
  );
  await strike('operator pod killed, until it is back', 'nobody', () => killPod(cluster, 'operator', 60_000));
  await strike('PostgreSQL killed, until seats are sold again', 'until back', async () => {
    await host.killPostgres();
    await waitUntil('a seat is sold', 30_000, async () => (await probe('after PostgreSQL')).status === 200);
  });
  await strike('a drain: one pod goes, the budget keeps the next', 'nobody', () => attemptDrain(cluster));
  const told = await load.stop();
  const failures = failuresIn(told, rounds);
  say(`In the sale: ${countsOf(told)}`);
  say(describeTold(failures, strikes[0]?.fromMs ?? 0).join('\n'));
  timings.note('requests in the sale, and failed', `${told.length}, ${failures.length}`);
  const beyond = failures.filter((one) => !strikes.some((by) => mayCost(by, one)));
  expect(describeTold(beyond, strikes[0]?.fromMs ?? 0)).toEqual([]);
  expect(failures.filter(({ status }) => ![0, 502, 503, 504].includes(status))).toEqual([]);
  const reserved = told.filter(({ kind }) => kind === 'reserve');
  const { again, changed } = await timings.step('every reservation asked for again with its key', () =>
    repeatAll(wayIn.url, reserved),
  );
  expect(changed).toEqual([]);
  expect(again.filter(({ status }) => status !== 200)).toEqual([]);
  const { checks, broken } = await timings.step('evently verify', () => verifyBooks(host));
  timings.note('invariants that hold', `${checks - broken.length} of ${checks}`);
  expect(broken).toEqual([]);
}, 300_000);

test('after the sales the pods go back to the baseline', async () => {
  const { cluster, timings } = theWorld();
  theHouse();
  await timings.step('booking pods back at the baseline', () =>
    waitUntil(
      `${baseline} booking pods`,
      150_000,
      async () => (await countReady(cluster, 'booking')) === baseline,
      () => cluster.kubectl(['get', 'hpa,eventsales', '-n', namespace]),
    ),
  );
}, 200_000);

test('a person looks in: a prompt on a database and on Redis, inside a pod, what it writes, the index of search', async (context) => {
  const { cluster, serviceUrl } = theWorld();
  const { apiKey } = theHouse();
  const { programs } = await requireNodeCluster((note) => context.skip(note), nginxPackages);
  const counted = 'select current_database() as name, count(*) >= 0 as counted from bookings;';
  const table = await lookIn(cluster, programs, ['psql', '--service', 'booking'], counted);
  expect(table).toMatch(/^evently_booking +\| t$/m);
  expect(await lookIn(cluster, programs, ['redis-cli'], 'ping\n')).toBe('PONG\n');
  const lines = await lookIn(cluster, programs, [
    'logs',
    '--service',
    'booking',
    '--lines',
    '5',
    '--no-follow',
  ]);
  expect(lines).toMatch(/^\[pod\/booking-[\w-]+\/booking\] \{.*"service":"booking"/m);
  const search = await serviceUrl('search', 8_003);
  const rebuilt = await askSearch(search, await apiKey(), 'reindex');
  const [, events] = /^(\d+) events are in the new index/.exec(rebuilt) ?? [];
  expect(Number(events)).toBeGreaterThan(1);
  const checked = await askSearch(search, await apiKey(), 'search-check');
  expect(checked).toContain(`${events} events can be found by the catalog, ${events} by postgres.`);
  expect(checked).toContain('The index says what the catalog says.');
  await expect(askSearch(search, 'another key', 'search-check')).rejects.toThrow(/unauthorized|401/);
}, 200_000);

test('the internal key and the signing keys rotated under load: no request is refused', async () => {
  const world = theWorld();
  const { wayIn, userUrl, apiKey, signIn, crowdOf } = theHouse();
  const organizer = await signIn();
  const eventId = await publishEvent(organizer, { title: 'Rotation', seats: 50_000, isManaged: false });
  const { rounds } = await crowdOf(organizer, eventId);
  const known = await keyIdsOf(userUrl);
  const old = await apiKey();
  const load = startSteadyLoad(wayIn.url, rounds);
  const next = await rotateSecrets(world, old);
  await pause(3_000);
  const told = await load.stop();
  say(`While keys were rotated: ${countsOf(told)}`);
  world.timings.note('requests while keys were rotated', String(told.length));
  expect(describeTold(failuresIn(told, rounds), told[0]?.beganMs ?? 0)).toEqual([]);
  expect((await keyIdsOf(userUrl)).filter((one) => !known.includes(one))).toHaveLength(1);
  expect(await makeBuyers(userUrl, next, 1)).toHaveLength(1);
  await expect(makeBuyers(userUrl, old, 1)).rejects.toThrow(/refused with 401/);
}, 400_000);

test('helm upgrade that restarts every pod, under load: no request fails', async () => {
  const { cluster, timings, chart, host } = theWorld();
  const { wayIn, strictWayIn, signIn, crowdOf } = theHouse();
  const organizer = await signIn();
  const eventId = await publishEvent(organizer, { title: 'Upgrade', seats: 50_000, isManaged: false });
  const { rounds } = await crowdOf(organizer, eventId);
  const names = new Set((await listPods(cluster)).map(({ name }) => name));
  const loads = [wayIn, strictWayIn].map(({ url }) => startSteadyLoad(url, rounds));
  await timings.step('helm upgrade of all pods under load', async () => {
    await upgrade(cluster, chart, { ...urlValues(host), 'global.logLevel': 'warn' });
    await untilSettled(cluster, 120_000);
  });
  const told = (await Promise.all(loads.map((load) => load.stop()))).flat();
  say(`While pods were replaced: ${countsOf(told)}`);
  timings.note('requests while pods were replaced', String(told.length));
  expect((await listPods(cluster)).filter(({ name }) => names.has(name))).toEqual([]);
  expect(describeTold(failuresIn(told, rounds), told[0]?.beganMs ?? 0)).toEqual([]);
}, 400_000);

test('the same check finds failures where pods end without a pause and without a drain', async () => {
  const { cluster, timings } = theWorld();
  const { strictWayIn, signIn, crowdOf } = theHouse();
  const organizer = await signIn();
  const eventId = await publishEvent(organizer, { title: 'Control', seats: 50_000, isManaged: false });
  const { rounds } = await crowdOf(organizer, eventId);
  const booking = ['-n', namespace, 'deployment/booking'];
  const container = '/spec/template/spec/containers/0';
  const abrupt = [
    { op: 'remove', path: `${container}/lifecycle` },
    { op: 'add', path: `${container}/env/-`, value: { name: 'POD_DRAIN_SECONDS', value: '0' } },
  ];
  await cluster.kubectl(['patch', ...booking, '--type=json', '-p', JSON.stringify(abrupt)]);
  await untilSettled(cluster, 120_000);
  const many = rounds.map((round) => ({ ...round, perSecond: round.perSecond * 5 }));
  const load = startSteadyLoad(strictWayIn.url, many);
  await cluster.kubectl(['rollout', 'restart', ...booking]);
  await cluster.kubectl(['rollout', 'status', ...booking, '--timeout=90s'], { deadlineMs: 100_000 });
  await untilSettled(cluster, 120_000);
  const told = await load.stop();
  const failures = failuresIn(told, rounds);
  timings.note('requests, and failed, without pause and drain', `${told.length}, ${failures.length}`);
  expect(failures.length).toBeGreaterThan(0);
}, 300_000);

test('search moves to OpenSearch by an upgrade, and no search fails: neither meanwhile nor when that is gone', async (context) => {
  const world = theWorld();
  const doors = theHouse();
  const program = await requireEngine(openSearch, (note) => context.skip(note));
  const opensearch = await openOpenSearch(program, world.cluster.address);
  onTestFinished(opensearch.stop);
  await moveToOpenSearch(world, doors, opensearch, { 'global.logLevel': 'warn' });
}, 400_000);

test('helm uninstall leaves the CRD with its sales, the lease and the databases', async () => {
  const { cluster, timings, host } = theWorld();
  theHouse();
  await timings.step('helm uninstall', () => uninstall(cluster));
  const left = async (): Promise<string[]> =>
    (await listObjects(cluster)).filter((one) => !before.includes(one));
  await waitUntil('all pods are gone', 90_000, async () => !/Pod\//.test((await left()).join(' ')));
  expect(await left()).toEqual([
    'CustomResourceDefinition/eventsales.evently.dev',
    'EventSale/encore',
    'EventSale/opening-night',
    'EventSale/recital',
    'Lease/evently-operator',
  ]);
  for (const database of databases) {
    const [row] = await host.query(
      database,
      "select count(*)::int as tables from pg_tables where schemaname = 'public'",
    );
    expect(row?.['tables']).toBeGreaterThan(1);
  }
}, 200_000);
