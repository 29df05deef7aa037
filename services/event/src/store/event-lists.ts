/** Pages of `events`, for the public and for administrators. */
import type { Sql } from '@evently/kit/postgres';
import type { CatalogEvent, EventStatus, EventType } from '../domain/event.ts';
import { eventColumns, eventOf, type EventRow } from './events.ts';

export type PublicFilter = {
  city: string | null;
  type: string | null;
  /** Start at or after; null lists what has not ended. */
  dateFrom: Date | null;
  /** Start before; null is no end. */
  dateBefore: Date | null;
  limit: number;
  offset: number;
};

// $1 to $4 are the filter.
const publicConditions = `e.status = 'published'
             and ($1::text is null or lower(v.city) = lower($1))
             and ($2::text is null or e.event_type = $2)
             and (case when $3::timestamptz is null then e.ends_at > now() else e.starts_at >= $3 end)
             and ($4::timestamptz is null or e.starts_at < $4)`;

/** Published events, earliest start first. */
export async function listPublished(client: Sql, filter: PublicFilter): Promise<CatalogEvent[]> {
  const { rows } = await client.query<EventRow>({
    name: 'list-published',
    text: `select ${eventColumns}
             from events e join venues v on v.venue_id = e.venue_id
            where ${publicConditions}
            order by e.starts_at, e.event_id
            limit $5 offset $6`,
    values: [filter.city, filter.type, filter.dateFrom, filter.dateBefore, filter.limit, filter.offset],
  });
  return rows.map(eventOf);
}

export async function countPublished(client: Sql, filter: PublicFilter): Promise<number> {
  const { rows } = await client.query<{ total: number }>({
    name: 'count-published',
    text: `select count(*)::int as total
             from events e join venues v on v.venue_id = e.venue_id
            where ${publicConditions}`,
    values: [filter.city, filter.type, filter.dateFrom, filter.dateBefore],
  });
  return rows[0]?.total ?? 0;
}

export type AdminFilter = {
  status: EventStatus | null;
  city: string | null;
  type: EventType | null;
  /** Part of the name or of the venue's name, in any case. */
  search: string | null;
  limit: number;
  offset: number;
};

// $1 to $4 are the filter.
const adminConditions = `($1::text is null or e.status = $1)
             and ($2::text is null or lower(v.city) = lower($2))
             and ($3::text is null or strpos(lower(e.name), lower($3)) > 0
                  or strpos(lower(v.name), lower($3)) > 0)
             and ($4::text is null or e.event_type = $4)`;

/** Events of every status, newest first. */
export async function listEvents(client: Sql, filter: AdminFilter): Promise<CatalogEvent[]> {
  const { rows } = await client.query<EventRow>({
    name: 'list-events',
    text: `select ${eventColumns}
             from events e join venues v on v.venue_id = e.venue_id
            where ${adminConditions}
            order by e.created_at desc, e.event_id desc
            limit $5 offset $6`,
    values: [filter.status, filter.city, filter.search, filter.type, filter.limit, filter.offset],
  });
  return rows.map(eventOf);
}

export async function countEvents(client: Sql, filter: AdminFilter): Promise<number> {
  const { rows } = await client.query<{ total: number }>({
    name: 'count-events',
    text: `select count(*)::int as total
             from events e join venues v on v.venue_id = e.venue_id
            where ${adminConditions}`,
    values: [filter.status, filter.city, filter.search, filter.type],
  });
  return rows[0]?.total ?? 0;
}
