/** Rows of `catalog_events`: the newest word of the catalog and of booking on each event, whatever engines know. */
import type { CatalogDocument } from '@evently/contracts/search';
import type { Sql } from '@evently/kit/postgres';
import type { Bucket, Entry } from '../engine/port.ts';
import { bucketColumns, bucketOf, type BucketRow } from './buckets.ts';

/** What an event is known as. `document` is null for one that must not be found. */
export type Told = {
  eventId: string;
  version: number;
  document: CatalogDocument | null;
  checksum: number;
};
export type ToldStock = { eventId: string; version: number; available: number };

/**
 * Keeps each document or removal unless a newer one is known; one of equal version that says something else replaces,
 * for repairs. The rows, by primary key and in order of it. Answers the events that changed.
 */
export async function keepDocuments(client: Sql, told: readonly Told[]): Promise<string[]> {
  if (told.length === 0) return [];
  const { rows } = await client.query<{ event_id: string }>({
    name: 'keep-documents',
    text: `insert into catalog_events (event_id, version, document, checksum)
           select t.event_id, t.version, t.document, t.checksum
             from unnest($1::uuid[], $2::bigint[], $3::json[], $4::bigint[]) t(event_id, version, document, checksum)
            order by t.event_id
           on conflict (event_id) do update
              set version = excluded.version, document = excluded.document, checksum = excluded.checksum,
                  changed_at = clock_timestamp()
            where catalog_events.version < excluded.version
               or (catalog_events.version = excluded.version
                   and (catalog_events.checksum <> excluded.checksum
                        or (catalog_events.document is null) <> (excluded.document is null)))
           returning event_id`,
    values: [
      told.map(({ eventId }) => eventId),
      told.map(({ version }) => version),
      told.map(({ document }) => (document === null ? null : JSON.stringify(document))),
      told.map(({ checksum }) => checksum),
    ],
  });
  return rows.map((row) => row.event_id);
}

/**
 * Keeps each stock unless a newer one is known, also of events whose document has not come yet; one of equal version that
 * says something else replaces, for repairs. Answers the events that changed.
 */
export async function keepStocks(client: Sql, told: readonly ToldStock[]): Promise<string[]> {
  if (told.length === 0) return [];
  const { rows } = await client.query<{ event_id: string }>({
    name: 'keep-stocks',
    text: `insert into catalog_events (event_id, version, stock_version, available)
           select t.event_id, -1, t.version, t.available
             from unnest($1::uuid[], $2::bigint[], $3::integer[]) t(event_id, version, available)
            order by t.event_id
           on conflict (event_id) do update
              set stock_version = excluded.stock_version, available = excluded.available
            where catalog_events.stock_version is null or catalog_events.stock_version < excluded.stock_version
               or (catalog_events.stock_version = excluded.stock_version
                   and catalog_events.available <> excluded.available)
           returning event_id`,
    values: [
      told.map(({ eventId }) => eventId),
      told.map(({ version }) => version),
      told.map(({ available }) => available),
    ],
  });
  return rows.map((row) => row.event_id);
}

export type CatalogRow = {
  eventId: string;
  version: number;
  document: CatalogDocument | null;
  checksum: number;
  stock: { version: number; available: number } | null;
};
export type StoredRow = {
  event_id: string;
  version: string;
  document: CatalogDocument | null;
  checksum: string;
  stock_version: string | null;
  available: number | null;
};
export const catalogColumns = 'c.event_id, c.version, c.document, c.checksum, c.stock_version, c.available';

export function catalogRowOf(row: StoredRow): CatalogRow {
  const { stock_version: version, available } = row;
  return {
    eventId: row.event_id,
    version: Number(row.version),
    document: row.document,
    checksum: Number(row.checksum),
    stock: version === null || available === null ? null : { version: Number(version), available },
  };
}

export async function findRows(client: Sql, eventIds: readonly string[]): Promise<CatalogRow[]> {
  const { rows } = await client.query<StoredRow>({
    name: 'find-catalog-rows',
    text: `select ${catalogColumns} from catalog_events c where c.event_id = any($1::uuid[])`,
    values: [eventIds],
  });
  return rows.map(catalogRowOf);
}

/** One page by id of everything that is known, removals and lone stocks included. */
export async function listRows(client: Sql, afterId: string, limit: number): Promise<CatalogRow[]> {
  const { rows } = await client.query<StoredRow>({
    name: 'list-catalog-rows',
    text: `select ${catalogColumns} from catalog_events c where c.event_id > $1 order by c.event_id limit $2`,
    values: [afterId, limit],
  });
  return rows.map(catalogRowOf);
}

const lastOfAll = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/**
 * Events from `afterId` on, up to `lastId` (null is the end), that are known as found, are none of `listed`, and were so
 * before `until`: the catalog that was read after that does not have them.
 */
export async function listUnlisted(
  client: Sql,
  range: { afterId: string; lastId: string | null; listed: readonly string[]; until: Date },
): Promise<{ eventId: string; version: number }[]> {
  const { rows } = await client.query<{ event_id: string; version: string }>({
    name: 'list-unlisted',
    text: `select event_id, version from catalog_events
            where event_id > $1 and event_id <= coalesce($2, '${lastOfAll}'::uuid) and document is not null
              and event_id <> all($3::uuid[]) and changed_at < $4
            order by event_id`,
    values: [range.afterId, range.lastId, range.listed, range.until],
  });
  return rows.map((row) => ({ eventId: row.event_id, version: Number(row.version) }));
}

/** The time by the clock that writes `changed_at`. */
export async function readClock(client: Sql): Promise<Date> {
  const { rows } = await client.query<{ now: Date }>({
    name: 'read-clock',
    text: 'select clock_timestamp() as now',
  });
  const [row] = rows;
  if (row === undefined) throw new Error('the database told no time');
  return row.now;
}

/** Events that can be found and do not wait for the engine: what its index must have. */
export async function countSettled(client: Sql, engine: string): Promise<number> {
  const { rows } = await client.query<{ documents: number }>({
    name: 'count-settled',
    text: `select count(*)::int as documents from catalog_events c
            where c.document is not null
              and not exists (select 1 from pending_changes p where p.engine = $1 and p.event_id = c.event_id)`,
    values: [engine],
  });
  return rows[0]?.documents ?? 0;
}

export async function countKnown(client: Sql): Promise<number> {
  const { rows } = await client.query<{ documents: number }>({
    name: 'count-known',
    text: 'select count(*)::int as documents from catalog_events where document is not null',
  });
  return rows[0]?.documents ?? 0;
}

/** Of the events that can be found; what waits for `engine` is counted as well. */
export async function sumKnownBuckets(client: Sql): Promise<Bucket[]> {
  const { rows } = await client.query<BucketRow>({
    name: 'sum-known-buckets',
    text: `select ${bucketColumns}
             from catalog_events where document is not null
            group by 1 order by 1`,
  });
  return rows.map(bucketOf);
}

/** What can be found of one bucket. */
export async function listKnownEntries(client: Sql, bucket: number): Promise<Entry[]> {
  const { rows } = await client.query<{
    event_id: string;
    version: string;
    checksum: string;
    stock_version: string | null;
    available: number | null;
  }>({
    name: 'list-known-entries',
    text: `select event_id, version, checksum, stock_version, available from catalog_events
            where document is not null and get_byte(uuid_send(event_id), 15) = $1
            order by event_id`,
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
