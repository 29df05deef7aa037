/** Rows of `venues`. Locked after rows of `events`, never before. */
import type { Sql } from '@evently/kit/postgres';
import type { Venue, VenueTerms } from '../domain/venue.ts';

type VenueRow = {
  venue_id: string;
  name: string;
  address: string;
  city: string;
  state: string | null;
  country: string;
  postal_code: string | null;
  capacity: number;
  latitude: number | null;
  longitude: number | null;
  layout_config: Record<string, unknown> | null;
  created_by: string;
  created_at: Date;
  updated_at: Date;
};
const columns = `venue_id, name, address, city, state, country, postal_code, capacity, latitude, longitude,
                  layout_config, created_by, created_at, updated_at`;

function venueOf(row: VenueRow): Venue {
  return {
    venueId: row.venue_id,
    name: row.name,
    address: row.address,
    city: row.city,
    state: row.state,
    country: row.country,
    postalCode: row.postal_code,
    capacity: row.capacity,
    latitude: row.latitude,
    longitude: row.longitude,
    layout: row.layout_config,
    createdBy: row.created_by,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function valuesOf(terms: VenueTerms): unknown[] {
  const { name, address, city, state, country, postalCode, capacity, latitude, longitude, layout } = terms;
  return [
    name,
    address,
    city,
    state,
    country,
    postalCode,
    capacity,
    latitude,
    longitude,
    layout === null ? null : JSON.stringify(layout),
  ];
}

export async function insertVenue(
  client: Sql,
  venueId: string,
  terms: VenueTerms,
  createdBy: string,
): Promise<Venue> {
  const { rows } = await client.query<VenueRow>({
    name: 'insert-venue',
    text: `insert into venues (venue_id, name, address, city, state, country, postal_code, capacity, latitude,
                               longitude, layout_config, created_by)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        returning ${columns}`,
    values: [venueId, ...valuesOf(terms), createdBy],
  });
  return onlyVenue(rows);
}

/** Locks the row until the transaction ends. */
export async function updateVenue(client: Sql, venueId: string, terms: VenueTerms): Promise<Venue> {
  const { rows } = await client.query<VenueRow>({
    name: 'update-venue',
    text: `update venues
              set name = $2, address = $3, city = $4, state = $5, country = $6, postal_code = $7, capacity = $8,
                  latitude = $9, longitude = $10, layout_config = $11, updated_at = clock_timestamp()
            where venue_id = $1
        returning ${columns}`,
    values: [venueId, ...valuesOf(terms)],
  });
  return onlyVenue(rows);
}

function onlyVenue(rows: readonly VenueRow[]): Venue {
  const [row] = rows;
  if (row === undefined) throw new Error('A venue that was just locked is gone');
  return venueOf(row);
}

export async function deleteVenue(client: Sql, venueId: string): Promise<void> {
  await client.query({
    name: 'delete-venue',
    text: 'delete from venues where venue_id = $1',
    values: [venueId],
  });
}

export async function findVenue(client: Sql, venueId: string): Promise<Venue | null> {
  const { rows } = await client.query<VenueRow>({
    name: 'find-venue',
    text: `select ${columns} from venues where venue_id = $1`,
    values: [venueId],
  });
  return rows[0] === undefined ? null : venueOf(rows[0]);
}

/** Locks the venue against every other change and against new events; for an edit of it. */
export async function lockVenueForEdit(client: Sql, venueId: string): Promise<Venue | null> {
  const { rows } = await client.query<VenueRow>({
    name: 'lock-venue',
    text: `select ${columns} from venues where venue_id = $1 for update`,
    values: [venueId],
  });
  return rows[0] === undefined ? null : venueOf(rows[0]);
}

/** Holds the venue as it is until the transaction ends; editors of events at one venue do not wait for each other. */
export async function holdVenue(client: Sql, venueId: string): Promise<Venue | null> {
  const { rows } = await client.query<VenueRow>({
    name: 'hold-venue',
    text: `select ${columns} from venues where venue_id = $1 for share`,
    values: [venueId],
  });
  return rows[0] === undefined ? null : venueOf(rows[0]);
}

export type VenueQuery = {
  page: number;
  limit: number;
  city: string | undefined;
  state: string | undefined;
  search: string | undefined;
};

const matching = `($1::text is null or lower(city) = lower($1))
              and ($2::text is null or lower(state) = lower($2))
              and ($3::text is null or concat_ws(' ', name, address, city) ilike $3)`;

/** One page, newest first. */
export async function listVenues(client: Sql, query: VenueQuery): Promise<Venue[]> {
  const { rows } = await client.query<VenueRow>({
    name: 'list-venues',
    text: `select ${columns} from venues where ${matching}
            order by created_at desc, venue_id desc limit $4 offset $5`,
    values: [...filtersOf(query), query.limit, (query.page - 1) * query.limit],
  });
  return rows.map(venueOf);
}

export async function countVenues(client: Sql, query: VenueQuery): Promise<number> {
  const { rows } = await client.query<{ total: string }>({
    name: 'count-venues',
    text: `select count(*) as total from venues where ${matching}`,
    values: filtersOf(query),
  });
  return Number(rows[0]?.total ?? 0);
}

function filtersOf(query: VenueQuery): unknown[] {
  return [
    query.city ?? null,
    query.state ?? null,
    query.search === undefined ? null : containing(query.search),
  ];
}

/** A pattern for `ilike` that means the text itself, wherever it stands. */
function containing(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`;
}
