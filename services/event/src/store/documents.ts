/** Rows of `events` as the search service compares them: versions of what was told, and pages of what there is. */
import type { Sql } from '@evently/kit/postgres';
import type { CatalogEvent } from '../domain/event.ts';
import { eventColumns, eventOf, type EventRow } from './events.ts';

/** Only for an event whose row is locked; one that is being deleted keeps none. */
export async function keepDocumentVersion(client: Sql, eventId: string, version: number): Promise<void> {
  await client.query({
    name: 'keep-document-version',
    text: 'update events set document_version = $2 where event_id = $1',
    values: [eventId, version],
  });
}

export type ListedEvent = {
  event: CatalogEvent;
  documentVersion: number;
  stock: { version: number; available: number } | null;
};

/** One page, by id, of the events that can be found, with what booking last told of each. */
export async function listDocuments(client: Sql, afterId: string, limit: number): Promise<ListedEvent[]> {
  type Row = EventRow & { document_version: string; stock_version: string | null; available: number | null };
  const { rows } = await client.query<Row>({
    name: 'list-documents',
    text: `select ${eventColumns}, e.document_version, s.stock_version, s.available
             from events e join venues v on v.venue_id = e.venue_id
             left join event_stock s on s.event_id = e.event_id
            where e.event_id > $1 and e.status in ('published', 'completed')
            order by e.event_id
            limit $2`,
    values: [afterId, limit],
  });
  return rows.map((row) => ({
    event: eventOf(row),
    documentVersion: Number(row.document_version),
    stock:
      row.stock_version === null || row.available === null
        ? null
        : { version: Number(row.stock_version), available: row.available },
  }));
}
