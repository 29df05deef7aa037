/** What the database says: the truth about an event's seats, and what the sales cost in commits and log. */
import type { Database } from '@evently/kit/postgres';

/** Seats of one event by its counters and by its bookings. */
export type Stock = {
  capacity: number;
  available: number;
  /** Held and sold, by the counters. */
  taken: number;
  /** Seats of live and confirmed bookings, recounted. */
  booked: number;
};

export async function readStock(db: Database, eventId: string): Promise<Stock> {
  const { rows } = await db.query<Stock>(
    `select i.capacity, i.available, i.taken, coalesce(b.booked, 0)::integer as booked
       from (select sum(capacity)::integer as capacity, sum(available)::integer as available,
                    sum(held + sold)::integer as taken
               from inventory where event_id = $1) i,
            (select sum(quantity) as booked from bookings
              where event_id = $1 and status in ('pending', 'paying', 'payment_unknown', 'confirmed')) b`,
    [eventId],
  );
  const stock = rows[0];
  if (stock === undefined) throw new Error(`the event ${eventId} has no stock`);
  return stock;
}

const idsPerQuery = 10_000;

/** How many of the acknowledged reservations are not in the table. */
export async function countMissing(db: Database, eventId: string, ids: readonly string[]): Promise<number> {
  let present = 0;
  for (let from = 0; from < ids.length; from += idsPerQuery) {
    const { rows } = await db.query<{ present: number }>(
      'select count(*)::integer as present from bookings where event_id = $1 and id = any($2::uuid[])',
      [eventId, ids.slice(from, from + idsPerQuery)],
    );
    present += rows[0]?.present ?? 0;
  }
  return ids.length - present;
}

/** Bookings of one event, as one statement sees them. */
export async function countBooked(db: Database, eventId: string): Promise<number> {
  const { rows } = await db.query<{ booked: number }>(
    'select count(*)::integer as booked from bookings where event_id = $1',
    [eventId],
  );
  return rows[0]?.booked ?? 0;
}

/**
 * Counters of the whole database; a run is the difference of two readings. `flushes` are those of the log
 * (fsync or fdatasync), and as the log is one, of the whole server.
 */
export type DatabaseCounters = { commits: number; flushes: number; walBytes: number };

/**
 * Backends report their commits at most once a second, and idle ones within ten seconds, so a reading right
 * after a run misses some: wait first.
 */
export async function readCounters(db: Database): Promise<DatabaseCounters> {
  const { rows } = await db.query<{ commits: string; flushes: string; wal_bytes: string }>(
    `select xact_commit as commits, pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') as wal_bytes,
            (select coalesce(sum(fsyncs), 0) from pg_stat_io where object = 'wal' and context = 'normal') as flushes
       from pg_stat_database where datname = current_database()`,
  );
  return {
    commits: Number(rows[0]?.commits ?? 0),
    flushes: Number(rows[0]?.flushes ?? 0),
    walBytes: Number(rows[0]?.wal_bytes ?? 0),
  };
}
