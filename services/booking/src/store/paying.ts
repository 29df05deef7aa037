/** Statements of paying: the step from pending to paying, and what must be asked about again. */
import type { Sql } from '@evently/kit/postgres';
import type { Booking } from '../domain/booking.ts';
import { bookingColumns, bookingOf, qualifiedColumns, type BookingRow } from './bookings.ts';

export type PayingAsk = { bookingId: string; userId: string; paymentMethod: string };

/**
 * Moves live holds of one event to `paying` with a new attempt, and answers them by id. Missing are those
 * that are not this buyer's, not pending, or over by the database's clock, and all when the event was
 * cancelled. Each (booking, buyer) is here once. The lateral look takes each row by its key: joined, all live
 * holds of all events were read for each batch (1.4 of 2 ms with 4,500 of them). No stock changes, so the
 * event's row is not locked; the bookings are, in order of id, as every change of stock does after the event
 * (nothing is locked after them).
 */
export async function beginPaying(
  client: Sql,
  eventId: string,
  asks: readonly PayingAsk[],
  leaseSeconds: number,
): Promise<Map<string, Booking>> {
  const { rows } = await client.query<BookingRow>({
    name: 'begin-paying',
    text: `with asked as materialized (
             select $1::uuid as event_id, id, user_id, payment_method
               from unnest($2::uuid[], $3::uuid[], $4::text[]) a(id, user_id, payment_method)
              where not exists (select 1 from event_sales s where s.event_id = $1 and s.status = 'cancelled')
              order by id
           ), held as materialized (
             select b.id, b.event_id, a.payment_method
               from asked a cross join lateral (
                    select id, event_id from bookings h
                     where h.id = a.id and h.event_id = a.event_id and h.user_id = a.user_id
                       and h.status = 'pending' and h.expires_at > clock_timestamp()
                       for update) b
           ), paying as (
             update bookings b
                set status = 'paying', revision = b.revision + 1, attempt = b.attempt + 1, paying_since = clock_timestamp(),
                    check_at = clock_timestamp() + make_interval(secs => $5), payment_method = h.payment_method
               from held h
              where b.id = h.id and b.event_id = h.event_id
          returning ${qualifiedColumns}
           ), noted as (
             insert into booking_transitions (booking_id, revision, event_id, from_status, to_status, cause, at)
             select id, revision, event_id, 'pending', 'paying', 'confirm', clock_timestamp() from paying
           )
           select ${bookingColumns} from paying`,
    values: [
      eventId,
      asks.map((ask) => ask.bookingId),
      asks.map((ask) => ask.userId),
      asks.map((ask) => ask.paymentMethod),
      leaseSeconds,
    ],
  });
  return new Map(rows.map((row) => [row.id, bookingOf(row)]));
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
                     where status in ('paying', 'payment_unknown') and check_at <= statement_timestamp()
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
