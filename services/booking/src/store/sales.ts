/** Rows of `event_sales` and `inventory`: the lock of an event, its stock and its version. */
import type { Sql } from '@evently/kit/postgres';
import type { Stock, Tier } from '../domain/stock.ts';

// Class of the advisory locks by which sweepers of several processes stay out of each other's way.
const sweepLockClass = 7_340_002;

export type LockedSale = {
  eventId: string;
  version: number;
  lastWriter: string;
  status: 'published' | 'cancelled' | 'completed';
  maxPerBooking: number;
  maxPerBuyer: number | null;
  currency: string;
  waitlist: 'automatic' | 'on_request' | 'off';
  waitlistUsed: boolean;
  windingDown: boolean;
};

type SaleRow = {
  event_id: string;
  version: string;
  last_writer: string;
  status: LockedSale['status'];
  max_per_booking: number;
  max_per_buyer: number | null;
  currency: string;
  waitlist: LockedSale['waitlist'];
  waitlist_used: boolean;
  winding_down: boolean;
};

/**
 * Locks the event until the transaction ends: the first lock of every change of stock. A statement of its
 * own, because after a wait only the locked row is read again; what follows must start a new snapshot.
 */
export async function lockSale(client: Sql, eventId: string): Promise<LockedSale | null> {
  const { rows } = await client.query<SaleRow>({
    name: 'lock-sale',
    text: `select event_id, version, last_writer, status, max_per_booking, max_per_buyer, currency, waitlist,
                  waitlist_used, winding_down
             from event_sales where event_id = $1 for update`,
    values: [eventId],
  });
  const row = rows[0];
  return row === undefined ? null : saleOf(row);
}

/**
 * Locks the event for a sweeper: null at once when another sweeper is at it, and behind everybody else in the
 * row's queue. A sweeper that skipped a locked row would never come to an event that sells all the time.
 */
export async function lockSaleForSweep(client: Sql, eventId: string): Promise<LockedSale | null> {
  const { rows } = await client.query<{ held: boolean }>({
    name: 'sweep-turn',
    text: 'select pg_try_advisory_xact_lock($1, hashtext($2)) as held',
    values: [sweepLockClass, eventId],
  });
  return rows[0]?.held === true ? lockSale(client, eventId) : null;
}

function saleOf(row: SaleRow): LockedSale {
  return {
    eventId: row.event_id,
    version: Number(row.version),
    lastWriter: row.last_writer,
    status: row.status,
    maxPerBooking: row.max_per_booking,
    maxPerBuyer: row.max_per_buyer,
    currency: row.currency,
    waitlist: row.waitlist,
    waitlistUsed: row.waitlist_used,
    windingDown: row.winding_down,
  };
}

export type WindowNow = {
  now: Date;
  open: boolean;
  closed: boolean;
  opensAt: Date | null;
  closesAt: Date | null;
};

/** The database's clock after the lock was had, and where it stands to the window (I9). No lock taken. */
export async function readWindow(client: Sql, eventId: string): Promise<WindowNow> {
  const { rows } = await client.query<{
    now: Date;
    open: boolean;
    closed: boolean;
    opens_at: Date | null;
    closes_at: Date | null;
  }>({
    name: 'read-window',
    text: `select t.now, t.now >= s.sells_from and t.now < s.sells_until as open, t.now >= s.sells_until as closed,
                  case when isfinite(s.sells_from) then s.sells_from end as opens_at,
                  case when isfinite(s.sells_until) then s.sells_until end as closes_at
             from event_sales s, (select clock_timestamp() as now offset 0) t
            where s.event_id = $1`,
    values: [eventId],
  });
  const row = rows[0];
  if (row === undefined) throw new Error(`event ${eventId} lost its sale while locked`);
  return { now: row.now, open: row.open, closed: row.closed, opensAt: row.opens_at, closesAt: row.closes_at };
}

type TierRow = {
  tier_id: string;
  position: number;
  name: string;
  price_minor: string;
  capacity: number;
  available: number;
  held: number;
  sold: number;
  blocked: number;
};

/** Stock of one event, by position. No lock: the sale's row guards it. */
export async function readStock(client: Sql, eventId: string): Promise<Stock> {
  const { rows } = await client.query<TierRow>({
    name: 'read-stock',
    text: `select tier_id, position, name, price_minor, capacity, available, held, sold, blocked
             from inventory where event_id = $1 order by position, tier_id`,
    values: [eventId],
  });
  return new Map(rows.map((row) => [row.tier_id, tierOf(row)]));
}

function tierOf(row: TierRow): Tier {
  return {
    tierId: row.tier_id,
    position: row.position,
    name: row.name,
    priceMinor: Number(row.price_minor),
    capacity: row.capacity,
    available: row.available,
    held: row.held,
    sold: row.sold,
    blocked: row.blocked,
  };
}

/**
 * Writes the counters of the tiers and raises the event's version by one, signed; answers the new version
 * (I6). The sale's row is locked, so nobody else changes them; the constraint of the table refuses a sum that
 * does not balance.
 */
export async function writeStock(
  client: Sql,
  eventId: string,
  tiers: readonly Tier[],
  writer: string,
): Promise<number> {
  const { rows } = await client.query<{ version: string }>({
    name: 'write-stock',
    text: `with written as (
             update inventory i
                set available = t.available, held = t.held, sold = t.sold, blocked = t.blocked
               from unnest($2::uuid[], $3::integer[], $4::integer[], $5::integer[], $6::integer[])
                    t(tier_id, available, held, sold, blocked)
              where i.event_id = $1 and i.tier_id = t.tier_id
           )
           update event_sales set version = version + 1, last_writer = $7 where event_id = $1 returning version`,
    values: [
      eventId,
      tiers.map((tier) => tier.tierId),
      tiers.map((tier) => tier.available),
      tiers.map((tier) => tier.held),
      tiers.map((tier) => tier.sold),
      tiers.map((tier) => tier.blocked),
      writer,
    ],
  });
  return Number(rows[0]?.version);
}

export async function markWaitlistUsed(client: Sql, eventId: string): Promise<void> {
  await client.query({
    name: 'mark-waitlist-used',
    text: 'update event_sales set waitlist_used = true where event_id = $1 and not waitlist_used',
    values: [eventId],
  });
}
