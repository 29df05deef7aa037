/** What the regular jobs look for in `events`, and the sequence that orders the pushes. */
import type { Sql } from '@evently/kit/postgres';

/** The next revision; it stays taken when the transaction rolls back, so a later push is always higher. */
export async function nextRevision(client: Sql): Promise<number> {
  const { rows } = await client.query<{ revision: string }>({
    name: 'next-revision',
    text: `select nextval('inventory_revision') as revision`,
  });
  const [row] = rows;
  if (row === undefined) throw new Error('the sequence answered no revision');
  return Number(row.revision);
}

/** Published events whose end has passed, by the database's clock. */
export async function listEnded(client: Sql, limit: number): Promise<string[]> {
  const { rows } = await client.query<{ event_id: string }>({
    name: 'list-ended',
    text: `select event_id from events
            where status = 'published' and ends_at <= statement_timestamp()
            order by ends_at
            limit $1`,
    values: [limit],
  });
  return rows.map((row) => row.event_id);
}

export type Expected = { eventId: string; pushedVersion: number; isDraft: boolean };

/**
 * One page, by id, of the events that booking may know and that nobody edited in the last `quietSeconds`:
 * published ones, and drafts whose publishing may have been lost half-way.
 */
export async function listExpected(
  client: Sql,
  afterId: string,
  quietSeconds: number,
  limit: number,
): Promise<Expected[]> {
  const { rows } = await client.query<{ event_id: string; pushed_version: number; is_draft: boolean }>({
    name: 'list-expected',
    text: `select event_id, pushed_version, status = 'draft' as is_draft
             from events
            where event_id > $1 and status in ('draft', 'published')
              and updated_at < statement_timestamp() - make_interval(secs => $2)
            order by event_id
            limit $3`,
    values: [afterId, quietSeconds, limit],
  });
  return rows.map((row) => ({
    eventId: row.event_id,
    pushedVersion: row.pushed_version,
    isDraft: row.is_draft,
  }));
}
