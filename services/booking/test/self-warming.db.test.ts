import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { systemClock } from '@evently/kit/clock';
import { createLogger } from '@evently/kit/log';
import { openDatabase } from '@evently/kit/postgres';
import { createWarmer, type Warmer } from '../src/actions/warm-up.ts';
import { createBoards } from '../src/actions/boards.ts';
import { createTicketCodes } from '../src/actions/ticket-codes.ts';
import { createSelfWarming, type SelfWarming } from '../src/jobs/self-warming.ts';
import { actsOf, until, type Acts } from './buyers.ts';
import { createFixture, type Fixture } from './fixture.ts';

let f: Fixture;
let acts: Acts;
beforeAll(async () => {
  f = await createFixture();
  acts = actsOf(f);
});
afterAll(() => f.close());
afterEach(async () => {
  expect(await f.broken()).toEqual([]);
  await disarmAll();
});

/** Each test has the sales to itself. */
async function disarmAll(): Promise<void> {
  const { rows } = await f.database.db.query<{ event_id: string }>(
    'select event_id from armed_sales where disarmed_at is null',
  );
  for (const { event_id } of rows)
    await f.internal('DELETE', `/internal/sales/${event_id}?epoch=9&uid=a&generation=9`);
}

const tasksOf = z.object({
  warm: z.array(z.looseObject({ task: z.string(), result: z.string(), items: z.int() })),
});
const managed = { mode: 'managed', opens_at: null, closes_at: null } as const;
const inMinutes = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString();
const arm = (eventId: string, changes: Record<string, unknown> = {}) =>
  f.internal('PUT', `/internal/sales/${eventId}`, {
    epoch: 1,
    uid: 'a',
    generation: 1,
    opens_at: inMinutes(5),
    closes_at: null,
    intent: 'Run',
    ...changes,
  });

type Issuer = { keys: number };
const log = createLogger('test', process.env['TEST_LOG'] ?? 'silent');

/** A process's warmth on the test's database, with a clock and an issuer that the test moves. */
function starting(issuer: Issuer = { keys: 1 }, url = f.database.url, told = log) {
  const clock = { nowMs: 0 };
  const db = openDatabase({ url, name: 'starting', max: 4, log, connectTimeoutMs: 300 });
  const loaded = () => Promise.resolve([{ issuer: 'users', role: 'user' as const, keys: issuer.keys }]);
  const warmer = createWarmer({
    db,
    log,
    clock: systemClock,
    writer: 'starting',
    tickets: createTicketCodes('a secret of thirty-two characters'),
    offers: { offerSeconds: 60 },
    boards: createBoards(db, systemClock),
    verifier: { verify: () => null, verifyNow: () => null, loadKeys: loaded },
    connections: 4,
    reserve: {
      holdSeconds: 60,
      maxBatch: 256,
      maxQueueSeconds: 1,
      minQueue: 1_000,
      maxQueue: 1_000,
      soldOutMemoryMs: 250,
      maxWaiting: 0,
    },
  });
  let warmings = 0;
  const counted: Warmer = {
    ...warmer,
    warm: (eventId) => {
      warmings += 1;
      return warmer.warm(eventId);
    },
  };
  const process = createSelfWarming({ db, warmer: counted, log: told, nowMs: () => clock.nowMs });
  return { process, warmer, clock, db, warmings: () => warmings };
}

const nowhere = (): string => f.database.url.replace(/\/[^/?]*(\?|$)/, '/no_such_database$1');

async function lookAndWarm(process: SelfWarming): Promise<void> {
  await process.look();
  await process.settled();
}

test('warming says what is warm and why the rest is not; the sale repeats it', async () => {
  const { eventId } = await f.publish({ sale: managed });
  const prewarm = (id: string) => f.internal('POST', '/internal/prewarm', { event_id: id });
  const warmed = tasksOf.parse((await prewarm(eventId)).body);
  expect(warmed.warm.map(({ task, result, items }) => `${task} ${result} ${items}`)).toEqual([
    'inventory warm 1',
    'event warm 1',
    'connections warm 4',
  ]);
  expect(tasksOf.parse((await arm(eventId)).body)).toEqual(warmed);
  const unknown = tasksOf.parse((await prewarm(randomUUID())).body);
  expect(unknown.warm[0]).toMatchObject({
    task: 'inventory',
    result: 'failed',
    error: 'booking does not know this event: publish it first',
  });
});

test('a rehearsal opens and plans every connection and leaves nothing behind', async () => {
  const { warmer, db } = starting();
  const counts = async () => {
    const { rows } = await f.database.db.query(
      `select (select count(*) from bookings) as bookings, (select count(*) from event_sales) as sales,
              (select count(*) from inventory) as tiers, (select count(*) from outbox) as messages`,
    );
    return rows;
  };
  const { eventId } = await f.publish({ sale: managed });
  const before = await counts();
  const tasks = await warmer.warm(eventId);
  expect(tasks.map((task) => task.result)).toEqual(['warm', 'warm', 'warm']);
  expect(await counts()).toEqual(before);
  // Four at once: each connection has planned the statement of the hot path.
  const planned = await Promise.all(
    Array.from({ length: 4 }, () =>
      db.transaction(async (client) => {
        await client.query('select pg_sleep(0.05)');
        const { rows } = await client.query<{ pid: number; planned: boolean }>(
          `select pg_backend_pid() as pid,
                  exists (select 1 from pg_prepared_statements where name = 'reserve-batch') as planned`,
        );
        return rows[0];
      }),
    ),
  );
  expect(new Set(planned.map((row) => row?.pid)).size).toBe(4);
  expect(planned.every((row) => row?.planned === true)).toBe(true);
  await db.close();
});

test('a process finds the sales within their lead time by itself, and those that changed', async () => {
  const { process, warmer, warmings, db } = starting();
  const near = await f.publish({ sale: managed });
  const far = await f.publish({ sale: managed });
  const stopped = await f.publish({ sale: managed });
  await arm(near.eventId, { opens_at: inMinutes(60), warms_at: inMinutes(-1) });
  await arm(far.eventId, { opens_at: inMinutes(60) });
  await arm(stopped.eventId, { intent: 'Stop' });
  await lookAndWarm(process);
  expect(warmer.stateOf(near.eventId).map((task) => task.result)).toEqual(['warm', 'warm', 'warm']);
  expect([warmer.stateOf(far.eventId), warmer.stateOf(stopped.eventId)]).toEqual([[], []]);
  await lookAndWarm(process);
  expect(warmings()).toBe(1);
  await arm(near.eventId, { generation: 2, opens_at: inMinutes(90), warms_at: inMinutes(-1) });
  await arm(far.eventId, { generation: 2, opens_at: inMinutes(9) });
  await lookAndWarm(process);
  expect(warmings()).toBe(3);
  expect(warmer.stateOf(far.eventId)).toHaveLength(3);
  await db.close();
});

test('what was warmed long ago is warmed again, and what failed sooner', async () => {
  const issuer = { keys: 0 };
  const { process, warmer, warmings, clock, db } = starting(issuer);
  const { eventId } = await f.publish({ sale: managed });
  await arm(eventId);
  await lookAndWarm(process);
  expect(warmer.stateOf(eventId)[2]).toMatchObject({
    task: 'connections',
    result: 'failed',
    error: 'issuer users did not answer with the keys of its tokens',
  });
  issuer.keys = 1;
  for (const [nowMs, expected] of [
    [1_999, 1],
    [2_000, 2],
    [301_999, 2],
    [302_000, 3],
  ] as const) {
    clock.nowMs = nowMs;
    await lookAndWarm(process);
    expect(warmings(), `at ${nowMs} ms`).toBe(expected);
  }
  await db.close();
});

test('a starting process is not ready before the sales within their lead time are warm', async () => {
  const issuer = { keys: 0 };
  const { process, clock, db } = starting(issuer);
  const { eventId } = await f.publish({ sale: managed });
  await arm(eventId);
  const far = await f.publish({ sale: managed });
  await arm(far.eventId, { opens_at: inMinutes(600) });
  expect(process.readiness()).toEqual({ ready: false, says: 'warming' });
  await lookAndWarm(process);
  expect(process.readiness()).toEqual({ ready: false, says: 'warming' });
  issuer.keys = 1;
  clock.nowMs = 2_000;
  await lookAndWarm(process);
  expect(process.readiness()).toEqual({ ready: true, says: 'ok' });
  await db.close();
  // The control: with no sale near, the same issuer keeps nobody waiting.
  await disarmAll();
  const other = starting({ keys: 0 });
  await lookAndWarm(other.process);
  expect(other.process.readiness()).toEqual({ ready: true, says: 'ok' });
  await other.db.close();
});

test('a starting process waits for a minute at most, whatever is away, and says that it gave up', async () => {
  const { eventId } = await f.publish({ sale: managed });
  await arm(eventId);
  for (const each of [starting({ keys: 0 }), starting({ keys: 1 }, nowhere())]) {
    await lookAndWarm(each.process);
    each.clock.nowMs = 59_999;
    expect(each.process.readiness()).toEqual({ ready: false, says: 'warming' });
    each.clock.nowMs = 60_000;
    expect(each.process.readiness()).toEqual({ ready: true, says: 'not_warm_in_time' });
    await each.db.close();
  }
});

test('that the database is away is told once, however often it is asked', async () => {
  const lines: string[] = [];
  const told = createLogger('test', 'info', { write: (text: string) => void lines.push(text) });
  const { process, db } = starting({ keys: 1 }, nowhere(), told);
  for (let look = 0; look < 3; look += 1) await process.look();
  await db.close();
  const said = lines.map((text) => z.looseObject({ msg: z.string() }).parse(JSON.parse(text)).msg);
  expect(said).toEqual(['the look for sales waits for the database']);
});

test('a running process stays ready, however cold it is for a sale that is armed later', async () => {
  const issuer = { keys: 0 };
  const running = starting(issuer);
  await lookAndWarm(running.process);
  expect(running.process.readiness()).toEqual({ ready: true, says: 'ok' });
  const { eventId } = await f.publish({ sale: managed });
  await arm(eventId);
  await lookAndWarm(running.process);
  expect(running.warmer.stateOf(eventId)[2]?.result).toBe('failed');
  expect(running.process.readiness()).toEqual({ ready: true, says: 'ok' });
  // The control: one that starts now does wait for the same sale.
  const fresh = starting(issuer);
  await lookAndWarm(fresh.process);
  expect(fresh.process.readiness().ready).toBe(false);
  await Promise.all([running.db.close(), fresh.db.close()]);
});

test('a started service warms itself within a second, and answers both by its interface', async () => {
  const other = await createFixture({}, f);
  expect((await other.service.app.request('/health/ready')).status).toBe(503);
  await other.service.start();
  const ready = await until(
    () => other.call('GET', '/health/ready'),
    ({ status }) => status === 200,
  );
  expect(ready.body).toEqual({ status: 'ready', database: 'ok', warmth: 'ok' });
  const { eventId } = await f.publish({ sale: managed });
  await arm(eventId);
  const seen = await until(
    async () => tasksOf.parse((await other.internal('GET', `/internal/sales/${eventId}`)).body).warm,
    (warm) => warm.length === 3,
  );
  expect(seen.map(({ task, result }) => `${task} ${result}`)).toEqual([
    'inventory warm',
    'event warm',
    'connections warm',
  ]);
  expect((await acts.ask(eventId, await acts.buyer())).body).toMatchObject({ code: 'sale_not_open' });
  await other.close();
});
