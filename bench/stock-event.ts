/** An event in a database of the benchmark's own, as booking would keep it, and bookings of the past beside it. */
import { randomUUID } from 'node:crypto';
import type { Database, Sql } from '@evently/kit/postgres';

export type StockedEvent = { eventId: string; tierId: string };

/** Published and on sale without end, with `seats` of one tier. */
export async function stockEvent(sql: Sql, seats: number): Promise<StockedEvent> {
  const [eventId, tierId] = [randomUUID(), randomUUID()];
  await sql.query(
    `insert into event_sales (event_id, status, sells_from, sells_until, max_per_booking, currency, waitlist)
     values ($1, 'published', '-infinity', 'infinity', 10, 'INR', 'off')`,
    [eventId],
  );
  await sql.query(
    `insert into event_details (event_id, revision, catalog_version, name, venue_name, venue_address, starts_at,
                                ends_at, sale_mode, refund_policy)
     values ($1, 1, 1, 'Bench', '', '', now() + interval '30 days', now() + interval '31 days', 'open', '[]')`,
    [eventId],
  );
  await sql.query(
    `insert into inventory (event_id, tier_id, position, name, price_minor, capacity, available)
     values ($1, $2, 0, 'General', 49950, $3, $3)`,
    [eventId, tierId, seats],
  );
  return { eventId, tierId };
}

const seatsPerEvent = 10_000;

/**
 * Fills the tables with `bookings` of one seat each, `seatsPerEvent` to an event: one in `heldEvery` still held
 * for a day, all others bought, with the steps, tickets and counters that the service would have left. Ids are
 * of version 7 and in order of time, buyers and keys random, as real ones are.
 */
export async function fillBookings(db: Database, bookings: number, heldEvery: number): Promise<void> {
  for (let made = 0; made < bookings; made += seatsPerEvent) {
    const seats = Math.min(seatsPerEvent, bookings - made);
    await db.transaction(async (client) => {
      const { eventId, tierId } = await stockEvent(client, seats);
      await insertBookings(client, { eventId, tierId }, seats, heldEvery);
    });
  }
}

async function insertBookings(
  sql: Sql,
  { eventId, tierId }: StockedEvent,
  count: number,
  heldEvery: number,
): Promise<void> {
  await sql.query(
    `insert into bookings (id, event_id, user_id, idempotency_key, tier_ids, quantities, unit_prices, quantity,
                           total_minor, currency, status, revision, attempt, created_at, first_expires_at,
                           expires_at, confirmed_at)
     select uuidv7(), $1, gen_random_uuid(), gen_random_uuid()::text, array[$2::uuid], array[1], array[49950::bigint],
            1, 49950, 'INR', case when held then 'pending' else 'confirmed' end, case when held then 1 else 3 end,
            case when held then 0 else 1 end, now(), now() + interval '1 day', now() + interval '1 day',
            case when held then null else now() end
       from (select at % $4::integer = 0 as held from generate_series(1, $3::integer) at) row`,
    [eventId, tierId, count, heldEvery],
  );
  await sql.query(
    `insert into booking_transitions (booking_id, revision, event_id, from_status, to_status, cause, at)
     select id, s.revision, event_id, s.from_status, s.to_status, s.cause, now()
       from bookings, (values (2, 'pending', 'paying', 'confirm'), (3, 'paying', 'confirmed', 'payment_succeeded'))
                      s(revision, from_status, to_status, cause)
      where event_id = $1 and status = 'confirmed'`,
    [eventId],
  );
  await sql.query(
    `insert into tickets (booking_id, number, event_id, tier_id, salt, code_hash, status)
     select id, 1, event_id, tier_ids[1], uuid_send(gen_random_uuid()), sha256(uuid_send(id)), 'valid'
       from bookings where event_id = $1 and status = 'confirmed'`,
    [eventId],
  );
  await sql.query(
    `update inventory i set available = available - held_now - sold_now, held = held_now, sold = sold_now
       from (select count(*) filter (where status = 'pending') as held_now,
                    count(*) filter (where status = 'confirmed') as sold_now
               from bookings where event_id = $1) counted
      where i.event_id = $1`,
    [eventId],
  );
}
