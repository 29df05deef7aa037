/** Redis is killed, flushed, slow and frozen in the middle of a sale: nobody notices but the waiting line of messages. */
import { monotonicMs } from '@evently/kit/clock';
import { limitDeadlineMs } from '@evently/redis/rate-limiter';
import { requireEngine } from '@evently/testkit/engines/engine';
import { redisServer } from '@evently/testkit/engines/redis';
import { startRedisProcess, type RedisProcess } from '@evently/testkit/engines/redis-server';
import { startTcpProxy, type TcpProxy } from '@evently/testkit/tcp-proxy';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { composeOnRedis, startOwnPostgres, type Composition, type Deadlines } from './composition.ts';

const limitsOff = { EVENTLY_LOAD_TEST: '1', EVENTLY_READS_PER_MINUTE: '0' };
const limitsOn = { EVENTLY_LOAD_TEST: '0', EVENTLY_READS_PER_MINUTE: '100000' };
// A Redis that answers everything, and too late: longer than the deadline of any command.
const slowMs = 6_000;
// On a machine that does other work as well, a batch and a token's check may take so long without any Redis.
const otherWorkMs = 4_500;

let stopPostgres: () => Promise<void>;
let redis: RedisProcess;
/** What the services know as Redis. */
let way: TcpProxy;
const compositions: Composition[] = [];
beforeAll(async () => {
  stopPostgres = await startOwnPostgres();
});
afterAll(() => stopPostgres());
beforeEach(async ({ skip }) => {
  redis = await startRedisProcess({ program: await requireEngine(redisServer, skip) });
  way = await startTcpProxy(redis.port);
});
afterEach(async () => {
  redis.thaw();
  for (const composition of compositions.splice(0)) await composition.end();
  await way.close();
  await redis.stop();
});

async function compose(deadlines: Deadlines = {}, limits = limitsOn): Promise<Composition> {
  const composition = await composeOnRedis(`redis://127.0.0.1:${way.port}`, limits, deadlines);
  compositions.push(composition);
  return composition;
}

type Phase = { statuses: Map<number, number>; latenciesMs: number[] };

/** `count` buyers, each with a token of their own, sixteen at a time; each reserves one seat once. `halfway` happens among them. */
async function buy(
  platform: Composition,
  eventId: string,
  count: number,
  halfway: () => unknown = () => {},
): Promise<Phase> {
  const happened: unknown[] = [];
  const phase: Phase = { statuses: new Map(), latenciesMs: [] };
  const tokens = await Promise.all(Array.from({ length: count }, () => platform.tokens.user()));
  const buyer = async (): Promise<void> => {
    for (let token = tokens.pop(); token !== undefined; token = tokens.pop()) {
      if (tokens.length === Math.floor(count / 2)) happened.push(halfway());
      const askedMs = monotonicMs();
      const { status } = await platform.reserve(eventId, 1, token);
      phase.latenciesMs.push(monotonicMs() - askedMs);
      phase.statuses.set(status, (phase.statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: 16 }, buyer));
  await Promise.all(happened);
  expect(happened).toHaveLength(1);
  return phase;
}

/** Everybody was answered as if Redis were well, and nobody waited longer than for the deadline. */
function expectAllSold(name: string, { statuses, latenciesMs }: Phase, count: number): void {
  const slowest = latenciesMs.toSorted((a, b) => b - a);
  const shown = [slowest[0], slowest[Math.floor(count / 100)], slowest[Math.floor(count / 2)]];
  process.stdout.write(`${name}: max, p99, p50 ms ${shown.map((ms) => ms?.toFixed(1)).join(', ')}\n`);
  expect([...statuses]).toEqual([[200, count]]);
  expect(slowest[0]).toBeLessThan(limitDeadlineMs + otherWorkMs);
}

/** Until booking counts its limits in Redis again: a breaker that is still open would hide what comes next. */
async function untilCounted(platform: Composition, eventId: string): Promise<void> {
  await redis.command('FLUSHALL');
  const path = `/api/v1/bookings/check-availability?event_id=${eventId}&quantity=1`;
  const counted = async (): Promise<string> => {
    expect((await platform.askBooking('GET', path)).status).toBe(200);
    return redis.command('KEYS', 'evently:limit:booking:*');
  };
  await expect.poll(counted, { timeout: 40_000 }).toContain('booking:reads');
}

async function shownSeats(platform: Composition, eventId: string): Promise<number> {
  const { status, body } = await platform.ask('GET', `/api/v1/events/${eventId}/availability`);
  return status === 200 ? Number(body['available_seats']) : Number.NaN;
}

test('killed, flushed, slow and frozen: every seat is sold once, in time, and every message arrives', async () => {
  const platform = await compose();
  const perPhase = 300;
  const capacity = 7 * perPhase + 1;
  const venueId = await platform.makeVenue(capacity);
  const { event_id: id } = await platform.publishEvent({ venue_id: venueId, total_capacity: capacity });
  const eventId = String(id);
  const sellWhile = async (name: string, halfway?: () => unknown): Promise<void> =>
    expectAllSold(name, await buy(platform, eventId, perPhase, halfway), perPhase);

  await sellWhile('Redis is well');
  expect(await redis.command('KEYS', 'evently:limit:*')).toContain('booking:reserve');

  await sellWhile('Redis is killed', redis.kill);
  // The page is as true as before: stock never came from Redis.
  await expect.poll(() => shownSeats(platform, eventId)).toBe(5 * perPhase + 1);

  await redis.start();
  await sellWhile('Redis is back, empty');
  await untilCounted(platform, eventId);

  await sellWhile('Redis is flushed', () => redis.command('FLUSHALL'));
  await untilCounted(platform, eventId);
  await sellWhile('Redis is slow', () => way.delay(slowMs));
  way.delay(0);

  await untilCounted(platform, eventId);
  await sellWhile('Redis is frozen', redis.freeze);
  await expect.poll(() => shownSeats(platform, eventId)).toBe(perPhase + 1);
  redis.thaw();

  await sellWhile('Redis is thawed');
  // One seat is left: of two buyers one gets it, and the books agree to the last.
  const last = await Promise.all([platform.reserve(eventId, 1), platform.reserve(eventId, 1)]);
  expect(last.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
  const verified = await platform.askBooking('GET', '/internal/verify', { service: true });
  expect(verified.body).toMatchObject({ ok: true });

  // What was published into a Redis that died or was emptied comes again out of the outbox.
  const versionOf = async (database: 'eventDatabase' | 'bookingDatabase', text: string) =>
    (await platform[database].db.query<{ version: string }>(text, [eventId])).rows[0]?.version;
  const told = await versionOf('bookingDatabase', 'select version from event_sales where event_id = $1');
  await expect
    .poll(
      () =>
        versionOf('eventDatabase', 'select stock_version as version from event_stock where event_id = $1'),
      { timeout: 60_000 },
    )
    .toBe(told);
});

test('without a deadline a reservation hangs for as long as Redis is frozen', async () => {
  const [bounded, unbounded] = [await compose(), await compose({ limitMs: 600_000, commandMs: 600_000 })];
  const [sold, waiting] = [
    await bounded.publishEvent({ base_price: 10 }),
    await unbounded.publishEvent({ base_price: 10 }),
  ];
  const [soldId, waitingId] = [String(sold['event_id']), String(waiting['event_id'])];
  // Both have spoken to a Redis that was well.
  expect((await bounded.reserve(soldId, 1)).status).toBe(200);
  expect((await unbounded.reserve(waitingId, 1)).status).toBe(200);
  redis.freeze();
  let answered: number | null = null;
  const hanging = unbounded.reserve(waitingId, 1).then(({ status }) => {
    answered = status;
  });
  expectAllSold('beside it, with the deadline', await buy(bounded, soldId, 50), 50);
  expect(answered).toBe(null);
  redis.thaw();
  await hanging;
  expect(answered).toBe(200);
});

test('a limit that is switched off asks nobody', async () => {
  const platform = await compose({}, limitsOff);
  const { event_id: id } = await platform.publishEvent({ base_price: 10 });
  expect((await platform.reserve(String(id), 1)).status).toBe(200);
  expect(await redis.command('KEYS', 'evently:limit:*')).toBe('*0\r\n');
});

type Watching = { untilSeen: (seats: number) => Promise<void>; leave: () => Promise<void> };

async function watch(platform: Composition, eventId: string): Promise<Watching> {
  const response = await platform.event.app.request(`/api/v1/events/${eventId}/availability/stream`);
  if (response.body === null) throw new Error('the stream has no body');
  const reader = response.body.getReader();
  const seen = { text: '' };
  const reading = (async () => {
    const decoder = new TextDecoder();
    for (let part = await reader.read(); !part.done; part = await reader.read())
      seen.text += decoder.decode(part.value, { stream: true });
  })();
  return {
    untilSeen: (seats) =>
      expect.poll(() => seen.text, { timeout: 30_000 }).toContain(`"available_seats":${seats},`),
    leave: async () => {
      await reader.cancel();
      await reading;
    },
  };
}

test('whoever watches an event sees it sell, with Redis and without', async () => {
  const platform = await compose();
  const { event_id: id } = await platform.publishEvent({ total_capacity: 100, base_price: 10 });
  const eventId = String(id);
  const { untilSeen, leave } = await watch(platform, eventId);
  await untilSeen(100);
  await platform.reserve(eventId, 1);
  await untilSeen(99);
  await redis.kill();
  await platform.reserve(eventId, 1);
  await untilSeen(98);
  await redis.start();
  await platform.reserve(eventId, 1);
  await untilSeen(97);
  await leave();
});

test('news alone are enough: seen while booking cannot be asked and no message arrives', async () => {
  const platform = await compose();
  const { event_id: id } = await platform.publishEvent({ total_capacity: 100, base_price: 10 });
  const eventId = String(id);
  const { untilSeen, leave } = await watch(platform, eventId);
  await untilSeen(100);
  platform.line.state = 'away';
  await platform.stopMessages();
  await platform.reserve(eventId, 3);
  await untilSeen(97);
  await leave();
});
