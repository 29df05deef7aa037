/** Rows of `booking_refunds`: money that must go back, once for each captured attempt. */
import type { Sql } from '@evently/kit/postgres';

export type Refund = {
  id: string;
  eventId: string;
  bookingId: string;
  attempt: number;
  amountMinor: number;
  reason: string;
  status: 'requested' | 'succeeded' | 'failed';
};

/** Records a refund; false when this attempt has one already. */
export async function insertRefund(client: Sql, refund: Omit<Refund, 'status'>): Promise<boolean> {
  const { rowCount } = await client.query({
    name: 'insert-refund',
    text: `insert into booking_refunds (id, event_id, booking_id, attempt, amount_minor, reason, status)
           values ($1, $2, $3, $4, $5, $6, 'requested')
           on conflict (booking_id, attempt, event_id) do nothing`,
    values: [refund.id, refund.eventId, refund.bookingId, refund.attempt, refund.amountMinor, refund.reason],
  });
  return rowCount === 1;
}

/** Settles a refund; a settled one stays as it is. */
export async function settleRefund(
  client: Sql,
  eventId: string,
  refundId: string,
  status: 'succeeded' | 'failed',
): Promise<void> {
  await client.query({
    name: 'settle-refund',
    text: `update booking_refunds set status = $3, settled_at = clock_timestamp()
            where id = $1 and event_id = $2 and status = 'requested'`,
    values: [refundId, eventId, status],
  });
}

export async function listRefunds(sql: Sql, bookingIds: readonly string[]): Promise<Refund[]> {
  const { rows } = await sql.query<{
    id: string;
    event_id: string;
    booking_id: string;
    attempt: number;
    amount_minor: string;
    reason: string;
    status: Refund['status'];
  }>({
    name: 'list-refunds',
    text: `select id, event_id, booking_id, attempt, amount_minor, reason, status
             from booking_refunds where booking_id = any($1::uuid[]) order by requested_at`,
    values: [bookingIds],
  });
  return rows.map((row) => ({
    id: row.id,
    eventId: row.event_id,
    bookingId: row.booking_id,
    attempt: row.attempt,
    amountMinor: Number(row.amount_minor),
    reason: row.reason,
    status: row.status,
  }));
}
