/** The call of the function `reserve_batch`: a whole batch in one statement and one commit. */
import type { Sql } from '@evently/kit/postgres';
import { activeTraceparent } from '@evently/kit/tracing';
import type { QueryResult } from 'pg';

/** One request of the batch, for one tier. */
export type BatchItem = { id: string; userId: string; key: string; tierId: string; quantity: number };
export type TierCount = {
  tier_id: string;
  price_minor: number;
  available: number;
  held: number;
  sold: number;
  blocked: number;
};
export type BatchOutcome =
  | { kind: 'slow' }
  | {
      kind: 'reserved';
      version: number;
      previousWriter: string;
      heldFrom: Date;
      heldUntil: Date;
      currency: string;
      stock: TierCount[];
    };

type BatchRow = {
  outcome: 'slow' | 'reserved';
  new_version: string;
  previous_writer: string;
  held_from: Date;
  held_until: Date;
  sold_in: string;
  stock: TierCount[];
};

/**
 * Reserves every item or nothing. 'slow' means that something about the batch is unusual and nothing was
 * written. The promise resolves after the commit: node-postgres waits for ReadyForQuery (I8). Locks: see
 * the migration.
 */
export async function reserveBatch(
  sql: Sql,
  eventId: string,
  writer: string,
  holdSeconds: number,
  messageId: string,
  items: readonly BatchItem[],
): Promise<BatchOutcome> {
  const values = [
    eventId,
    writer,
    holdSeconds,
    messageId,
    `{${items.map((item) => item.id).join(',')}}`,
    `{${items.map((item) => item.userId).join(',')}}`,
    items.map((item) => item.key),
    `{${items.map((item) => item.tierId).join(',')}}`,
    `{${items.map((item) => item.quantity).join(',')}}`,
  ];
  const traceparent = activeTraceparent();
  const { rows } = await (traceparent === null
    ? callReserveBatch(sql, values)
    : callReserveBatchTraced(sql, [...values, traceparent]));
  const row = rows[0];
  if (row === undefined || row.outcome === 'slow') return { kind: 'slow' };
  return {
    kind: 'reserved',
    version: Number(row.new_version),
    previousWriter: row.previous_writer,
    heldFrom: row.held_from,
    heldUntil: row.held_until,
    currency: row.sold_in,
    stock: row.stock,
  };
}

function callReserveBatch(sql: Sql, values: unknown[]): Promise<QueryResult<BatchRow>> {
  return sql.query<BatchRow>({
    name: 'reserve-batch',
    text: `select outcome, new_version, previous_writer, held_from, held_until, sold_in, stock
             from reserve_batch($1, $2, $3, $4, $5::uuid[], $6::uuid[], $7::text[], $8::uuid[], $9::integer[])`,
    values,
  });
}

/** The same, and its message carries the place in the trace. */
function callReserveBatchTraced(sql: Sql, values: unknown[]): Promise<QueryResult<BatchRow>> {
  return sql.query<BatchRow>({
    name: 'reserve-batch-traced',
    text: `select outcome, new_version, previous_writer, held_from, held_until, sold_in, stock
             from reserve_batch_traced($10, $1, $2, $3, $4, $5::uuid[], $6::uuid[], $7::text[], $8::uuid[], $9::integer[])`,
    values,
  });
}
