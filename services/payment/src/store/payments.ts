/** Rows of `payments`: one per (booking, attempt), committed before the provider hears of it. */
import type { Sql } from '@evently/kit/postgres';
import type { Payment } from '../domain/payment.ts';

const columns = `id, booking_id, event_id, user_id, attempt, status, amount_minor, currency, refunded_minor,
  transaction_id, decline_code, void_requested_at is not null as void_requested, created_at`;

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
 * Inserts the attempt as `capturing`; null when the pair has a row already. A twin that runs at the same
 * time waits at the unique index until the first has committed.
 */
export async function insertPayment(sql: Sql, payment: NewPayment): Promise<Payment | null> {
  const { rows } = await sql.query<PaymentRow>({
    name: 'insert-payment',
    text: `insert into payments (id, booking_id, event_id, user_id, attempt, provider, status, amount_minor, currency, next_check_at)
           values ($1, $2, $3, $4, $5, $6, 'capturing', $7, $8, clock_timestamp() + $9 * interval '1 millisecond')
           on conflict (booking_id, attempt) do nothing
           returning ${columns}`,
    values: [
      payment.id,
      payment.bookingId,
      payment.eventId,
      payment.userId,
      payment.attempt,
      payment.provider,
      payment.amountMinor,
      payment.currency,
      payment.firstCheckAfterMs,
    ],
  });
  return firstOf(rows);
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

/**
 * The whole of a sale's second commit in one statement: the attempt becomes `succeeded` and the ledger gets
 * its two entries, or, when the attempt is not `capturing` for this very amount any more, nothing happens
 * and the answer is null. Locks the one payment row; a concurrent change is waited for and seen.
 */
export async function settleCaptured(
  sql: Sql,
  charge: { paymentId: string; transactionId: string; amountMinor: number; currency: string },
): Promise<Payment | null> {
  const { rows } = await sql.query<PaymentRow>({
    name: 'settle-captured',
    text: `with settled as (
             update payments
                set status = 'succeeded', transaction_id = $2, settled_at = clock_timestamp(), next_check_at = null
              where id = $1 and status = 'capturing' and amount_minor = $3 and currency = $4
             returning ${columns}),
           entries as (
             insert into ledger_entries (movement_id, account, payment_id, amount_minor, currency)
             select settled.id, side.account, settled.id, side.sign * settled.amount_minor, settled.currency
               from settled cross join (values ('provider_balance', 1), ('sales_clearing', -1)) as side (account, sign))
           select * from settled`,
    values: [charge.paymentId, charge.transactionId, charge.amountMinor, charge.currency],
  });
  return firstOf(rows);
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

/** Turns an open attempt to `unknown`, to be asked about after a second; null when it is settled already. */
export async function markUnknown(sql: Sql, id: string): Promise<Payment | null> {
  const { rows } = await sql.query<PaymentRow>({
    name: 'mark-unknown',
    text: `update payments set status = 'unknown', next_check_at = clock_timestamp() + interval '1 second'
            where id = $1 and settled_at is null
            returning ${columns}`,
    values: [id],
  });
  return firstOf(rows);
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
