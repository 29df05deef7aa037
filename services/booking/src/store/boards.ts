/** Reads what a pod remembers of an event: its tiers, what is left, and who has something of it already. */
import type { Sql } from '@evently/kit/postgres';

export type BoardTier = {
  tierId: string;
  available: number;
  held: number;
  sold: number;
  blocked: number;
  capacity: number;
  priceMinor: number;
  name: string;
};
export type BoardRow = {
  eventId: string;
  version: number;
  status: 'published' | 'cancelled' | 'completed';
  currency: string;
  maxPerBooking: number;
  waitlist: 'automatic' | 'on_request' | 'off';
  waiting: number;
  /** Whether the window was open when this was read; never a reason to refuse later. */
  open: boolean;
  tiers: BoardTier[];
};

/** One event's stock as committed; null when booking does not know it. One snapshot, no lock. */
export async function readBoard(sql: Sql, eventId: string): Promise<BoardRow | null> {
  const { rows } = await sql.query<{
    event_id: string;
    version: string;
    status: BoardRow['status'];
    currency: string;
    max_per_booking: number;
    waitlist: BoardRow['waitlist'];
    waiting: string;
    open: boolean;
    tiers: {
      tier_id: string;
      name: string;
      price_minor: number;
      capacity: number;
      available: number;
      held: number;
      sold: number;
      blocked: number;
    }[];
  }>({
    name: 'read-board',
    text: `select s.event_id, s.version, s.status, s.currency, s.max_per_booking, s.waitlist,
                  case when s.waitlist_used
                       then (select count(*) from waitlist_entries w where w.event_id = s.event_id and w.status = 'waiting')
                       else 0 end as waiting,
                  clock_timestamp() >= s.sells_from and clock_timestamp() < s.sells_until as open,
                  (select json_agg(json_build_object('tier_id', i.tier_id, 'name', i.name, 'price_minor', i.price_minor,
                                   'capacity', i.capacity, 'available', i.available, 'held', i.held, 'sold', i.sold,
                                   'blocked', i.blocked) order by i.position, i.tier_id)
                     from inventory i where i.event_id = s.event_id) as tiers
             from event_sales s where s.event_id = $1`,
    values: [eventId],
  });
  const row = rows[0];
  if (row === undefined) return null;
  return {
    eventId: row.event_id,
    version: Number(row.version),
    status: row.status,
    currency: row.currency,
    maxPerBooking: row.max_per_booking,
    waitlist: row.waitlist,
    waiting: Number(row.waiting),
    open: row.open,
    tiers: row.tiers.map((tier) => ({
      tierId: tier.tier_id,
      name: tier.name,
      priceMinor: tier.price_minor,
      capacity: tier.capacity,
      available: tier.available,
      held: tier.held,
      sold: tier.sold,
      blocked: tier.blocked,
    })),
  };
}

/**
 * Buyers with any booking or active waitlist entry of the event: those the database must answer itself.
 * With `sinceId`, only those whose rows have an id from there on; ids carry their time, so this reads what is
 * new by the primary keys, however many buyers there are.
 */
export async function listKnownBuyers(sql: Sql, eventId: string, sinceId: string | null): Promise<string[]> {
  const { rows } =
    sinceId === null
      ? await sql.query<{ user_id: string }>({
          name: 'list-known-buyers',
          text: `select user_id from bookings where event_id = $1
                 union
                 select user_id from waitlist_entries where event_id = $1 and status in ('waiting', 'offered')`,
          values: [eventId],
        })
      : await sql.query<{ user_id: string }>({
          name: 'list-new-buyers',
          text: `select user_id from bookings where id >= $2 and event_id = $1
                 union
                 select user_id from waitlist_entries where id >= $2 and event_id = $1`,
          values: [eventId, sinceId],
        });
  return rows.map((row) => row.user_id);
}
