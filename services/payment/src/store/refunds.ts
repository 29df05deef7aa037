/** Rows of `refunds`: money on its way back, found by the asker's refund id. */
import type { Sql } from '@evently/kit/postgres';
import type { Refund } from '../domain/payment.ts';

const columns = 'id, payment_id, amount_minor, currency, reason, status, created_at';

type RefundRow = {
  id: string;
  payment_id: string;
  amount_minor: string;
  currency: string;
  reason: string;
  status: Refund['status'];
  created_at: Date;
};

function refundOf(row: RefundRow): Refund {
  return {
    id: row.id,
    paymentId: row.payment_id,
    amountMinor: Number(row.amount_minor),
    currency: row.currency,
    reason: row.reason,
    status: row.status,
    createdAt: row.created_at,
  };
}

function firstOf(rows: readonly RefundRow[]): Refund | null {
  const row = rows[0];
  return row === undefined ? null : refundOf(row);
}

export type NewRefund = {
  id: string;
  paymentId: string;
  amountMinor: number;
  currency: string;
  reason: string;
  firstCheckAfterMs: number;
};

/** Inserts a pending refund; the caller holds the payment's lock. Null when the id is taken meanwhile. */
export async function insertRefund(sql: Sql, refund: NewRefund): Promise<Refund | null> {
  const { rows } = await sql.query<RefundRow>({
    name: 'insert-refund',
    text: `insert into refunds (id, payment_id, amount_minor, currency, reason, status, next_check_at)
           values ($1, $2, $3, $4, $5, 'pending', clock_timestamp() + $6 * interval '1 millisecond')
           on conflict (id) do nothing
           returning ${columns}`,
    values: [
      refund.id,
      refund.paymentId,
      refund.amountMinor,
      refund.currency,
      refund.reason,
      refund.firstCheckAfterMs,
    ],
  });
  return firstOf(rows);
}

export async function findRefund(sql: Sql, id: string): Promise<Refund | null> {
  const { rows } = await sql.query<RefundRow>({
    name: 'find-refund',
    text: `select ${columns} from refunds where id = $1`,
    values: [id],
  });
  return firstOf(rows);
}

const maxRefundsShown = 100;

/** Refunds of one payment, oldest first, at most 100. */
export async function listRefunds(sql: Sql, paymentId: string): Promise<Refund[]> {
  const { rows } = await sql.query<RefundRow>({
    name: 'list-refunds',
    text: `select ${columns} from refunds where payment_id = $1 order by created_at, id limit ${maxRefundsShown}`,
    values: [paymentId],
  });
  return rows.map(refundOf);
}

export type RefundEnd = {
  id: string;
  status: 'succeeded' | 'failed';
  providerRefundId: string | null;
  failureCode: string | null;
};

/** Settles a pending refund whose payment the caller has locked; false when it is settled already. */
export async function settleRefundRow(sql: Sql, end: RefundEnd): Promise<boolean> {
  const { rowCount } = await sql.query({
    name: 'settle-refund',
    text: `update refunds
              set status = $2, provider_refund_id = $3, failure_code = $4, settled_at = clock_timestamp(), next_check_at = null
            where id = $1 and status = 'pending'`,
    values: [end.id, end.status, end.providerRefundId, end.failureCode],
  });
  return rowCount === 1;
}
