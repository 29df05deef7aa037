/** Reads `index_documents` and `index_suggestions` of the generation that answers, other than by searching. */
import type { Sql } from '@evently/kit/postgres';
import type { Bucket, Entry } from '../engine/port.ts';
import { bucketColumns, bucketOf, type BucketRow } from './buckets.ts';
import { rangeOf } from './index-terms.ts';

const current = `(select generation from index_generations where state = 'active')`;

/** Null when no generation answers. */
export async function countDocuments(client: Sql): Promise<number | null> {
  const { rows } = await client.query<{ documents: number }>({
    name: 'count-indexed',
    text: `select (select count(*)::int from index_documents d
                    where d.generation = g.generation and d.document is not null) as documents
             from index_generations g where g.state = 'active'`,
  });
  return rows[0]?.documents ?? null;
}

export async function sumBuckets(client: Sql): Promise<Bucket[]> {
  const { rows } = await client.query<BucketRow>({
    name: 'sum-index-buckets',
    text: `select ${bucketColumns}
             from index_documents
            where generation = ${current} and document is not null
            group by 1 order by 1`,
  });
  return rows.map(bucketOf);
}

const maxEntries = 50_000;

export async function listEntries(client: Sql, bucket: number): Promise<Entry[]> {
  const { rows } = await client.query<{
    event_id: string;
    version: string;
    checksum: string;
    stock_version: string | null;
    available: number | null;
  }>({
    name: 'list-index-entries',
    text: `select event_id, version, checksum, stock_version, available
             from index_documents
            where generation = ${current} and document is not null and get_byte(uuid_send(event_id), 15) = $1
            order by event_id
            limit ${maxEntries}`,
    values: [bucket],
  });
  return rows.map((row) => ({
    eventId: row.event_id,
    version: Number(row.version),
    checksum: Number(row.checksum),
    stockVersion: row.stock_version === null ? null : Number(row.stock_version),
    available: row.available,
  }));
}

/** Beginnings that are looked at for one answer; a single letter has more than anybody would read. */
const maxScanned = 2_000;

/**
 * Texts in which the words stand, those that begin with them first, what is to come before what is over. One range of an
 * index, whose length is bounded.
 */
export async function findSuggestions(
  client: Sql,
  prefix: string,
  now: Date,
  limit: number,
): Promise<string[]> {
  const { rows } = await client.query<{ shown: string }>({
    name: 'find-suggestions',
    text: `select s.shown
             from (select shown, place, kind, ends_at from index_suggestions
                    where generation = ${current} and beginning ~>=~ $1 and beginning ~<~ $2
                    order by beginning using ~<~
                    limit ${maxScanned}) s
            group by s.shown
            order by min(s.place), bool_or(s.ends_at > $3) desc, min(case s.kind when 'name' then 0 when 'venue' then 1
                     else 2 end), length(s.shown), s.shown
            limit $4`,
    values: [...rangeOf(prefix), now, limit],
  });
  return rows.map(({ shown }) => shown);
}
