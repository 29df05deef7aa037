import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { countOversold } from '../src/store/figures.ts';
import { actsOf, until, type Acts } from './buyers.ts';
import { createFixture, type Fixture } from './fixture.ts';

let first: Fixture;
let second: Fixture;
let here: Acts;
let there: Acts;
beforeAll(async () => {
  first = await createFixture();
  second = await createFixture({}, first);
  [here, there] = [actsOf(first), actsOf(second)];
});
afterAll(async () => {
  await second.close();
  await first.close();
});

/** The sum of the series of a metric that have these labels; null when there is none. */
async function shown(f: Fixture, name: string, labels: Record<string, string> = {}): Promise<number | null> {
  const lines = (await f.registry.metrics())
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => Object.entries(labels).every(([key, value]) => line.includes(`${key}="${value}"`)));
  if (lines.length === 0) return null;
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

/** Readings are kept for a second, and a count of oversold tickets for longer: a process of its own reads anew. */
async function inNewProcess<T>(look: (f: Fixture) => Promise<T>): Promise<T> {
  const f = await createFixture({}, first);
  try {
    return await look(f);
  } finally {
    await f.close();
  }
}

const counted = (name: string) => `evently_booking_${name}_total`;

test('what a process sold and gave back is counted with its event, once a commit', async () => {
  const { eventId: event } = await first.publish({ capacity: 10 });
  const who = await here.buyer();
  const [kept, given, returned] = [
    await here.reserve(event, who, 2),
    await here.reserve(event, await here.buyer(), 3),
    await here.reserve(event, await here.buyer(), 1),
  ];
  expect((await here.confirm(kept, who)).status).toBe(200);
  expect(await shown(first, counted('tickets_reserved'), { event })).toBe(6);
  expect(await shown(first, counted('tickets_sold'), { event })).toBe(2);
  const owner = async (id: string): Promise<{ id: string; token: string }> => {
    const { rows } = await first.database.db.query<{ user_id: string }>(
      'select user_id from bookings where id = $1',
      [id],
    );
    const userId = rows[0]?.user_id ?? '';
    return { id: userId, token: await first.tokens.user(userId) };
  };
  await here.cancel(given, await owner(given));
  await here.giveBack(returned, await owner(returned));
  await here.cancel(kept, who);
  expect(await shown(first, counted('tickets_released'), { event, cause: 'cancelled_by_buyer' })).toBe(5);
  expect(await shown(first, counted('tickets_released'), { event, cause: 'returned_by_buyer' })).toBe(1);
  expect(await shown(first, counted('confirmations'), { outcome: 'asked' })).toBe(1);
  expect(await shown(first, counted('confirmations'), { outcome: 'paid' })).toBe(1);
  const { rows } = await first.database.db.query<{ version: string }>(
    'select version from event_sales where event_id = $1',
    [event],
  );
  // Its first version was made when it was published: the event had no label yet.
  expect(await shown(first, counted('stock_changes'), { event })).toBe(Number(rows[0]?.version) - 1);
});

test('refusals and what was answered before have their own counts', async () => {
  const { eventId: event } = await first.publish({ capacity: 2, waitlist: 'off' });
  const who = await here.buyer();
  const id = await here.reserve(event, who, 2);
  const before = (await shown(first, counted('confirmations'), { outcome: 'repeated' })) ?? 0;
  await here.confirm(id, who);
  await here.confirm(id, who);
  expect(await shown(first, counted('confirmations'), { outcome: 'repeated' })).toBe(before + 1);
  expect((await here.ask(event, await here.buyer())).status).toBe(409);
  expect(await shown(first, counted('refusals'), { event, reason: 'sold-out' })).toBe(1);
  first.payments.next = 'declined';
  const { eventId: other } = await first.publish();
  const declined = await here.reserve(other, who);
  await here.confirm(declined, who);
  first.payments.next = 'succeeded';
  expect(await shown(first, counted('confirmations'), { outcome: 'declined' })).toBe(1);
});

test('conflicts by changes of stock, over both processes, are what the versions themselves say', async () => {
  const { eventId: event } = await first.publish({ capacity: 1_000 });
  for (let round = 0; round < 30; round += 1) {
    // In turns with runs: some changes follow one of the same process.
    const shop = round % 3 === 0 ? there : here;
    const who = await shop.buyer();
    const id = await shop.reserve(event, who);
    if (round % 2 === 0) await shop.confirm(id, who);
  }
  const { rows } = await first.database.db.query<{ conflicts: string; changes: string }>(
    `select count(*) filter (where writer <> before) as conflicts, count(*) filter (where version > 1) as changes
       from (select (payload ->> 'version')::bigint as version, payload ->> 'writer' as writer,
                    lag(payload ->> 'writer') over (order by (payload ->> 'version')::bigint) as before
               from outbox where type = 'booking.stock_changed' and key = $1) w`,
    [event],
  );
  const sum = async (name: string): Promise<number> =>
    ((await shown(first, name, { event })) ?? 0) + ((await shown(second, name, { event })) ?? 0);
  expect(Number(rows[0]?.conflicts)).toBeGreaterThan(10);
  expect(await sum(counted('version_conflicts'))).toBe(Number(rows[0]?.conflicts));
  expect(await sum(counted('stock_changes'))).toBe(Number(rows[0]?.changes));
});

test('every process shows the same stock, window and waitlist, as the database has it', async () => {
  const { eventId: event } = await first.publish({ capacity: 4, name: 'A concert with a very "long" name' });
  const who = await here.buyer();
  const id = await here.reserve(event, who, 3);
  await here.confirm(id, who);
  await here.reserve(event, await here.buyer(), 1);
  expect((await here.ask(event, await here.buyer())).status).not.toBe(200);
  const look = async (f: Fixture) => {
    const stock = await Promise.all(
      ['capacity', 'available', 'held', 'sold', 'blocked'].map((state) =>
        shown(f, 'evently_booking_inventory_tickets', { event, state }),
      ),
    );
    const waits = await shown(f, 'evently_booking_waitlist_entries_items', { event, state: 'waiting' });
    const open = await shown(f, 'evently_booking_sale_phase_info', { event, phase: 'open' });
    const oversold = await shown(f, 'evently_booking_oversold_tickets', { event });
    return { stock, waits, open, oversold };
  };
  const right = { stock: [4, 0, 1, 3, 0], waits: 1, open: 1, oversold: 0 };
  expect(await inNewProcess(look)).toEqual(right);
  expect(await inNewProcess(look)).toEqual(right);
});

test('a sale that is to come counts down, and one that opened says how late', async () => {
  const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();
  const window = (ms: number) => ({ mode: 'window', opens_at: inMs(ms), closes_at: inMs(ms + 9e6) }) as const;
  const { eventId: later } = await first.publish({ sale: window(3_600_000) });
  const { eventId: open } = await first.publish({ sale: window(-60_000) });
  await here.reserve(open, await here.buyer());
  await inNewProcess(async (f) => {
    const opensIn = await shown(f, 'evently_booking_sale_opens_in_seconds', { event: later });
    expect(opensIn).toBeGreaterThan(3_500);
    expect(opensIn).toBeLessThanOrEqual(3_600);
    expect(await shown(f, 'evently_booking_sale_phase_info', { event: later, phase: 'scheduled' })).toBe(1);
    expect(await shown(f, 'evently_booking_sale_opened_late_seconds', { event: later })).toBeNull();
    const late = await shown(f, 'evently_booking_sale_opened_late_seconds', { event: open });
    expect(late).toBeGreaterThanOrEqual(60);
    expect(late).toBeLessThan(120);
  });
});

test('oversold tickets are counted from the bookings, whatever the counters say', async () => {
  const { eventId: event, tierIds } = await first.publish({ capacity: 3 });
  await here.reserve(event, await here.buyer(), 3);
  const { db } = first.database;
  await db.query(
    `insert into bookings (id, event_id, user_id, idempotency_key, tier_ids, quantities, unit_prices, quantity,
                           total_minor, currency, status, created_at, first_expires_at, expires_at)
     values ($1, $2, $1, 'beyond', array[$3::uuid], array[2], array[0], 2, 0, 'INR', 'confirmed', now(), now(), now())`,
    [randomUUID(), event, tierIds[0]],
  );
  const before = await db.query('select available, held, sold from inventory where event_id = $1', [event]);
  expect(before.rows).toEqual([{ available: 0, held: 3, sold: 0 }]);
  const oversold = (f: Fixture) => shown(f, 'evently_booking_oversold_tickets', { event });
  expect(await inNewProcess(oversold)).toBe(2);
  // Counters that are wrong change nothing of it, in either direction.
  await db.query('update inventory set sold = 1, held = 2 where event_id = $1', [event]);
  expect(await inNewProcess(oversold)).toBe(2);
  const unknown = randomUUID();
  // A large event is counted in parts, with the same outcome.
  for (const tickets of [3, 10_000_000]) {
    const ask = [
      { eventId: event, tickets },
      { eventId: unknown, tickets: 0 },
    ];
    expect(await countOversold(db, ask)).toEqual(
      new Map([
        [event, 2],
        [unknown, 0],
      ]),
    );
  }
  await db.query(
    "update bookings set status = 'cancelled' where event_id = $1 and idempotency_key = 'beyond'",
    [event],
  );
  await db.query('update inventory set sold = 0, held = 3 where event_id = $1', [event]);
  expect(await inNewProcess(oversold)).toBe(0);
});

test('a hold that ran out and keeps its seats is seen, and open payments too', async () => {
  const { eventId: event } = await first.publish();
  const who = await here.buyer();
  const id = await here.reserve(event, who);
  await here.lapse(id);
  const unswept = (f: Fixture) => shown(f, 'evently_booking_oldest_unswept_hold_seconds');
  expect(await inNewProcess(unswept)).toBeGreaterThanOrEqual(1);
  await first.internal('POST', '/internal/bookings/expire-reservations', {});
  expect(await inNewProcess(unswept)).toBe(0);
  first.payments.next = 'away';
  const open = await here.reserve(event, who);
  await here.confirm(open, who);
  first.payments.next = 'succeeded';
  expect(
    await inNewProcess((f) => shown(f, 'evently_booking_bookings_items', { status: 'payment_unknown' })),
  ).toBe(1);
});

test('a database that does not answer keeps no scrape, and shows no figures instead of old ones', async () => {
  await first.publish();
  const { db } = first.database;
  await inNewProcess(async (f) => {
    const locked = Promise.withResolvers<void>();
    const enough = Promise.withResolvers<void>();
    const held = db.transaction(async (client) => {
      await client.query('lock table event_sales in access exclusive mode');
      locked.resolve();
      await enough.promise;
    });
    await locked.promise;
    const beganMs = performance.now();
    expect(await shown(f, 'evently_booking_inventory_tickets')).toBeNull();
    // One reading of half a second at most for all gauges together, not one for each.
    expect(performance.now() - beganMs).toBeLessThan(10_000);
    const failed = await until(
      () => shown(f, 'evently_db_figures_reads_total', { figures: 'sales', outcome: 'failed' }),
      (count) => count !== null && count > 0,
    );
    expect(failed).toBeGreaterThan(0);
    enough.resolve();
    await held;
    const shows = await until(
      () => shown(f, 'evently_booking_inventory_tickets'),
      (sum) => sum !== null,
    );
    expect(shows).not.toBeNull();
  });
});
