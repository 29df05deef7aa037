/** The books of one event: its stock by the counters and by the bookings, its committed batches, its bookings in time. */
import type { Sql } from '@evently/kit/postgres';

export type EventBooks = {
  name: string;
  capacity: number;
  available: number;
  held: number;
  sold: number;
  blocked: number;
  /** Counted from the bookings; the counters must say the same (I3). */
  heldByBookings: number;
  soldByBookings: number;
  /** What the bookings hold and have bought above the capacity of their tier. */
  oversold: number;
};

type BooksRow = { name: string } & Record<(typeof bookColumns)[number], string>;
const bookColumns = [
  'capacity',
  'available',
  'held',
  'sold',
  'blocked',
  'held_by_bookings',
  'sold_by_bookings',
  'oversold',
] as const;

/** Null for an event that booking does not know. One statement, so that all numbers are of one moment. */
export async function readEventBooks(sql: Sql, eventId: string): Promise<EventBooks | null> {
  const { rows } = await sql.query<BooksRow>(
    `with counted as (
       select l.tier_id,
              sum(l.quantity) filter (where b.status in ('pending', 'paying', 'payment_unknown')) as held,
              sum(l.quantity) filter (where b.status = 'confirmed') as sold
         from bookings b, unnest(b.tier_ids, b.quantities) l(tier_id, quantity)
        where b.event_id = $1
        group by 1)
     select d.name, sum(i.capacity) as capacity, sum(i.available) as available, sum(i.held) as held,
            sum(i.sold) as sold, sum(i.blocked) as blocked,
            sum(coalesce(c.held, 0)) as held_by_bookings, sum(coalesce(c.sold, 0)) as sold_by_bookings,
            sum(greatest(0, coalesce(c.held, 0) + coalesce(c.sold, 0) - i.capacity)) as oversold
       from inventory i
       join event_details d on d.event_id = i.event_id
       left join counted c on c.tier_id = i.tier_id
      where i.event_id = $1
      group by d.name`,
    [eventId],
  );
  const [row] = rows;
  if (row === undefined) return null;
  return {
    name: row.name,
    capacity: Number(row.capacity),
    available: Number(row.available),
    held: Number(row.held),
    sold: Number(row.sold),
    blocked: Number(row.blocked),
    heldByBookings: Number(row.held_by_bookings),
    soldByBookings: Number(row.sold_by_bookings),
    oversold: Number(row.oversold),
  };
}

export type EventBatches = {
  count: number;
  reservations: number;
  largest: number;
  /** Batches whose predecessor another process had committed. */
  conflicts: number;
  firstVersion: number | null;
  lastVersion: number | null;
};

type BatchesRow = {
  count: string;
  reservations: string | null;
  largest: number | null;
  conflicts: string;
  first_version: string | null;
  last_version: string | null;
};

/** Batches that reserved, by the messages that were committed with them, as far back as the outbox keeps them. */
export async function readEventBatches(sql: Sql, eventId: string): Promise<EventBatches> {
  const { rows } = await sql.query<BatchesRow>(
    `with changes as (
       select (payload ->> 'version')::bigint as version, payload ->> 'cause' as cause, payload ->> 'writer' as writer,
              (payload ->> 'reservations')::integer as reservations,
              lag(payload ->> 'writer') over (order by (payload ->> 'version')::bigint) as writer_before
         from outbox where topic = 'booking' and type = 'booking.stock_changed' and key = $1)
     select count(*) as count, sum(reservations) as reservations, max(reservations) as largest,
            count(*) filter (where writer_before <> '' and writer_before <> writer) as conflicts,
            min(version) as first_version, max(version) as last_version
       from changes where cause = 'reserve'`,
    [eventId],
  );
  const [row] = rows;
  const numberOrNull = (text: string | null | undefined): number | null =>
    text === null || text === undefined ? null : Number(text);
  return {
    count: Number(row?.count ?? 0),
    reservations: Number(row?.reservations ?? 0),
    largest: row?.largest ?? 0,
    conflicts: Number(row?.conflicts ?? 0),
    firstVersion: numberOrNull(row?.first_version),
    lastVersion: numberOrNull(row?.last_version),
  };
}

export type BookingMoment = {
  /** Milliseconds since 1970. */
  createdMs: number;
  confirmedMs: number | null;
  endedMs: number | null;
  status: string;
  quantity: number;
};

type MomentRow = {
  created_at: Date;
  confirmed_at: Date | null;
  ended_at: Date | null;
  status: string;
  quantity: number;
};

/** The first `limit` bookings in order of their reservation, without saying whose they are. */
export async function listBookingMoments(sql: Sql, eventId: string, limit: number): Promise<BookingMoment[]> {
  const { rows } = await sql.query<MomentRow>(
    `select created_at, confirmed_at, ended_at, status, quantity
       from bookings where event_id = $1 order by created_at, id limit $2`,
    [eventId, limit],
  );
  return rows.map((row) => ({
    createdMs: row.created_at.getTime(),
    confirmedMs: row.confirmed_at?.getTime() ?? null,
    endedMs: row.ended_at?.getTime() ?? null,
    status: row.status,
    quantity: row.quantity,
  }));
}

/** How many bookings of the event there are. */
export async function countBookings(sql: Sql, eventId: string): Promise<number> {
  const { rows } = await sql.query<{ count: string }>(
    'select count(*) as count from bookings where event_id = $1',
    [eventId],
  );
  return Number(rows[0]?.count ?? 0);
}
