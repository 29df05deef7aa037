/** Rows of `payments`: one per (booking, attempt), committed before the provider hears of it. */
import type { Sql } from '@evently/kit/postgres';
import type { Payment } from '../domain/payment.ts';

const columnNames = [
  'id',
  'booking_id',
  'event_id',
  'user_id',
  'attempt',
  'status',
  'amount_minor',
  'currency',
  'refunded_minor',
  'transaction_id',
  'decline_code',
  'void_requested_at is not null as void_requested',
  'created_at',
] as const;
const columns = columnNames.join(', ');
const qualified = columnNames.map((name) => `p.${name}`).join(', ');

type PaymentRow = {
  id: string;
  booking_id: string;
  event_id: string;
  user_id: string | null;
  attempt: number;
  status: Payment['status'];
  amount_minor: string | null;
  currency: string | null;
  refunded_minor: string;
  transaction_id: string | null;
  decline_code: string | null;
  void_requested: boolean;
  created_at: Date;
};

function paymentOf(row: PaymentRow): Payment {
  return {
    id: row.id,
    bookingId: row.booking_id,
    eventId: row.event_id,
    userId: row.user_id,
    attempt: row.attempt,
    status: row.status,
    amountMinor: row.amount_minor === null ? null : Number(row.amount_minor),
    currency: row.currency,
    refundedMinor: Number(row.refunded_minor),
    transactionId: row.transaction_id,
    declineCode: row.decline_code,
    voidRequested: row.void_requested,
    createdAt: row.created_at,
  };
}

function firstOf(rows: readonly PaymentRow[]): Payment | null {
  const row = rows[0];
  return row === undefined ? null : paymentOf(row);
}

function byId(rows: readonly PaymentRow[]): Map<string, Payment> {
  return new Map(rows.map((row) => [row.id, paymentOf(row)]));
}

export type NewPayment = {
  id: string;
  bookingId: string;
  eventId: string;
  userId: string;
  attempt: number;
  provider: string;
  amountMinor: number;
  currency: string;
  /** When the reconciler may ask about it, should nobody come back: after the provider's deadline. */
  firstCheckAfterMs: number;
};

/**
 * Inserts the attempts as `capturing`, one result each in their order; null when the pair has a row already,
 * the first of a pair that is here twice being its row. In order of the pair, so that two batches of two
 * processes wait for each other at the unique index in one direction only.
 */
export async function insertPayments(sql: Sql, payments: readonly NewPayment[]): Promise<(Payment | null)[]> {
  const { rows } = await sql.query<PaymentRow>({
    name: 'insert-payments',
    text: `insert into payments (id, booking_id, event_id, user_id, attempt, provider, status, amount_minor, currency, next_check_at)
           select n.id, n.booking_id, n.event_id, n.user_id, n.attempt, n.provider, 'capturing', n.amount_minor, n.currency,
                  clock_timestamp() + n.check_after_ms * interval '1 millisecond'
             from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::integer[], $6::text[], $7::bigint[],
                         $8::text[], $9::bigint[]) with ordinality
                  n(id, booking_id, event_id, user_id, attempt, provider, amount_minor, currency, check_after_ms, place)
            order by n.booking_id, n.attempt, n.place
           on conflict (booking_id, attempt) do nothing
           returning ${columns}`,
    values: [
      payments.map((payment) => payment.id),
      payments.map((payment) => payment.bookingId),
      payments.map((payment) => payment.eventId),
      payments.map((payment) => payment.userId),
      payments.map((payment) => payment.attempt),
      payments.map((payment) => payment.provider),
      payments.map((payment) => payment.amountMinor),
      payments.map((payment) => payment.currency),
      payments.map((payment) => payment.firstCheckAfterMs),
    ],
  });
  const inserted = byId(rows);
  return payments.map((payment) => inserted.get(payment.id) ?? null);
}

export type Tombstone = { id: string; bookingId: string; eventId: string; attempt: number; provider: string };

/** Inserts a `void` row that a later request obeys; null when the pair has a row already. */
export async function insertTombstone(sql: Sql, tombstone: Tombstone): Promise<Payment | null> {
  const { rows } = await sql.query<PaymentRow>({
    name: 'insert-tombstone',
    text: `insert into payments (id, booking_id, event_id, attempt, provider, status, void_requested_at, settled_at)
           values ($1, $2, $3, $4, $5, 'void', clock_timestamp(), clock_timestamp())
           on conflict (booking_id, attempt) do nothing
           returning ${columns}`,
    values: [tombstone.id, tombstone.bookingId, tombstone.eventId, tombstone.attempt, tombstone.provider],
  });
  return firstOf(rows);
}

export async function findPayment(sql: Sql, id: string): Promise<Payment | null> {
  const { rows } = await sql.query<PaymentRow>({
    name: 'find-payment',
    text: `select ${columns} from payments where id = $1`,
    values: [id],
  });
  return firstOf(rows);
}

export async function findAttempt(sql: Sql, bookingId: string, attempt: number): Promise<Payment | null> {
  const { rows } = await sql.query<PaymentRow>({
    name: 'find-attempt',
    text: `select ${columns} from payments where booking_id = $1 and attempt = $2`,
    values: [bookingId, attempt],
  });
  return firstOf(rows);
}

/**
 * Locks the payment until the transaction ends. Every change of an attempt or of its refunds that needs
 * more than one statement takes this lock first and no other row's lock before it, so none can deadlock.
 */
export async function lockPayment(sql: Sql, id: string): Promise<Payment | null> {
  const { rows } = await sql.query<PaymentRow>({
    name: 'lock-payment',
    text: `select ${columns} from payments where id = $1 for update`,
    values: [id],
  });
  return firstOf(rows);
}

/** What the provider said to the request that captures; `unknown`: it has not said. */
export type AttemptOutcome = { paymentId: string } & (
  | { status: 'succeeded'; transactionId: string; amountMinor: number; currency: string }
  | { status: 'declined'; code: string }
  | { status: 'unknown' }
);

/**
 * The second commit of many attempts in one statement, one result each in their order. A `capturing` one
 * becomes `succeeded`, with two entries of the ledger, or `declined`; an open one becomes `unknown`, to be
 * asked about after a second. Null and unchanged when the row is neither, was captured for another amount, is
 * in the batch already, or another transaction holds it: a batch waits for nobody's row. Locks in order of id.
 */
export async function settleCapturing(
  sql: Sql,
  outcomes: readonly AttemptOutcome[],
): Promise<(Payment | null)[]> {
  const first = new Map<string, AttemptOutcome>();
  for (const outcome of outcomes) if (!first.has(outcome.paymentId)) first.set(outcome.paymentId, outcome);
  const told = [...first.values()];
  const captured = told.map((outcome) => (outcome.status === 'succeeded' ? outcome : null));
  const { rows } = await sql.query<PaymentRow>({
    name: 'settle-capturing',
    text: `with told as materialized (
             select id, status, transaction_id, decline_code, amount_minor, currency
               from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[])
                    t(id, status, transaction_id, decline_code, amount_minor, currency)
              order by id),
           held as materialized (
             select h.id from told cross join lateral (
                    select p.id from payments p where p.id = told.id and p.settled_at is null for update skip locked) h),
           settled as (
             update payments p
                set status = t.status, transaction_id = t.transaction_id, decline_code = t.decline_code,
                    settled_at = case when t.status <> 'unknown' then clock_timestamp() end,
                    next_check_at = case when t.status = 'unknown' then clock_timestamp() + interval '1 second' end
               from told t join held h on h.id = t.id
              where p.id = t.id and p.settled_at is null
                and case t.status
                      when 'unknown' then true
                      when 'declined' then p.status = 'capturing'
                      else p.status = 'capturing' and p.amount_minor = t.amount_minor and p.currency = t.currency
                    end
             returning ${qualified}),
           entries as (
             insert into ledger_entries (movement_id, account, payment_id, amount_minor, currency)
             select settled.id, side.account, settled.id, side.sign * settled.amount_minor, settled.currency
               from settled cross join (values ('provider_balance', 1), ('sales_clearing', -1)) as side (account, sign)
              where settled.status = 'succeeded')
           select * from settled`,
    values: [
      told.map((outcome) => outcome.paymentId),
      told.map((outcome) => outcome.status),
      captured.map((outcome) => outcome?.transactionId ?? null),
      told.map((outcome) => (outcome.status === 'declined' ? outcome.code : null)),
      captured.map((outcome) => outcome?.amountMinor ?? null),
      captured.map((outcome) => outcome?.currency ?? null),
    ],
  });
  const settled = byId(rows);
  return outcomes.map((outcome) =>
    first.get(outcome.paymentId) === outcome ? (settled.get(outcome.paymentId) ?? null) : null,
  );
}

export type Settlement =
  { status: 'succeeded'; transactionId: string } | { status: 'declined'; code: string } | { status: 'void' };

/** Writes the end of an attempt that the caller has locked and judged. */
export async function writeSettlement(sql: Sql, id: string, settlement: Settlement): Promise<void> {
  await sql.query({
    name: 'write-settlement',
    text: `update payments
              set status = $2, transaction_id = $3, decline_code = $4, settled_at = clock_timestamp(), next_check_at = null
            where id = $1 and settled_at is null`,
    values: [
      id,
      settlement.status,
      settlement.status === 'succeeded' ? settlement.transactionId : null,
      settlement.status === 'declined' ? settlement.code : null,
    ],
  });
}

/**
 * Notes that booking gave the attempt up: an open one turns to `unknown` and is cancelled at the provider
 * from now on; a settled one is answered as it is. Locks the one row; null when the pair has none.
 */
export async function requestVoid(sql: Sql, bookingId: string, attempt: number): Promise<Payment | null> {
  const { rows } = await sql.query<PaymentRow>({
    name: 'request-void',
    text: `update payments
              set status = case when settled_at is null then 'unknown' else status end,
                  void_requested_at = coalesce(void_requested_at, clock_timestamp()),
                  next_check_at = case when settled_at is null then clock_timestamp() end
            where booking_id = $1 and attempt = $2
            returning ${columns}`,
    values: [bookingId, attempt],
  });
  return firstOf(rows);
}

/** Counts a refund into the sum (negative takes a failed one out) of a payment that the caller has locked. */
export async function addRefunded(sql: Sql, id: string, amountMinor: number): Promise<void> {
  await sql.query({
    name: 'add-refunded',
    text: 'update payments set refunded_minor = refunded_minor + $2 where id = $1',
    values: [id, amountMinor],
  });
}
