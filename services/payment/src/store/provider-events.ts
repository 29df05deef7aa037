/** Rows of `provider_events`: the provider's events that were processed, so that none is processed twice. */
import type { Sql } from '@evently/kit/postgres';

export async function isEventProcessed(sql: Sql, provider: string, eventId: string): Promise<boolean> {
  const { rowCount } = await sql.query({
    name: 'find-provider-event',
    text: 'select 1 from provider_events where provider = $1 and event_id = $2',
    values: [provider, eventId],
  });
  return rowCount === 1;
}

/**
 * Marks the event as processed in the transaction of its effect; false when another delivery was first,
 * which is waited for at the primary key.
 */
export async function claimEvent(
  sql: Sql,
  provider: string,
  eventId: string,
  paymentId: string,
): Promise<boolean> {
  const { rowCount } = await sql.query({
    name: 'claim-provider-event',
    text: `insert into provider_events (provider, event_id, payment_id) values ($1, $2, $3)
           on conflict (provider, event_id) do nothing`,
    values: [provider, eventId, paymentId],
  });
  return rowCount === 1;
}

const keptDays = 30;

/** Forgets events that no provider repeats any more (live retries end after three days), 10,000 at a time. */
export async function pruneEvents(sql: Sql): Promise<void> {
  await sql.query({
    name: 'prune-provider-events',
    text: `delete from provider_events
            where ctid in (select ctid from provider_events
                            where processed_at < statement_timestamp() - interval '${keptDays} days' limit 10000)`,
  });
}
