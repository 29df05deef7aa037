import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Sql } from '@evently/kit/postgres';
import { createTestDatabase, type TestDatabase } from '@evently/testkit/postgres';
import { bookingMigrations } from '../src/migrations.ts';
import {
  findByKeys,
  findOwned,
  listEventsWithLapsedHolds,
  lockBookings,
  writeTransitions,
} from '../src/store/bookings.ts';
import { beginPaying, claimUnsettled } from '../src/store/paying.ts';

const hot = randomUUID();
const bookings = 15_000;
let database: TestDatabase;

/** One booking each of `count` buyers, of the event `event` (SQL). */
async function fill(sql: Sql, event: string, count: number): Promise<void> {
  await sql.query(
    `insert into bookings (id, event_id, user_id, idempotency_key, tier_ids, quantities, unit_prices, quantity,
                           total_minor, currency, status, created_at, first_expires_at, expires_at)
     select gen_random_uuid(), ${event}, gen_random_uuid(), 'key', array[gen_random_uuid()], array[1], array[0], 1,
            0, 'INR', 'pending', now(), now() + interval '1 hour', now() + interval '1 hour'
       from generate_series(1, $1)`,
    [count],
  );
}

/** Entries of tables and indexes of bookings that this transaction has read so far. */
async function entriesRead(sql: Sql): Promise<number> {
  const { rows } = await sql.query<{ read: string }>(
    `select sum(pg_stat_get_xact_tuples_returned(oid)) as read from pg_class
      where relname in ('bookings', 'bookings_pkey', 'bookings_key', 'bookings_segment_user', 'bookings_due', 'bookings_check')`,
  );
  return Number(rows[0]?.read);
}

beforeAll(async () => {
  database = await createTestDatabase([bookingMigrations]);
  // As on the morning of an on-sale: the statistics know many small events, and nothing of the new one.
  await fill(database.db, 'gen_random_uuid()', bookings);
  await database.db.query('alter table bookings set (autovacuum_enabled = off)');
  await database.db.query('analyze bookings');
  await fill(database.db, `'${hot}'`, bookings);
});
afterAll(() => database.drop());

test('what a buyer does costs the same in a small event and in a large one', async () => {
  const { rows } = await database.db.query<{ id: string; user_id: string }>(
    'select id, user_id from bookings where event_id = $1 limit 64',
    [hot],
  );
  const ids = rows.map((row) => row.id);
  const read = await database.db.transaction(async (client) => {
    const before = await entriesRead(client);
    expect((await findOwned(client, ids)).size).toBe(64);
    const asks = rows.map((row) => ({ bookingId: row.id, userId: row.user_id, paymentMethod: 'card' }));
    const paying = await beginPaying(client, hot, asks, 30);
    expect(paying.size).toBe(64);
    const locked = await lockBookings(client, hot, ids);
    const ended = [...locked.values()].map((booking) => ({
      booking: { ...booking, status: 'cancelled' as const, revision: 3 },
      from: booking.status,
      cause: 'cancelled_by_buyer' as const,
      checkAt: null,
    }));
    await writeTransitions(client, hot, new Date(), ended);
    const found = await findByKeys(
      client,
      hot,
      rows.map((row) => row.user_id),
      rows.map(() => 'key'),
    );
    expect([locked.size, found.length, found[0]?.status]).toEqual([64, 64, 'cancelled']);
    return (await entriesRead(client)) - before;
  });
  expect(read).toBeLessThan(15 * ids.length);
});

test('looking for what is due reads what is due, however many holds there are', async () => {
  const { db } = database;
  const chosen = 'select id from bookings where event_id = $1 and status = $2 order by id limit 3';
  await db.query(
    `update bookings set expires_at = statement_timestamp() - interval '1 second' where id in (${chosen})`,
    [hot, 'pending'],
  );
  const others = `select id from bookings where event_id <> $1 and status = 'pending' limit 5000`;
  await db.query(
    `update bookings set status = 'paying', attempt = 1, revision = 2, paying_since = statement_timestamp(),
            check_at = statement_timestamp() + interval '1 hour' where id in (${others})`,
    [hot],
  );
  const read = await db.transaction(async (client) => {
    const before = await entriesRead(client);
    expect(await listEventsWithLapsedHolds(client, 50)).toEqual([hot]);
    const lapsed = await entriesRead(client);
    expect(await claimUnsettled(client, 50, 30)).toEqual([]);
    return { lapsed: lapsed - before, unsettled: (await entriesRead(client)) - lapsed };
  });
  // The entries of an index and the rows they lead to.
  expect(read.lapsed).toBeLessThan(10);
  expect(read.unsettled).toBeLessThan(10);
});
