/** Rows of `events` seen from their venue, for edits and deletion of venues. */
import type { Sql } from '@evently/kit/postgres';
import type { CatalogEvent } from '../domain/event.ts';
import { eventColumns, eventOf, type EventRow } from './events.ts';

/**
 * Locks the published events of a venue in the order of their ids, before the venue itself, as every edit
 * of an event does. Answers how many.
 */
export async function lockPublishedAt(client: Sql, venueId: string): Promise<number> {
  const { rowCount } = await client.query({
    name: 'lock-published-at',
    text: `select 1 from events where venue_id = $1 and status = 'published' order by event_id for no key update`,
    values: [venueId],
  });
  return rowCount ?? 0;
}

/** One page of a venue's published events after `afterId`, by id. */
export async function listPublishedAt(
  client: Sql,
  venueId: string,
  afterId: string,
  limit: number,
): Promise<CatalogEvent[]> {
  const { rows } = await client.query<EventRow>({
    name: 'list-published-at',
    text: `select ${eventColumns}
             from events e join venues v on v.venue_id = e.venue_id
            where e.venue_id = $1 and e.status = 'published' and e.event_id > $2
            order by e.event_id
            limit $3`,
    values: [venueId, afterId, limit],
  });
  return rows.map(eventOf);
}

/** Events of any status that name the venue. */
export async function countEventsAt(client: Sql, venueId: string): Promise<number> {
  const { rows } = await client.query<{ total: number }>({
    name: 'count-events-at',
    text: 'select count(*)::int as total from events where venue_id = $1',
    values: [venueId],
  });
  return rows[0]?.total ?? 0;
}

/** The largest event that is still to be sold or held at the venue; 0 for none. */
export async function findLargestAt(client: Sql, venueId: string): Promise<number> {
  const { rows } = await client.query<{ largest: number }>({
    name: 'find-largest-at',
    text: `select coalesce(max(total_capacity), 0)::int as largest
             from events where venue_id = $1 and status in ('draft', 'published')`,
    values: [venueId],
  });
  return rows[0]?.largest ?? 0;
}
