import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reserveBatch } from '../src/store/reserve-batch.ts';
import { verifyBooking } from '../src/store/verify.ts';
import { createFixture, type Fixture } from './fixture.ts';

let f: Fixture;
let eventId = '';
let booking = '';
beforeAll(async () => {
  f = await createFixture();
  ({ eventId } = await f.publish({ capacity: 3, max_per_buyer: 3 }));
  const token = await f.tokens.user();
  const reserve = (quantity: number, by = token) =>
    f.call('POST', '/api/v1/bookings/reserve', {
      token: by,
      body: { event_id: eventId, quantity, idempotency_key: randomUUID() },
    });
  booking = String((await reserve(2)).body['reservation_id']);
  await f.call('POST', '/api/v1/bookings/confirm', {
    token,
    body: { reservation_id: booking, payment_token: 't', payment_method: 'card' },
  });
  await reserve(1);
  await reserve(1, await f.tokens.user());
});
afterAll(() => f.close());

test('each check names the row that breaks it', async () => {
  expect(await f.broken()).toEqual([]);
  // Each damages the tables behind the service's back and breaks the invariant beside it.
  const statements: readonly (readonly [string, string])[] = [
    [
      'I1, I2',
      'alter table inventory drop constraint inventory_balances; update inventory set blocked = blocked + 1',
    ],
    ['I3, I14', 'update inventory set held = held - 1, sold = sold + 1'],
    ['I6, I35', 'update event_sales set version = version + 1'],
    [
      'I6, I35',
      "update outbox set payload = jsonb_set(payload::jsonb, '{version}', '2')::json where type = 'booking.stock_changed'",
    ],
    // Seen only by who looks at the holds: catalog and window agree.
    [
      'I9',
      "update event_details set sale_mode = 'window', opens_at = date_trunc('milliseconds', clock_timestamp() + interval '1 hour'); update event_sales s set sells_from = d.opens_at from event_details d where d.event_id = s.event_id",
    ],
    // Seen only by who compares the window with the command that is in force.
    [
      'I9',
      "insert into armed_sales (event_id, epoch, uid, generation, opens_at, intent) select event_id, 1, 'a', 1, clock_timestamp(), 'Stop' from event_sales",
    ],
    ['I10', 'update event_sales set max_per_buyer = 2'],
    ['I11', 'update bookings set total_minor = total_minor + 1'],
    ['I11', "update bookings set currency = 'EUR'"],
    ['I12, I13', "update bookings set status = 'expired' where status = 'pending'"],
    ['I12, I13', "update booking_transitions set from_status = 'cancelled' where from_status = 'paying'"],
    ['I12, I13', 'delete from booking_transitions where revision = 2'],
    [
      'I15',
      "update bookings set expires_at = clock_timestamp() - interval '1 minute' where status = 'pending'",
    ],
    ['I16', 'update bookings set tier_ids = array[gen_random_uuid()]'],
    ['I16', 'update tickets set booking_id = gen_random_uuid()'],
    [
      'I17',
      "drop index bookings_key; update bookings set idempotency_key = 'same', user_id = (select user_id from bookings limit 1)",
    ],
    [
      'I22, I23',
      "insert into booking_refunds (id, event_id, booking_id, attempt, amount_minor, reason, status) select gen_random_uuid(), event_id, id, 1, total_minor + 1, 'x', 'succeeded' from bookings",
    ],
    ['I27, I30', 'update inventory set available = 1, held = held - 1'],
    ['I28, I29, I31', "update waitlist_entries set status = 'offered'"],
    ['I28, I29, I31', 'update bookings set waitlist_id = gen_random_uuid()'],
    ['I32, I33', "update tickets set status = 'void' where number = 1"],
    ['I32, I33', "update tickets set salt = 'short'"],
  ];
  for (const [invariant, damage] of statements) {
    const found = await underDamage(damage);
    expect(found, damage).toContain(invariant);
  }
  expect(await f.broken()).toEqual([]);
});

class Undo extends Error {}

/** The invariants that the checks find broken after `damage`, which is rolled back. */
async function underDamage(damage: string): Promise<string[]> {
  let found: string[] = [];
  await f.database.db
    .transaction(async (client) => {
      await client.query(damage);
      const checks = await verifyBooking(client);
      found = checks.filter((check) => check.violations.count > 0).map((check) => check.invariant);
      throw new Undo();
    })
    .catch((error: unknown) => {
      if (!(error instanceof Undo)) throw error;
    });
  return found;
}

/** Fifty buyers, each with four reservations from four connections at once; answers what `verify` finds. */
async function race(raceEvent: string, tierId: string): Promise<string[]> {
  const one = (buyer: string): Promise<unknown> =>
    reserveBatch(f.database.db, raceEvent, 'racer', 600, randomUUID(), [
      { id: randomUUID(), userId: buyer, key: randomUUID(), tierId, quantity: 1 },
    ]);
  for (let round = 0; round < 50; round += 1) {
    const buyer = randomUUID();
    await Promise.allSettled([one(buyer), one(buyer), one(buyer), one(buyer)]);
  }
  const checks = await verifyBooking(f.database.db);
  return checks.filter((check) => check.violations.count > 0).map((check) => check.invariant);
}

test('racing batches keep the limit of a buyer, and break it when the lock is taken away', async () => {
  const guarded = await f.publish({ capacity: 1_000, max_per_buyer: 1 });
  expect(await race(guarded.eventId, guarded.tierIds[0] ?? '')).toEqual([]);

  const { rows } = await f.database.db.query<{ source: string }>(
    "select pg_get_functiondef('reserve_batch'::regproc) as source",
  );
  const source = rows[0]?.source ?? '';
  expect(source).toContain('for update;');
  await f.database.db.query(source.replace('for update;', ';'));
  const unguarded = await f.publish({ capacity: 1_000, max_per_buyer: 1 });
  const broken = await race(unguarded.eventId, unguarded.tierIds[0] ?? '');
  await f.database.db.query(source);
  expect(broken).toContain('I10');
});
