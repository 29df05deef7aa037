/** The one statement that answers a search: matches, ranks, cuts a page and counts facets of the same moment. */
import type { Sql } from '@evently/kit/postgres';
import type { FacetCount, Facets, SearchDocument, SearchQuery } from '../engine/port.ts';

/** Names and values of facets in one answer at most. */
const maxFacetValues = 100;
/** What is over, or sold out, counts so much of what it otherwise would. */
const overFactor = 0.4;
const soldOutFactor = 0.75;
/** A name in which the words stand as they were typed. */
const phraseFactor = 1.5;
// D (description), C (unused), B (venue), A (name).
const weights = '{0.1, 0.2, 0.4, 1.0}';
const earthDiameterKm = 12_742.0176;

/** `words` is a tsquery of quoted lexemes, or null; `phrase` what was typed, folded. */
export type PostgresQuery = Omit<SearchQuery, 'text'> & {
  words: string | null;
  phrase: string;
  cityKey: string | null;
};

type StoredDocument = Omit<SearchDocument, 'startsAt' | 'endsAt'> & { startsAt: string; endsAt: string };
type Row = {
  total: number;
  hits: { document: StoredDocument; available: number; score: number }[];
  cities: FacetCount[] | null;
  types: FacetCount[] | null;
  least: number | null;
  most: number | null;
};
export type Found = {
  hits: { document: SearchDocument; available: number; score: number }[];
  total: number;
  facets: Facets | null;
};

/** Composed of constant pieces alone; everything that came from outside is a parameter. */
export async function findDocuments(client: Sql, query: PostgresQuery): Promise<Found> {
  const { rows } = await client.query<Row>(statementOf(query));
  const [row] = rows;
  if (row === undefined) throw new Error('a search answered no row');
  return {
    hits: row.hits.map((hit) => ({ ...hit, document: documentOf(hit.document) })),
    total: row.total,
    facets: query.facets ? facetsOf(row) : null,
  };
}

function documentOf(stored: StoredDocument): SearchDocument {
  return { ...stored, startsAt: new Date(stored.startsAt), endsAt: new Date(stored.endsAt) };
}

function facetsOf({ cities, types, least, most }: Row): Facets {
  return {
    cities: cities ?? [],
    eventTypes: types ?? [],
    priceRange: least === null || most === null ? null : { min: least, max: most },
  };
}

type Statement = { text: string; values: unknown[] };

function statementOf(query: PostgresQuery): Statement {
  const values: unknown[] = [];
  const param = (value: unknown): string => `$${values.push(value)}`;
  const now = param(query.now);
  const conditions = conditionsOf(query, param);
  const text = `
    with current as materialized (select generation from index_generations where state = 'active'),
    found as materialized (
      select d.event_id, d.city, d.city_key, d.event_type, d.price, d.starts_at, d.ends_at > ${now} as is_ahead,
             coalesce(d.available, d.capacity) > 0 as is_open, ${scoreOf(query, now, param)} as score,
             ${distanceOf(query, param)} as distance, ${conditions.city} as in_city, ${conditions.type} as in_type,
             ${conditions.price} as in_price
        from index_documents d
       where d.generation = (select generation from current) and d.document is not null
         ${conditions.always.map((condition) => `and ${condition}`).join(' ')}
    ),
    page as (
      select p.event_id, p.score, row_number() over () as place
        from (select f.event_id, f.score from found f where f.in_city and f.in_type and f.in_price
               order by ${orderOf(query)}, f.starts_at, f.event_id
               limit ${param(query.limit)} offset ${param(query.offset)}) p
    )
    select (select count(*)::int from found f where f.in_city and f.in_type and f.in_price) as total,
           (select coalesce(json_agg(json_build_object('document', d.document, 'score', page.score,
                              'available', coalesce(d.available, d.capacity)) order by page.place), '[]')
              from page join index_documents d
                on d.generation = (select generation from current) and d.event_id = page.event_id) as hits
           ${query.facets ? facetColumns : ''}`;
  return { text, values };
}

const facetColumns = `,
           (select json_agg(json_build_object('value', c.value, 'count', c.count) order by c.count desc, c.value)
              from (select min(f.city) as value, count(*)::int as count from found f
                     where f.in_type and f.in_price group by f.city_key
                     order by 2 desc, 1 limit ${maxFacetValues}) c) as cities,
           (select json_agg(json_build_object('value', t.value, 'count', t.count) order by t.count desc, t.value)
              from (select f.event_type as value, count(*)::int as count from found f
                     where f.in_city and f.in_price group by f.event_type
                     order by 2 desc, 1 limit ${maxFacetValues}) t) as types,
           (select min(f.price) from found f where f.in_city and f.in_type) as least,
           (select max(f.price) from found f where f.in_city and f.in_type) as most`;

type Param = (value: unknown) => string;
/** `city`, `type` and `price` are told apart for the facets; `always` bounds what is looked at. */
type Conditions = { city: string; type: string; price: string; always: string[] };

function conditionsOf(query: PostgresQuery, param: Param): Conditions {
  const { type, startsFrom, startsBefore, minPrice, maxPrice } = query.filters;
  const always: string[] = [];
  if (query.words !== null) always.push(`d.words @@ ${param(query.words)}::tsquery`);
  if (startsFrom !== null) always.push(`d.starts_at >= ${param(startsFrom)}`);
  if (startsBefore !== null) always.push(`d.starts_at < ${param(startsBefore)}`);
  const city = query.cityKey === null ? 'true' : `d.city_key = ${param(query.cityKey)}`;
  const ofType = type === null ? 'true' : `d.event_type = ${param(type)}`;
  const bounds = [
    ...(minPrice === null ? [] : [`d.price >= ${param(minPrice)}::float8`]),
    ...(maxPrice === null ? [] : [`d.price <= ${param(maxPrice)}::float8`]),
  ];
  const price = bounds.length === 0 ? 'true' : `(${bounds.join(' and ')})`;
  const given = [city, ofType, price].filter((condition) => condition !== 'true');
  // A facet leaves one filter out, so what fails two of them is in no count; without facets, what fails one.
  if (!query.facets) always.push(...given);
  else if (given.length > 1)
    always.push(`(${given.map((condition) => `(${condition})::int`).join(' + ')}) >= ${given.length - 1}`);
  return { city, type: ofType, price, always };
}

function scoreOf(query: PostgresQuery, now: string, param: Param): string {
  if (query.words === null) return '0::float8';
  return `ts_rank('${weights}', d.words, ${param(query.words)}::tsquery)::float8
             * case when d.ends_at > ${now} then 1 else ${overFactor} end
             * case when coalesce(d.available, d.capacity) > 0 then 1 else ${soldOutFactor} end
             * case when strpos(d.name_key, ${param(query.phrase)}) > 0 then ${phraseFactor} else 1 end`;
}

/** Along the sphere's surface (haversine formula); null for what has no place. */
function distanceOf({ near, sort }: PostgresQuery, param: Param): string {
  if (near === null || sort !== 'distance') return 'null::float8';
  const latitude = `${param(near.latitude)}::float8`;
  const longitude = `${param(near.longitude)}::float8`;
  return `${earthDiameterKm} * asin(sqrt(least(1, sin(radians(d.latitude - ${latitude}) / 2) ^ 2
             + cos(radians(${latitude})) * cos(radians(d.latitude))
             * sin(radians(d.longitude - ${longitude}) / 2) ^ 2)))`;
}

function orderOf({ sort, words }: PostgresQuery): string {
  switch (sort) {
    case 'relevance':
      return words === null ? 'f.is_ahead desc, f.is_open desc' : 'f.score desc, f.is_ahead desc';
    case 'date':
      return 'f.is_ahead desc';
    case 'price':
      return 'f.price';
    case 'distance':
      return 'f.distance nulls last';
  }
}
