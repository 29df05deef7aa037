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
                    where d.generation = g.generation and d.words is not null) as documents
             from index_generations g where g.state = 'active'`,
  });
  return rows[0]?.documents ?? null;
}

export async function sumBuckets(client: Sql): Promise<Bucket[]> {
  const { rows } = await client.query<BucketRow>({
    name: 'sum-index-buckets',
    text: `select ${bucketColumns}
             from index_documents
            where generation = ${current} and words is not null
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
            where generation = ${current} and words is not null and get_byte(uuid_send(event_id), 15) = $1
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

/** Texts that are looked at for one answer: so many that begin with the words, and so many that have them later. */
const maxTexts = 60;

/**
 * Texts in which the words stand, those that begin with them first, what is to come before what is over. Each text is one
 * step into an index, however many events have it; those further back in the alphabet than `maxTexts` are left out.
 */
export async function findSuggestions(
  client: Sql,
  prefix: string,
  now: Date,
  limit: number,
): Promise<string[]> {
  const range = rangeOf(prefix);
  const first = await findTexts(client, 'first', range, now, limit);
  if (first.length >= limit) return first;
  const later = await findTexts(client, 'later', range, now, limit);
  return [...new Set([...first, ...later])].slice(0, limit);
}

const places = { first: 'place = 0', later: 'place > 0' } as const;

async function findTexts(
  client: Sql,
  where: keyof typeof places,
  [from, to]: [string, string],
  now: Date,
  limit: number,
): Promise<string[]> {
  const next = (
    after: string,
  ): string => `select s.beginning collate "C" as beginning, s.shown collate "C" as shown,
                          s.kind, s.ends_at
                     from index_suggestions s
                    where s.generation = ${current} and s.${places[where]} and ${after}
                      and s.beginning collate "C" < $2
                    order by s.beginning collate "C", s.shown collate "C", s.kind, s.ends_at desc
                    limit 1`;
  const { rows } = await client.query<{ shown: string }>({
    name: `find-suggestions-${where}`,
    text: `with recursive texts(beginning, shown, kind, ends_at, number) as (
             (select n.*, 1 from (${next('s.beginning collate "C" >= $1')}) n)
             union all
             select n.*, t.number + 1
               from texts t
              cross join lateral (${next('(s.beginning collate "C", s.shown collate "C", s.kind) > (t.beginning, t.shown, t.kind)')}) n
              where t.number < ${maxTexts}
           )
           select t.shown from texts t
            group by t.shown
            order by bool_or(t.ends_at > $3) desc, min(case t.kind when 'name' then 0 when 'venue' then 1 else 2 end),
                     length(t.shown), t.shown
            limit $4`,
    values: [from, to, now, limit],
  });
  return rows.map(({ shown }) => shown);
}
