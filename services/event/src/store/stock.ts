/** Rows of `event_stock`: the last numbers that booking told, for when it is away. */
import type { Sql } from '@evently/kit/postgres';
import type { Stock } from '../domain/stock.ts';

type Row = {
  event_id: string;
  stock_version: string;
  available: number;
  tiers: Record<string, number>;
  updated_at: Date;
};

/** Keeps `stock` unless a newer one is known; an event that was deleted keeps none. */
export function keepStock(client: Sql, eventId: string, stock: Stock): Promise<void> {
  return keepStocks(client, new Map([[eventId, stock]]));
}

/**
 * The same for several events by their id. Their rows, by primary key and in order of it, so that two batches
 * wait for each other in one direction only; the events rows are not locked against edits (the reference takes
 * a key-share lock when a row is new).
 */
export async function keepStocks(client: Sql, stocks: ReadonlyMap<string, Stock>): Promise<void> {
  const told = [...stocks.values()];
  await client.query({
    name: 'keep-stocks',
    text: `insert into event_stock (event_id, stock_version, available, tiers, updated_at)
           select e.event_id, s.stock_version, s.available, s.tiers::json, s.updated_at
             from unnest($1::uuid[], $2::bigint[], $3::integer[], $4::text[], $5::timestamptz[])
                  s(event_id, stock_version, available, tiers, updated_at)
             join events e on e.event_id = s.event_id
            order by e.event_id
           on conflict (event_id) do update
              set stock_version = excluded.stock_version, available = excluded.available,
                  tiers = excluded.tiers, updated_at = excluded.updated_at
            where event_stock.stock_version < excluded.stock_version`,
    values: [
      [...stocks.keys()],
      told.map((stock) => stock.stockVersion),
      told.map((stock) => stock.available),
      told.map((stock) => JSON.stringify(stock.tiers)),
      told.map((stock) => stock.updatedAt),
    ],
  });
}

export async function findKeptStock(client: Sql, eventIds: readonly string[]): Promise<Map<string, Stock>> {
  const { rows } = await client.query<Row>({
    name: 'find-kept-stock',
    text: `select event_id, stock_version, available, tiers, updated_at
             from event_stock where event_id = any($1::uuid[])`,
    values: [eventIds],
  });
  return new Map(
    rows.map((row) => [
      row.event_id,
      {
        stockVersion: Number(row.stock_version),
        available: row.available,
        tiers: row.tiers,
        updatedAt: row.updated_at,
      },
    ]),
  );
}
