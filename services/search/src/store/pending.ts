/** Rows of `pending_changes`: the events that an engine is behind with, each once. */
import type { ClientBase } from 'pg';
import type { Sql } from '@evently/kit/postgres';
import { catalogColumns, catalogRowOf, type CatalogRow, type StoredRow } from './catalog.ts';

/**
 * Says that every engine of `engines` is behind with the events; `isWhole` when more than a stock changed. Rows in order
 * of their key, so that two writers wait in one direction only.
 */
export async function markPending(
  client: Sql,
  engines: readonly string[],
  eventIds: readonly string[],
  isWhole: boolean,
): Promise<void> {
  if (eventIds.length === 0) return;
  await client.query({
    name: 'mark-pending',
    text: `insert into pending_changes (engine, event_id, step, whole_step)
           select e.engine, c.event_id, s.step, case when $3 then s.step else 0 end
             from unnest($1::text[]) e(engine)
            cross join (select distinct event_id from unnest($2::uuid[]) i(event_id)) c
            cross join (select nextval('pending_steps') as step) s
            order by e.engine, c.event_id
           on conflict (engine, event_id) do update
              set step = excluded.step, whole_step = greatest(pending_changes.whole_step, excluded.whole_step)`,
    values: [engines, eventIds, isWhole],
  });
}

const turnKey = 7_340_210;

/** Whether this transaction may take what waits for `engine`; one at a time may, over all processes. */
export async function takeTurn(client: ClientBase, engine: string): Promise<boolean> {
  const { rows } = await client.query<{ held: boolean }>({
    name: 'take-indexing-turn',
    text: `select pg_try_advisory_xact_lock($1, hashtext($2)) as held,
                  set_config('idle_in_transaction_session_timeout', '60s', true)`,
    values: [turnKey, engine],
  });
  return rows[0]?.held === true;
}

export type Pending = CatalogRow & { step: string; isWhole: boolean };
export type Taken = { pending: readonly Pending[]; at: Date };

/** The longest waiting, with what is known of them now, and the time by the database's clock. */
export async function takePending(client: Sql, engine: string, limit: number): Promise<Taken> {
  const { rows } = await client.query<
    StoredRow & { step: string; is_whole: boolean; now: Date; since: Date }
  >({
    name: 'take-pending',
    text: `select p.step, p.whole_step > 0 as is_whole, p.since, clock_timestamp() as now, ${catalogColumns}
             from pending_changes p join catalog_events c on c.event_id = p.event_id
            where p.engine = $1
            order by p.since
            limit $2`,
    values: [engine, limit],
  });
  return {
    pending: rows.map((row) => ({ ...catalogRowOf(row), step: row.step, isWhole: row.is_whole })),
    at: rows[0]?.now ?? new Date(0),
  };
}

/** Forgets what was applied; of an event that changed meanwhile, that it waited before `at`. */
export async function settlePending(client: Sql, engine: string, taken: Taken): Promise<void> {
  const eventIds = taken.pending.map(({ eventId }) => eventId);
  const steps = taken.pending.map(({ step }) => step);
  const applied = 'unnest($2::uuid[], $3::bigint[]) t(event_id, step)';
  await client.query({
    name: 'forget-applied',
    text: `delete from pending_changes p using ${applied}
            where p.engine = $1 and p.event_id = t.event_id and p.step = t.step`,
    values: [engine, eventIds, steps],
  });
  await client.query({
    name: 'keep-changed-meanwhile',
    text: `update pending_changes p
              set since = greatest(p.since, $4),
                  whole_step = case when p.whole_step > t.step then p.whole_step else 0 end
             from ${applied}
            where p.engine = $1 and p.event_id = t.event_id and p.step > t.step`,
    values: [engine, eventIds, steps, taken.at],
  });
}

export type Backlog = { waiting: number; lagSeconds: number };

/** How far an engine is behind: events, and the age of the oldest change. */
export async function measureBacklog(client: Sql, engine: string): Promise<Backlog> {
  const { rows } = await client.query<{ waiting: number; lag: number }>({
    name: 'measure-backlog',
    text: `select count(*)::int as waiting,
                  coalesce(extract(epoch from clock_timestamp() - min(since)), 0)::float8 as lag
             from pending_changes where engine = $1`,
    values: [engine],
  });
  const [row] = rows;
  return { waiting: row?.waiting ?? 0, lagSeconds: Math.max(0, row?.lag ?? 0) };
}

/** Those of the events that wait for the engine. */
export async function findPending(
  client: Sql,
  engine: string,
  eventIds: readonly string[],
): Promise<Set<string>> {
  const { rows } = await client.query<{ event_id: string }>({
    name: 'find-pending',
    text: 'select event_id from pending_changes where engine = $1 and event_id = any($2::uuid[])',
    values: [engine, eventIds],
  });
  return new Set(rows.map((row) => row.event_id));
}
