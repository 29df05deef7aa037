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

/** Records refunds; answers the ids of those whose attempt had none yet. Their bookings' rows are locked. */
export async function insertRefunds(
  client: Sql,
  refunds: readonly Omit<Refund, 'status'>[],
): Promise<Set<string>> {
  const { rows } = await client.query<{ id: string }>({
    name: 'insert-refunds',
    text: `insert into booking_refunds (id, event_id, booking_id, attempt, amount_minor, reason, status)
           select r.id, r.event_id, r.booking_id, r.attempt, r.amount_minor, r.reason, 'requested'
             from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::smallint[], $5::bigint[], $6::text[])
                  r(id, event_id, booking_id, attempt, amount_minor, reason)
           on conflict (booking_id, attempt, event_id) do nothing
        returning id`,
    values: [
      refunds.map((refund) => refund.id),
      refunds.map((refund) => refund.eventId),
      refunds.map((refund) => refund.bookingId),
      refunds.map((refund) => refund.attempt),
      refunds.map((refund) => refund.amountMinor),
      refunds.map((refund) => refund.reason),
    ],
  });
  return new Set(rows.map((row) => row.id));
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
