/** Writes rows of `index_documents`, `index_contents` and `index_suggestions` of one generation. */
import type { Sql } from '@evently/kit/postgres';
import type { Beginning } from '../domain/terms.ts';
import type { SearchDocument, Stock } from '../engine/port.ts';

// Two keys make one lock; the first is ours alone.
const writeLock = 7_340_200;

/**
 * One writer per generation at a time, until its transaction ends: counts of words are differences, and two writers
 * that read the same old words would count them twice. Taken after the generations' own rows, in order of generations.
 */
export async function takeWriting(client: Sql, generation: number): Promise<void> {
  await client.query({
    name: 'take-index-writing',
    text: 'select pg_advisory_xact_lock($1, $2)',
    values: [writeLock, generation],
  });
}

export type Present = { version: number; terms: readonly string[]; stockVersion: number | null };

export async function findPresent(
  client: Sql,
  generation: number,
  eventIds: readonly string[],
): Promise<Map<string, Present>> {
  const { rows } = await client.query<{
    event_id: string;
    version: string;
    terms: string[] | null;
    stock_version: string | null;
  }>({
    name: 'find-indexed',
    text: `select d.event_id, d.version, c.terms, d.stock_version
             from index_documents d
             left join index_contents c on c.generation = d.generation and c.event_id = d.event_id
            where d.generation = $1 and d.event_id = any($2::uuid[])`,
    values: [generation, eventIds],
  });
  return new Map(
    rows.map((row) => [
      row.event_id,
      {
        version: Number(row.version),
        terms: row.terms ?? [],
        stockVersion: row.stock_version === null ? null : Number(row.stock_version),
      },
    ]),
  );
}

/** A document with its words, or a removal; the stock, when something was said of it as well. */
export type IndexRow = {
  eventId: string;
  version: number;
  stock: Stock | undefined;
  content: {
    document: SearchDocument;
    nameKey: string;
    cityKey: string;
    vector: string;
    terms: readonly string[];
  } | null;
};

/** What facets are counted by. */
export type Group = { cityKey: string; eventType: string; city: string };

/**
 * Makes the groups that the documents are in and that are not there. Never inside a transaction that holds a lock: writers of
 * two generations would wait for each other's new groups.
 */
export async function makeGroups(client: Sql, wanted: readonly Group[]): Promise<void> {
  if (wanted.length === 0) return;
  await client.query({
    name: 'make-index-groups',
    text: `insert into index_groups (city_key, event_type, city)
           select distinct n.city_key, n.event_type, n.city
             from unnest($1::text[], $2::text[], $3::text[]) n(city_key, event_type, city)
            where not exists (select 1 from index_groups g where g.city_key = n.city_key
                                 and g.event_type = n.event_type and g.city = n.city)
            order by 1, 2, 3
           on conflict do nothing`,
    values: [
      wanted.map(({ cityKey }) => cityKey),
      wanted.map(({ eventType }) => eventType),
      wanted.map(({ city }) => city),
    ],
  });
}

/**
 * Replaces what is known of the documents, and each stock by a newer one. The caller has compared the versions of the
 * documents, and has the lock of the generation.
 */
export async function writeDocuments(
  client: Sql,
  generation: number,
  rows: readonly IndexRow[],
): Promise<void> {
  if (rows.length === 0) return;
  const column = <T>(of: (content: NonNullable<IndexRow['content']>) => T): (T | null)[] =>
    rows.map(({ content }) => (content === null ? null : of(content)));
  await client.query({
    name: 'write-index-documents',
    text: `insert into index_documents (generation, event_id, version, checksum, name_key, group_id, starts_at,
                                        ends_at, price, latitude, longitude, capacity, words, stock_version,
                                        available)
           select $1, r.event_id, r.version, coalesce(r.checksum, 0), r.name_key, g.id, r.starts_at,
                  r.ends_at, r.price, r.latitude, r.longitude, r.capacity, r.words::tsvector, r.stock_version,
                  r.available
             from unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[],
                         $9::timestamptz[], $10::timestamptz[], $11::float8[], $12::float8[], $13::float8[],
                         $14::integer[], $15::text[], $16::bigint[], $17::integer[])
                  r(event_id, version, checksum, name_key, city, city_key, event_type, starts_at, ends_at, price,
                    latitude, longitude, capacity, words, stock_version, available)
             left join index_groups g using (city_key, event_type, city)
            order by r.event_id
           on conflict (generation, event_id) do update
              set version = excluded.version, checksum = excluded.checksum, name_key = excluded.name_key,
                  group_id = excluded.group_id, starts_at = excluded.starts_at, ends_at = excluded.ends_at,
                  price = excluded.price,
                  latitude = excluded.latitude, longitude = excluded.longitude, capacity = excluded.capacity,
                  words = excluded.words,
                  stock_version = case when excluded.stock_version >= coalesce(index_documents.stock_version, -1)
                                       then excluded.stock_version else index_documents.stock_version end,
                  available = case when excluded.stock_version >= coalesce(index_documents.stock_version, -1)
                                   then excluded.available else index_documents.available end
            where index_documents.version <= excluded.version`,
    values: [
      generation,
      rows.map(({ eventId }) => eventId),
      rows.map(({ version }) => version),
      column(({ document }) => document.checksum),
      column(({ nameKey }) => nameKey),
      column(({ document }) => document.venueCity),
      column(({ cityKey }) => cityKey),
      column(({ document }) => document.eventType),
      column(({ document }) => document.startsAt),
      column(({ document }) => document.endsAt),
      column(({ document }) => document.price),
      column(({ document }) => document.place?.latitude ?? null),
      column(({ document }) => document.place?.longitude ?? null),
      column(({ document }) => document.capacity),
      column(({ vector }) => vector),
      rows.map(({ stock }) => stock?.version ?? null),
      rows.map(({ stock }) => stock?.available ?? null),
    ],
  });
}

/** Keeps what a page shows of each document, and its terms; forgets those of removals. */
export async function writeContents(
  client: Sql,
  generation: number,
  rows: readonly IndexRow[],
  known: ReadonlySet<string>,
): Promise<void> {
  const gone = rows.flatMap(({ eventId, content }) =>
    content === null && known.has(eventId) ? [eventId] : [],
  );
  if (gone.length > 0)
    await client.query({
      name: 'delete-index-contents',
      text: 'delete from index_contents where generation = $1 and event_id = any($2::uuid[])',
      values: [generation, gone],
    });
  const there = rows.flatMap(({ eventId, content }) => (content === null ? [] : [{ eventId, ...content }]));
  if (there.length === 0) return;
  await client.query({
    name: 'write-index-contents',
    text: `insert into index_contents (generation, event_id, document, terms)
           select $1, r.event_id, r.document, array(select json_array_elements_text(r.terms))
             from unnest($2::uuid[], $3::json[], $4::json[]) r(event_id, document, terms)
            order by r.event_id
           on conflict (generation, event_id) do update set document = excluded.document, terms = excluded.terms`,
    values: [
      generation,
      there.map(({ eventId }) => eventId),
      there.map(({ document }) => JSON.stringify(document)),
      there.map(({ terms }) => JSON.stringify(terms)),
    ],
  });
}

/** Keeps each stock unless a newer one is known, whether or not the event's document is there. */
export async function writeStocks(
  client: Sql,
  generation: number,
  stocks: readonly { eventId: string; stock: Stock }[],
): Promise<void> {
  if (stocks.length === 0) return;
  await client.query({
    name: 'write-index-stocks',
    text: `insert into index_documents (generation, event_id, version, stock_version, available)
           select $1, s.event_id, -1, s.stock_version, s.available
             from unnest($2::uuid[], $3::bigint[], $4::integer[]) s(event_id, stock_version, available)
            order by s.event_id
           on conflict (generation, event_id) do update
              set stock_version = excluded.stock_version, available = excluded.available
            where index_documents.stock_version is null or index_documents.stock_version <= excluded.stock_version`,
    values: [
      generation,
      stocks.map(({ eventId }) => eventId),
      stocks.map(({ stock }) => stock.version),
      stocks.map(({ stock }) => stock.available),
    ],
  });
}

export type SuggestionRow = Beginning & { eventId: string; endsAt: Date };

/** What suggests events, in place of what suggested those of `known`. */
export async function replaceSuggestions(
  client: Sql,
  generation: number,
  known: readonly string[],
  suggestions: readonly SuggestionRow[],
): Promise<void> {
  if (known.length > 0)
    await client.query({
      name: 'delete-suggestions',
      text: 'delete from index_suggestions where generation = $1 and event_id = any($2::uuid[])',
      values: [generation, known],
    });
  if (suggestions.length === 0) return;
  await client.query({
    name: 'insert-suggestions',
    text: `insert into index_suggestions (generation, event_id, beginning, place, kind, shown, ends_at)
           select $1, s.event_id, s.beginning, s.place, s.kind, s.shown, s.ends_at
             from unnest($2::uuid[], $3::text[], $4::smallint[], $5::text[], $6::text[], $7::timestamptz[])
                  s(event_id, beginning, place, kind, shown, ends_at)`,
    values: [
      generation,
      suggestions.map(({ eventId }) => eventId),
      suggestions.map(({ beginning }) => beginning),
      suggestions.map(({ place }) => place),
      suggestions.map(({ kind }) => kind),
      suggestions.map(({ shown }) => shown),
      suggestions.map(({ endsAt }) => endsAt),
    ],
  });
}
