/** The fake provider's webhooks that wait to be delivered. */
import type { Sql } from '@evently/kit/postgres';

export type NewFakeEvent = {
  id: string;
  key: string;
  refundId: string | null;
  claimedAmountMinor: number | null;
  copies: number;
  afterMs: number;
};

export async function insertFakeEvent(sql: Sql, event: NewFakeEvent): Promise<void> {
  await sql.query({
    name: 'fake-insert-event',
    text: `insert into fake_provider_events (id, key, refund_id, claimed_amount_minor, copies, deliver_at)
           values ($1, $2, $3, $4, $5, clock_timestamp() + $6 * interval '1 millisecond')`,
    values: [event.id, event.key, event.refundId, event.claimedAmountMinor, event.copies, event.afterMs],
  });
}

export type DueFakeEvent = Omit<NewFakeEvent, 'afterMs'> & { attempts: number };
type EventRow = {
  id: string;
  key: string;
  refund_id: string | null;
  claimed_amount_minor: string | null;
  copies: number;
  attempts: number;
};

/**
 * Claims events to deliver by moving their next delivery on: 1, 2, 4 ... 60 s. Skips rows that another
 * process holds; nothing is locked during the delivery.
 */
export async function claimDueEvents(sql: Sql, limit: number): Promise<DueFakeEvent[]> {
  const { rows } = await sql.query<EventRow>({
    name: 'fake-claim-events',
    text: `update fake_provider_events e
              set attempts = e.attempts + 1,
                  deliver_at = clock_timestamp() + make_interval(secs => least(60, power(2, e.attempts)))
             from (select id from fake_provider_events
                    where ended_at is null and deliver_at <= statement_timestamp()
                    order by deliver_at limit $1
                      for update skip locked) as due
            where e.id = due.id
            returning e.id, e.key, e.refund_id, e.claimed_amount_minor, e.copies, e.attempts`,
    values: [limit],
  });
  return rows.map((row) => ({
    id: row.id,
    key: row.key,
    refundId: row.refund_id,
    claimedAmountMinor: row.claimed_amount_minor === null ? null : Number(row.claimed_amount_minor),
    copies: row.copies,
    attempts: row.attempts,
  }));
}

/** The event was accepted, or is given up. */
export async function endFakeEvent(sql: Sql, id: string): Promise<void> {
  await sql.query({
    name: 'fake-end-event',
    text: 'update fake_provider_events set ended_at = clock_timestamp() where id = $1',
    values: [id],
  });
}
