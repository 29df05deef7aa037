/** Rows of `hot_events`: events whose questions every process keeps warm, because their sale opens soon. */
import type { CatalogDocument } from '@evently/contracts/search';
import type { Sql } from '@evently/kit/postgres';

/** Twice the time after which the operator warms a sale again, so that what it warmed last outlives the storm. */
const hotMinutes = 60;

/** One row, by primary key, for an hour from now; those whose hour is over go. */
export async function keepHot(client: Sql, eventId: string): Promise<void> {
  await client.query({
    name: 'keep-hot',
    text: `insert into hot_events (event_id, until)
           values ($1, clock_timestamp() + interval '${hotMinutes} minutes')
           on conflict (event_id) do update set until = excluded.until`,
    values: [eventId],
  });
  await client.query({
    name: 'end-hot',
    text: 'delete from hot_events where until <= statement_timestamp()',
  });
}

/** What of them can be found, the latest to be warmed first. */
export async function listHot(client: Sql, limit: number): Promise<CatalogDocument[]> {
  const { rows } = await client.query<{ document: CatalogDocument }>({
    name: 'list-hot',
    text: `select c.document
             from hot_events h join catalog_events c on c.event_id = h.event_id
            where h.until > statement_timestamp() and c.document is not null
            order by h.until desc, h.event_id
            limit $1`,
    values: [limit],
  });
  return rows.map((row) => row.document);
}
