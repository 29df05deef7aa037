/** The one statement that answers a search: matches, ranks, cuts a page and counts facets of the same moment. */
import { hash } from 'node:crypto';
import type { QueryConfig } from 'pg';
import type { Sql } from '@evently/kit/postgres';
import type { FacetCount, Facets, SearchDocument, SearchQuery } from '../engine/port.ts';

/** Names and values of facets in one answer at most. */
const maxFacetValues = 100;
/** What is over, or sold out, counts so much of what it otherwise would. */
const overFactor = 0.4;
const soldOutFactor = 0.75;
/** A name in which the words stand as they were typed. */
const phraseFactor = 1.5;
const earthDiameterKm = 12_742.0176;
/** Of words, in one statement: each number of them is a statement of its own, with a plan of its own. */
const maxConditions = 4;

/**
 * `words` are tsqueries of quoted lexemes, all of which must be fulfilled, or null: what is found; `ranked` is another by
 * which that is ranked. `phrase` is what was typed, folded.
 */
export type PostgresQuery = Omit<SearchQuery, 'text'> & {
  words: readonly string[] | null;
  ranked?: string;
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

function statementOf(query: PostgresQuery): QueryConfig {
  const values: unknown[] = [];
  const param = (value: unknown): string => `$${values.push(value)}`;
  const now = param(query.now);
  const conditions = conditionsOf(query, param);
  const [city, type, price] = [conditions.city('f'), conditions.type('f'), conditions.price('f')];
  const ranked = scoreOf(query, now, param);
  // What is only counted for facets is not ranked.
  const isScoreTelling = query.facets && query.words !== null && conditions.isFiltered;
  const score = isScoreTelling
    ? `case when ${conditions.city('d')} and ${conditions.type('d')} and ${conditions.price('d')} then ${ranked} end`
    : ranked;
  const isShown = isScoreTelling ? 'f.score is not null' : `${city} and ${type} and ${price}`;
  // Without words it is nearly all rows, which are rather read twice than kept.
  const kept = query.words === null ? 'not materialized' : 'materialized';
  const text = `
    with found as ${kept} (
      select d.event_id, d.group_id, d.price, d.starts_at, d.ends_at > ${now} as is_ahead,
             coalesce(d.available, d.capacity) as available, ${score} as score${distanceOf(query, param)}
        from index_documents d
       where d.generation = ${current} and d.words is not null
         ${conditions.always.map((condition) => `and ${condition('d')}`).join(' ')}
    ),
    ${query.facets ? `${groupsOf(city, type, conditions.price('r'))},` : ''}
    page as (
      select p.event_id, p.available, p.score, row_number() over () as place
        from (select f.event_id, f.available, f.score from found f where ${isShown}
               order by ${orderOf(query)}, f.starts_at, f.event_id
               limit ${param(query.limit)} offset ${param(query.offset)}) p
    )
    select ${query.facets ? totalOfGroups : `(select count(*)::int from found f where ${city} and ${type} and ${price})`} as total,
           (select coalesce(json_agg(json_build_object('document', c.document, 'score', page.score,
                              'available', page.available) order by page.place), '[]')
              from page join index_contents c on c.generation = ${current} and c.event_id = page.event_id) as hits
           ${query.facets ? facetColumns : ''}`;
  return { name: nameOf(text), text, values };
}

const current = `(select generation from index_generations where state = 'active')`;

/** The same shape of a question is the same statement, whose plan the connection keeps. */
function nameOf(text: string): string {
  return `search-${hash('sha256', text, 'hex').slice(0, 16)}`;
}

/** One pass over all rows; facets are counted over its few groups, which are named only then. */
function groupsOf(city: string, type: string, price: string): string {
  return `groups as materialized (
      select n.city_key, n.event_type, n.city, f.in_price, ${city} as in_city, ${type} as in_type,
             f.count, f.least, f.most
        from (select r.group_id, ${price} as in_price, count(*)::int as count,
                     min(r.price) as least, max(r.price) as most
                from found r
               group by 1, 2) f
        join index_groups n on n.id = f.group_id
    )`;
}

const totalOfGroups = `(select coalesce(sum(g.count), 0)::int from groups g where g.in_city and g.in_type and g.in_price)`;

const facetColumns = `,
           (select json_agg(json_build_object('value', c.value, 'count', c.count) order by c.count desc, c.value)
              from (select min(g.city collate "C") as value, sum(g.count)::int as count from groups g
                     where g.in_type and g.in_price group by g.city_key
                     order by 2 desc, 1 limit ${maxFacetValues}) c) as cities,
           (select json_agg(json_build_object('value', t.value, 'count', t.count) order by t.count desc, t.value)
              from (select g.event_type as value, sum(g.count)::int as count from groups g
                     where g.in_city and g.in_price group by g.event_type
                     order by 2 desc, 1 limit ${maxFacetValues}) t) as types,
           (select min(g.least) from groups g where g.in_city and g.in_type) as least,
           (select max(g.most) from groups g where g.in_city and g.in_type) as most`;

type Param = (value: unknown) => string;
/** A condition on a row, by the name that the row has where it is asked. */
type Condition = (row: string) => string;
/** `city`, `type` and `price` are told apart for the facets; `always` bounds what is looked at. */
type Conditions = {
  city: Condition;
  type: Condition;
  price: Condition;
  always: readonly Condition[];
  isFiltered: boolean;
};

const holds: Condition = () => 'true';

/** Bounds come in pairs, open ones as infinity, so that there are few shapes of statements to be planned. */
function conditionsOf(query: PostgresQuery, param: Param): Conditions {
  const { type, startsFrom, startsBefore, minPrice, maxPrice } = query.filters;
  const always: Condition[] = [];
  for (const words of conditionsOfWords(query.words ?? []).map(param))
    always.push((row) => `${row}.words @@ ${words}::tsquery`);
  if (startsFrom !== null || startsBefore !== null) {
    const [from, before] = [param(startsFrom ?? '-infinity'), param(startsBefore ?? 'infinity')];
    always.push(
      (row) => `${row}.starts_at >= ${from}::timestamptz and ${row}.starts_at < ${before}::timestamptz`,
    );
  }
  const city = query.cityKey === null ? holds : inGroupsOf('city_key', param(query.cityKey));
  const ofType = type === null ? holds : inGroupsOf('event_type', param(type));
  const price =
    minPrice === null && maxPrice === null
      ? holds
      : between('price', param(minPrice ?? -Infinity), param(maxPrice ?? Infinity));
  const given = [city, ofType, price].filter((condition) => condition !== holds);
  // A facet leaves one filter out, so what fails two of them is in no count; without facets, what fails one.
  if (!query.facets) always.push(...given);
  else if (given.length > 1)
    always.push(
      (row) => `${given.map((condition) => `(${condition(row)})::int`).join(' + ')} >= ${given.length - 1}`,
    );
  return { city, type: ofType, price, always, isFiltered: given.length > 0 };
}

/**
 * Of several conditions an index of words steps through the rarest alone; of one that has them all it asks for each event of
 * its rarest word whether the whole is fulfilled, which takes twice as long and more.
 */
function conditionsOfWords(words: readonly string[]): string[] {
  const apart = words.slice(0, maxConditions - 1);
  const rest = words.slice(maxConditions - 1);
  return rest.length === 0 ? apart : [...apart, rest.join(' & ')];
}

function inGroupsOf(column: 'city_key' | 'event_type', value: string): Condition {
  return (row) => `${row}.group_id in (select id from index_groups where ${column} = ${value})`;
}

function between(column: string, least: string, most: string): Condition {
  return (row) => `(${row}.${column} >= ${least}::float8 and ${row}.${column} <= ${most}::float8)`;
}

/**
 * By PostgreSQL's own weights: 1 for the name (A), 0.4 for the venue (B), 0.1 for the description (D). Every factor is a
 * float8: one that is not would be turned into one for each row.
 */
function scoreOf(query: PostgresQuery, now: string, param: Param): string {
  if (query.words === null) return '0::float8';
  return `ts_rank(d.words, ${param(query.ranked ?? query.words.join(' & '))}::tsquery)::float8
             * case when d.ends_at > ${now} then 1::float8 else ${overFactor}::float8 end
             * case when coalesce(d.available, d.capacity) > 0 then 1::float8 else ${soldOutFactor}::float8 end
             * case when strpos(d.name_key, ${param(query.phrase)}) > 0 then ${phraseFactor}::float8
                    else 1::float8 end`;
}

/** A column more where it is asked for: along the sphere's surface (haversine formula); null for what has no place. */
function distanceOf({ near, sort }: PostgresQuery, param: Param): string {
  if (near === null || sort !== 'distance') return '';
  const latitude = `${param(near.latitude)}::float8`;
  const longitude = `${param(near.longitude)}::float8`;
  return `, ${earthDiameterKm} * asin(sqrt(least(1, sin(radians(d.latitude - ${latitude}) / 2) ^ 2
             + cos(radians(${latitude})) * cos(radians(d.latitude))
             * sin(radians(d.longitude - ${longitude}) / 2) ^ 2))) as distance`;
}

function orderOf({ sort, words }: PostgresQuery): string {
  switch (sort) {
    case 'relevance':
      return words === null ? 'f.is_ahead desc, f.available > 0 desc' : 'f.score desc, f.is_ahead desc';
    case 'date':
      return 'f.is_ahead desc';
    case 'price':
      return 'f.price';
    case 'distance':
      return 'f.distance nulls last';
  }
}
