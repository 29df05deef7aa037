/** Rows of `sales`: tickets sold, per event and ten minutes, and what is trending by them. */
import type { Sql } from '@evently/kit/postgres';
import { catalogColumns, catalogRowOf, type CatalogRow, type StoredRow } from './catalog.ts';

export type Sale = { eventId: string; at: Date; tickets: number };

const slotSeconds = 600;
/** Older sales say nothing about today. */
const windowHours = 24;
/** After so long a sale counts half. */
const halfLifeHours = 6;

/** Adds each sale to its ten minutes, in order of the key. */
export async function addSales(client: Sql, sales: readonly Sale[]): Promise<void> {
  if (sales.length === 0) return;
  await client.query({
    name: 'add-sales',
    text: `insert into sales (event_id, sold_at, tickets)
           select s.event_id, to_timestamp(floor(extract(epoch from s.at) / ${slotSeconds}) * ${slotSeconds}),
                  sum(s.tickets)
             from unnest($1::uuid[], $2::timestamptz[], $3::integer[]) s(event_id, at, tickets)
            group by 1, 2
            order by 2, 1
           on conflict (sold_at, event_id) do update set tickets = sales.tickets + excluded.tickets`,
    values: [
      sales.map(({ eventId }) => eventId),
      sales.map(({ at }) => at),
      sales.map(({ tickets }) => tickets),
    ],
  });
}

export type Trending = CatalogRow & { score: number };

/** Events that can be found and are not over, by tickets sold in the last 24 h of which each counts half after six hours. */
export async function listTrending(client: Sql, now: Date, limit: number): Promise<Trending[]> {
  const { rows } = await client.query<StoredRow & { score: number }>({
    name: 'list-trending',
    text: `with hot as (
             select s.event_id,
                    sum(s.tickets * power(0.5, greatest(0, extract(epoch from $1::timestamptz - s.sold_at))::float8
                                               / ${halfLifeHours * 3_600})) as score
               from sales s
              where s.sold_at > $1::timestamptz - interval '${windowHours} hours' and s.sold_at <= $1
              group by s.event_id)
           select ${catalogColumns}, h.score
             from hot h join catalog_events c on c.event_id = h.event_id
            where c.document is not null and (c.document ->> 'ends_at')::timestamptz > $1
            order by h.score desc, c.event_id
            limit $2`,
    values: [now, limit],
  });
  return rows.map((row) => ({ ...catalogRowOf(row), score: row.score }));
}

const pruneBatch = 5_000;

/** Deletes some of the sales that are too old to count; answers whether there may be more. */
export async function pruneSales(client: Sql, now: Date): Promise<boolean> {
  const { rowCount } = await client.query({
    name: 'prune-sales',
    text: `delete from sales where ctid = any(array(
             select ctid from sales where sold_at < $1::timestamptz - interval '${windowHours + 1} hours'
              order by sold_at limit ${pruneBatch}))`,
    values: [now],
  });
  return rowCount === pruneBatch;
}
