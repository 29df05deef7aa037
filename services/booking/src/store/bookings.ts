/** Rows of `bookings` and their transitions. */
import type { Sql } from '@evently/kit/postgres';
import type { Booking, BookingStatus, Cause, Line } from '../domain/booking.ts';

export type BookingRow = {
  id: string;
  event_id: string;
  user_id: string;
  idempotency_key: string;
  tier_ids: string[];
  quantities: number[];
  unit_prices: string[];
  quantity: number;
  total_minor: string;
  currency: string;
  status: BookingStatus;
  revision: number;
  created_at: Date;
  first_expires_at: Date;
  expires_at: Date;
  waitlist_id: string | null;
  attempt: number;
  grace_granted: boolean;
  paying_since: Date | null;
  payment_id: string | null;
  transaction_id: string | null;
  confirmed_at: Date | null;
};

const columnNames = [
  'id',
  'event_id',
  'user_id',
  'idempotency_key',
  'tier_ids',
  'quantities',
  'unit_prices',
  'quantity',
  'total_minor',
  'currency',
  'status',
  'revision',
  'created_at',
  'first_expires_at',
  'expires_at',
  'waitlist_id',
  'attempt',
  'grace_granted',
  'paying_since',
  'payment_id',
  'transaction_id',
  'confirmed_at',
] as const;
export const bookingColumns = columnNames.join(', ');
/** The same of a table that is called `b`. */
export const qualifiedColumns = columnNames.map((name) => `b.${name}`).join(', ');

// Statements that name bookings join on (id, event_id) with a list that carries the event. Compared with the
// parameter itself, a new event has next to no rows by the statistics, and the planner reads all of them, at
// each confirmation, under the event's lock: with 25,000 bookings 30 ms instead of 0.3.

export function bookingOf(row: BookingRow): Booking {
  return {
    id: row.id,
    eventId: row.event_id,
    userId: row.user_id,
    idempotencyKey: row.idempotency_key,
    lines: linesOf(row),
    quantity: row.quantity,
    totalMinor: Number(row.total_minor),
    currency: row.currency,
    status: row.status,
    revision: row.revision,
    createdAt: row.created_at,
    firstExpiresAt: row.first_expires_at,
    expiresAt: row.expires_at,
    waitlistId: row.waitlist_id,
    attempt: row.attempt,
    graceGranted: row.grace_granted,
    payingSince: row.paying_since,
    paymentId: row.payment_id,
    transactionId: row.transaction_id,
    confirmedAt: row.confirmed_at,
  };
}

function linesOf(row: BookingRow): Line[] {
  return row.tier_ids.map((tierId, at) => ({
    tierId,
    quantity: row.quantities[at] ?? 0,
    unitPriceMinor: Number(row.unit_prices[at] ?? 0),
  }));
}

export async function findBooking(sql: Sql, bookingId: string): Promise<Booking | null> {
  const { rows } = await sql.query<BookingRow>({
    name: 'find-booking',
    text: `select ${bookingColumns} from bookings where id = $1`,
    values: [bookingId],
  });
  return rows[0] === undefined ? null : bookingOf(rows[0]);
}

export type Owned = Pick<Booking, 'id' | 'eventId' | 'userId' | 'status'>;

/** Whose these bookings are, of which event, and how they stand; by id. */
export async function findOwned(sql: Sql, bookingIds: readonly string[]): Promise<Map<string, Owned>> {
  const { rows } = await sql.query<Pick<BookingRow, 'id' | 'event_id' | 'user_id' | 'status'>>({
    name: 'find-owned',
    text: 'select id, event_id, user_id, status from bookings where id = any($1::uuid[])',
    values: [bookingIds],
  });
  return new Map(
    rows.map((row) => [
      row.id,
      { id: row.id, eventId: row.event_id, userId: row.user_id, status: row.status },
    ]),
  );
}

/** The stored reservations of these (buyer, key) pairs. Under the sale's lock nobody adds one meanwhile. */
export async function findByKeys(
  client: Sql,
  eventId: string,
  userIds: readonly string[],
  keys: readonly string[],
): Promise<Booking[]> {
  const { rows } = await client.query<BookingRow>({
    name: 'find-by-keys',
    text: `with r as materialized (
             select $1::uuid as event_id, user_id, key from unnest($2::uuid[], $3::text[]) u(user_id, key))
           select ${qualifiedColumns}
             from r join bookings b on b.event_id = r.event_id and b.user_id = r.user_id and b.idempotency_key = r.key`,
    values: [eventId, userIds, keys],
  });
  return rows.map(bookingOf);
}

/** Tickets that each of these buyers holds or has bought of the event (I10). */
export async function countHeld(
  client: Sql,
  eventId: string,
  userIds: readonly string[],
): Promise<Map<string, number>> {
  const { rows } = await client.query<{ user_id: string; quantity: string }>({
    name: 'count-held',
    text: `select user_id, sum(quantity) as quantity from bookings
            where event_id = $1 and user_id = any($2::uuid[])
              and status in ('pending', 'paying', 'payment_unknown', 'confirmed')
            group by user_id`,
    values: [eventId, userIds],
  });
  return new Map(rows.map((row) => [row.user_id, Number(row.quantity)]));
}

/** Locks these bookings of one event in order of id, after the sale's row (the lock order of this service). */
export async function lockBookings(
  client: Sql,
  eventId: string,
  bookingIds: readonly string[],
): Promise<Map<string, Booking>> {
  const { rows } = await client.query<BookingRow>({
    name: 'lock-bookings',
    text: `with r as materialized (select $1::uuid as event_id, id from unnest($2::uuid[]) u(id))
           select ${qualifiedColumns} from r join bookings b on b.id = r.id and b.event_id = r.event_id
            order by b.id for update of b`,
    values: [eventId, bookingIds],
  });
  return new Map(rows.map((row) => [row.id, bookingOf(row)]));
}

/**
 * Locks up to `limit` holds of the event that were over at `at`, the first to lapse, in order of id. `at` is the
 * database's clock as the change read it: a hold that ends between the two would seem to lapse before its time
 * (I13). They are found by their end: in order of id, all that ended before would be read again each time.
 */
export async function lockLapsedHolds(
  client: Sql,
  eventId: string,
  at: Date,
  limit: number,
): Promise<Booking[]> {
  const { rows } = await client.query<BookingRow>({
    name: 'lock-lapsed-holds',
    text: `with due as materialized (
             select id from bookings
              where status = 'pending' and expires_at <= $2 and event_id = $1
              order by expires_at limit $3)
           select ${bookingColumns} from bookings
            where event_id = $1 and id = any(array(select id from due))
            order by id for update`,
    values: [eventId, at, limit],
  });
  return rows.map(bookingOf);
}

/** Locks up to `limit` bookings of the event in one of `statuses`, in order of id. */
export async function lockByStatus(
  client: Sql,
  eventId: string,
  statuses: readonly BookingStatus[],
  limit: number,
): Promise<Booking[]> {
  const { rows } = await client.query<BookingRow>({
    name: 'lock-by-status',
    text: `select ${bookingColumns} from bookings
            where event_id = $1 and status = any($2::text[]) order by id limit $3 for update`,
    values: [eventId, statuses, limit],
  });
  return rows.map(bookingOf);
}

/**
 * Events that have lapsed holds, the longest lapsed first; locks nothing. Reads only what has lapsed, by the partial
 * index on expires_at: a bound by `clock_timestamp()` would read every hold, because a volatile value can be no bound of
 * an index (5.4 ms for each 10,000 holds, each second).
 */
export async function listEventsWithLapsedHolds(sql: Sql, limit: number): Promise<string[]> {
  const { rows } = await sql.query<{ event_id: string }>({
    name: 'events-with-lapsed-holds',
    text: `select event_id from (
             select event_id, expires_at from bookings
              where status = 'pending' and expires_at <= statement_timestamp()
              order by expires_at limit 10000) due
            group by event_id order by min(expires_at) limit $1`,
    values: [limit],
  });
  return rows.map((row) => row.event_id);
}

function rowOf(booking: Booking): Record<string, unknown> {
  return {
    id: booking.id,
    user_id: booking.userId,
    idempotency_key: booking.idempotencyKey,
    tier_ids: booking.lines.map((line) => line.tierId),
    quantities: booking.lines.map((line) => line.quantity),
    unit_prices: booking.lines.map((line) => line.unitPriceMinor),
    quantity: booking.quantity,
    total_minor: booking.totalMinor,
    currency: booking.currency,
    status: booking.status,
    created_at: booking.createdAt,
    first_expires_at: booking.firstExpiresAt,
    expires_at: booking.expiresAt,
    waitlist_id: booking.waitlistId,
  };
}

/** Inserts new bookings of one event; a repeated key is a unique violation, because callers looked before. */
export async function insertBookings(
  client: Sql,
  eventId: string,
  bookings: readonly Booking[],
): Promise<void> {
  await client.query({
    name: 'insert-bookings',
    text: `insert into bookings (id, event_id, user_id, idempotency_key, tier_ids, quantities, unit_prices, quantity,
                                 total_minor, currency, status, created_at, first_expires_at, expires_at, waitlist_id)
           select id, $1, user_id, idempotency_key, tier_ids, quantities, unit_prices, quantity,
                  total_minor, currency, status, created_at, first_expires_at, expires_at, waitlist_id
             from json_to_recordset($2) r(id uuid, user_id uuid, idempotency_key text, tier_ids uuid[],
                  quantities integer[], unit_prices bigint[], quantity integer, total_minor bigint, currency text,
                  status text, created_at timestamptz, first_expires_at timestamptz, expires_at timestamptz,
                  waitlist_id uuid)`,
    values: [eventId, JSON.stringify(bookings.map(rowOf))],
  });
}

export type Transition = { booking: Booking; from: BookingStatus; cause: Cause; checkAt: Date | null };

/**
 * Writes bookings as they are after their last transition, with every transition. Their rows are locked. A
 * booking may be here twice: an update joined with both would keep either. Arrays and not JSON: of a record set
 * the planner expects 100 rows, and reads a whole table of a few thousand to update one (1.1 ms instead of 0.1).
 */
export async function writeTransitions(
  client: Sql,
  eventId: string,
  at: Date,
  transitions: readonly Transition[],
): Promise<void> {
  const last = new Map(transitions.map((transition) => [transition.booking.id, transition]));
  const of = <T>(pick: (booking: Booking) => T): T[] => transitions.map(({ booking }) => pick(booking));
  await client.query({
    name: 'write-transitions',
    text: `with r as materialized (
             select $1::uuid as event_id, id, status, revision, expires_at, attempt, grace_granted, paying_since,
                    check_at, payment_id, transaction_id, confirmed_at, from_status, cause, last
               from unnest($3::uuid[], $4::text[], $5::integer[], $6::timestamptz[], $7::smallint[], $8::boolean[],
                    $9::timestamptz[], $10::timestamptz[], $11::uuid[], $12::text[], $13::timestamptz[], $14::text[],
                    $15::text[], $16::boolean[])
                    r(id, status, revision, expires_at, attempt, grace_granted, paying_since, check_at, payment_id,
                    transaction_id, confirmed_at, from_status, cause, last)
           ), written as (
             update bookings b
                set status = r.status, revision = r.revision, expires_at = r.expires_at, attempt = r.attempt,
                    grace_granted = r.grace_granted, paying_since = r.paying_since, check_at = r.check_at,
                    payment_id = r.payment_id, transaction_id = r.transaction_id, confirmed_at = r.confirmed_at,
                    ended_at = case when r.status in ('cancelled', 'expired') then $2::timestamptz end
               from r where b.id = r.id and b.event_id = r.event_id and r.last
           )
           insert into booking_transitions (booking_id, revision, event_id, from_status, to_status, cause, at)
           select id, revision, event_id, from_status, status, cause, $2 from r`,
    values: [
      eventId,
      at,
      of((booking) => booking.id),
      of((booking) => booking.status),
      of((booking) => booking.revision),
      of((booking) => booking.expiresAt),
      of((booking) => booking.attempt),
      of((booking) => booking.graceGranted),
      of((booking) => booking.payingSince),
      transitions.map(({ checkAt }) => checkAt),
      of((booking) => booking.paymentId),
      of((booking) => booking.transactionId),
      of((booking) => booking.confirmedAt),
      transitions.map(({ from }) => from),
      transitions.map(({ cause }) => cause),
      transitions.map((transition) => last.get(transition.booking.id) === transition),
    ],
  });
}

/**
 * An offer takes the first key under which its buyer asked, so that this request, repeated, finds it whatever
 * became of it. A later key only looked at the offer and leaves no trace (I17). Keys that begin with the
 * control character are offers' own.
 */
export async function writeKey(client: Sql, booking: Booking, key: string): Promise<void> {
  await client.query({
    name: 'write-key',
    text: `update bookings set idempotency_key = $3
            where id = $1 and event_id = $2 and starts_with(idempotency_key, chr(1))`,
    values: [booking.id, booking.eventId, key],
  });
}

export type Page = { limit: number; offset: number };

// One look into each segment of the index by buyer (migration 0007): a plain condition on user_id is left to the
// planner, which without statistics skips through the index of keys, one look for each event there is.
const bookingsOfUser = `generate_series(0, (select max(segment) from bookings)) s(segment)
            cross join lateral (select ${bookingColumns} from bookings b where b.segment = s.segment and b.user_id = $1 offset 0) b
            where ($2::text is null or b.status = $2)`;

/** A buyer's bookings, newest first, with their number. */
export async function listByUser(
  sql: Sql,
  userId: string,
  status: BookingStatus | null,
  page: Page,
): Promise<{ bookings: Booking[]; total: number }> {
  const { rows } = await sql.query<BookingRow>({
    name: 'list-by-user',
    text: `select ${bookingColumns} from ${bookingsOfUser} order by id desc limit $3 offset $4`,
    values: [userId, status, page.limit, page.offset],
  });
  return { bookings: rows.map(bookingOf), total: await countByUser(sql, userId, status) };
}

async function countByUser(sql: Sql, userId: string, status: BookingStatus | null): Promise<number> {
  const { rows } = await sql.query<{ total: string }>({
    name: 'count-by-user',
    text: `select count(*) as total from ${bookingsOfUser}`,
    values: [userId, status],
  });
  return Number(rows[0]?.total ?? 0);
}
