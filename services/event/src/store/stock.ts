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

/**
 * Keeps `stock` unless a newer one is known; an event that was deleted keeps none. One row, by primary key;
 * the events row is not locked against edits (the reference takes a key-share lock when a row is new).
 */
export async function keepStock(client: Sql, eventId: string, stock: Stock): Promise<void> {
  await client.query({
    name: 'keep-stock',
    text: `insert into event_stock (event_id, stock_version, available, tiers, updated_at)
           select e.event_id, $2, $3, $4, $5 from events e where e.event_id = $1
           on conflict (event_id) do update
              set stock_version = excluded.stock_version, available = excluded.available,
                  tiers = excluded.tiers, updated_at = excluded.updated_at
            where event_stock.stock_version < excluded.stock_version`,
    values: [eventId, stock.stockVersion, stock.available, JSON.stringify(stock.tiers), stock.updatedAt],
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
