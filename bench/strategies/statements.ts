/** The statements of the strategies, on booking's own tables, so that rows and indexes are the same for all. */
import type { Sql } from '@evently/kit/postgres';
import type { Order } from './strategy.ts';

export type Reserved = { id: string; expires_at: Date };

const columns = `id, event_id, user_id, idempotency_key, tier_ids, quantities, unit_prices, quantity,
                 total_minor, currency, status, created_at, first_expires_at, expires_at`;
const hold = `clock_timestamp(), clock_timestamp() + interval '15 minutes', clock_timestamp() + interval '15 minutes'`;

export type SeenStock = { version: string; available: number };

/** The stock as anybody sees it, without a lock. */
export async function readStockOf(sql: Sql, eventId: string): Promise<SeenStock | null> {
  const { rows } = await sql.query<SeenStock>({
    name: 'bench-read-stock',
    text: `select e.version, i.available from event_sales e join inventory i on i.event_id = e.event_id
            where e.event_id = $1`,
    values: [eventId],
  });
  return rows[0] ?? null;
}

/** Locks the event's row until the end of the transaction; its stock afterwards is the last committed one. */
export async function lockEvent(sql: Sql, eventId: string): Promise<void> {
  await sql.query({
    name: 'bench-lock',
    text: 'select version from event_sales where event_id = $1 for update',
    values: [eventId],
  });
}

/** Takes the seats if nothing was changed since `version` was read; null when somebody was faster. */
export async function takeAtVersion(
  sql: Sql,
  order: Order,
  id: string,
  version: string,
): Promise<Reserved | null> {
  const { rows } = await sql.query<Reserved>({
    name: 'bench-take-at-version',
    text: `with sale as (
             update event_sales set version = version + 1 where event_id = $2 and version = $6
             returning event_id, currency),
           taken as (
             update inventory i set available = i.available - $5, held = i.held + $5
               from sale where i.event_id = sale.event_id
             returning i.tier_id, i.price_minor, sale.currency)
           insert into bookings (${columns})
           select $1, $2, $3, $4, array[tier_id], array[$5::integer], array[price_minor], $5, price_minor * $5,
                  currency, 'pending', ${hold}
             from taken
           returning id, expires_at`,
    values: [id, order.eventId, order.userId, order.key, order.quantity, version],
  });
  return rows[0] ?? null;
}

/** Takes the seats if there are as many left, whoever else took some; null when there are not. */
export async function takeGuarded(sql: Sql, order: Order, id: string): Promise<Reserved | null> {
  const { rows } = await sql.query<Reserved>({
    name: 'bench-take-guarded',
    text: `with taken as (
             update inventory set available = available - $5, held = held + $5
              where event_id = $2 and available >= $5
             returning tier_id, price_minor)
           insert into bookings (${columns})
           select $1, $2, $3, $4, array[tier_id], array[$5::integer], array[price_minor], $5, price_minor * $5,
                  'INR', 'pending', ${hold}
             from taken
           returning id, expires_at`,
    values: [id, order.eventId, order.userId, order.key, order.quantity],
  });
  return rows[0] ?? null;
}

/** A sale that its buyer was told of before it was stored. */
export type Acknowledged = Order & { id: string };

/** Stores sales of one event that were made elsewhere, and takes their seats from its counters, in one statement. */
export async function storeBookings(sql: Sql, bookings: readonly Acknowledged[]): Promise<void> {
  await sql.query({
    name: 'bench-store-bookings',
    text: `with taken as (
             update inventory set available = available - $6, held = held + $6 where event_id = $1
             returning tier_id, price_minor)
           insert into bookings (${columns})
           select b.id, $1, b.user_id, b.key, array[tier_id], array[b.quantity], array[price_minor], b.quantity,
                  price_minor * b.quantity, 'INR', 'pending', ${hold}
             from unnest($2::uuid[], $3::uuid[], $4::text[], $5::integer[]) b(id, user_id, key, quantity), taken`,
    values: [
      bookings[0]?.eventId,
      bookings.map(({ id }) => id),
      bookings.map(({ userId }) => userId),
      bookings.map(({ key }) => key),
      bookings.map(({ quantity }) => quantity),
      bookings.reduce((sum, { quantity }) => sum + quantity, 0),
    ],
  });
}
