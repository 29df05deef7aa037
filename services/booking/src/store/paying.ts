/** Statements of paying: the step from pending to paying, and what must be asked about again. */
import type { Sql } from '@evently/kit/postgres';
import type { Booking } from '../domain/booking.ts';
import { bookingColumns, bookingOf, type BookingRow } from './bookings.ts';

/**
 * Moves a live hold to `paying` with a new attempt; null when it is not pending, is over by the
 * database's clock, or its event was cancelled. One guarded update of one row: no stock changes, so the event's row is not locked.
 */
export async function beginPaying(
  client: Sql,
  bookingId: string,
  userId: string,
  leaseSeconds: number,
  paymentMethod: string,
): Promise<Booking | null> {
  const { rows } = await client.query<BookingRow>({
    name: 'begin-paying',
    text: `with paying as (
             update bookings
                set status = 'paying', revision = revision + 1, attempt = attempt + 1, paying_since = clock_timestamp(),
                    check_at = clock_timestamp() + make_interval(secs => $3), payment_method = $4
              where id = $1 and user_id = $2 and status = 'pending' and expires_at > clock_timestamp()
                and not exists (select 1 from event_sales s where s.event_id = bookings.event_id and s.status = 'cancelled')
          returning ${bookingColumns}
           ), noted as (
             insert into booking_transitions (booking_id, revision, event_id, from_status, to_status, cause, at)
             select id, revision, event_id, 'pending', 'paying', 'confirm', clock_timestamp() from paying
           )
           select ${bookingColumns} from paying`,
    values: [bookingId, userId, leaseSeconds, paymentMethod],
  });
  return rows[0] === undefined ? null : bookingOf(rows[0]);
}

/**
 * Claims up to `limit` bookings whose payment must be asked about, and puts their next question off by
 * `againSeconds`, so that another process does not ask at the same time. Rows in order of check_at, skipping
 * locked ones.
 */
export async function claimUnsettled(sql: Sql, limit: number, againSeconds: number): Promise<Booking[]> {
  const { rows } = await sql.query<BookingRow>({
    name: 'claim-unsettled',
    text: `update bookings
              set check_at = clock_timestamp() + make_interval(secs => $2)
            where (id, event_id) in (
                    select id, event_id from bookings
                     where status in ('paying', 'payment_unknown') and check_at <= clock_timestamp()
                     order by check_at limit $1 for update skip locked)
        returning ${bookingColumns}`,
    values: [limit, againSeconds],
  });
  return rows.map(bookingOf);
}

/** The database's clock, for decisions that are no part of a statement. */
export async function readNow(sql: Sql): Promise<Date> {
  const { rows } = await sql.query<{ now: Date }>({
    name: 'read-now',
    text: 'select clock_timestamp() as now',
  });
  const now = rows[0]?.now;
  if (now === undefined) throw new Error('the database has no clock');
  return now;
}
