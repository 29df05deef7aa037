/** Rows of `index_generations`: which generation of the PostgreSQL index answers, and which one fills. */
import type { Database, Sql } from '@evently/kit/postgres';

export type Generation = { generation: number; state: 'building' | 'active' };

/** Makes an empty generation the active one when there is none; of two that try, one does. */
export async function ensureActive(client: Sql): Promise<void> {
  await client.query({
    name: 'ensure-active-generation',
    text: `insert into index_generations (state)
           select 'active' where not exists (select 1 from index_generations where state = 'active')
           on conflict do nothing`,
  });
}

/** Whether any generation answers. */
export async function hasActive(client: Sql): Promise<boolean> {
  const { rows } = await client.query({
    name: 'find-active-generation',
    text: `select 1 from index_generations where state = 'active'`,
  });
  return rows.length > 0;
}

/**
 * The generations that take changes, in order. Their rows are held in share mode until the transaction ends: a switch
 * waits for writers under way, so that none of them is missing in what is published.
 */
export async function holdGenerations(client: Sql): Promise<Generation[]> {
  const { rows } = await client.query<Generation>({
    name: 'hold-generations',
    text: `select generation, state from index_generations where state <> 'dropped'
            order by generation for share`,
  });
  return rows;
}

/** Locks all generations that are in use, against writers and other switches; oldest first. */
async function lockGenerations(client: Sql): Promise<void> {
  await client.query({
    name: 'lock-generations',
    text: `select 1 from index_generations where state <> 'dropped' order by generation for update`,
  });
}

/** Begins a generation; one that was being built is dropped. In a transaction of the caller. */
export async function beginGeneration(client: Sql): Promise<number> {
  await lockGenerations(client);
  await client.query({
    name: 'drop-unfinished-generation',
    text: `update index_generations set state = 'dropped' where state = 'building'`,
  });
  const { rows } = await client.query<{ generation: number }>({
    name: 'begin-generation',
    text: `insert into index_generations (state) values ('building') returning generation`,
  });
  const [row] = rows;
  if (row === undefined) throw new Error('a generation was begun and has no number');
  return row.generation;
}

/** Makes `generation` the one that answers; false when it is not being built any more. In a transaction of the caller. */
export async function switchTo(client: Sql, generation: number): Promise<boolean> {
  await lockGenerations(client);
  const { rows } = await client.query({
    name: 'find-building-generation',
    text: `select 1 from index_generations where generation = $1 and state = 'building'`,
    values: [generation],
  });
  if (rows.length === 0) return false;
  await client.query({
    name: 'retire-generation',
    text: `update index_generations set state = 'dropped' where state = 'active'`,
  });
  await client.query({
    name: 'activate-generation',
    text: `update index_generations set state = 'active' where generation = $1`,
    values: [generation],
  });
  return true;
}

export async function dropGeneration(client: Sql, generation: number): Promise<void> {
  await client.query({
    name: 'drop-generation',
    text: `update index_generations set state = 'dropped' where generation = $1 and state = 'building'`,
    values: [generation],
  });
}

const sweptEvents = 500;
const sweptTerms = 5_000;

/**
 * Deletes some rows of a generation that nobody reads; answers whether there may be more. Each table by its own keys, which
 * are told: in one statement with a join, a server without statistics read all beginnings for each part, for longer
 * than a statement may take (100,000 events).
 */
export async function sweepDropped(client: Sql): Promise<boolean> {
  const { rows } = await client.query<{ generation: number }>({
    name: 'find-dropped-generation',
    text: `select generation from index_generations where state = 'dropped' order by generation limit 1`,
  });
  const [dropped] = rows;
  if (dropped === undefined) return false;
  const { generation } = dropped;
  const eventIds = await listEvents(client, generation);
  for (const { name, text } of sweeps) await client.query({ name, text, values: [generation, eventIds] });
  const { rowCount: terms } = await client.query({
    name: 'sweep-terms',
    text: `delete from index_terms
            where generation = $1
              and term in (select term from index_terms where generation = $1 order by term limit ${sweptTerms})`,
    values: [generation],
  });
  if (eventIds.length < sweptEvents && (terms ?? 0) < sweptTerms) await forgetGeneration(client, generation);
  return true;
}

async function listEvents(client: Sql, generation: number): Promise<string[]> {
  const { rows } = await client.query<{ event_id: string }>({
    name: 'list-events-of-generation',
    text: `select event_id from index_documents where generation = $1 order by event_id limit ${sweptEvents}`,
    values: [generation],
  });
  return rows.map((row) => row.event_id);
}

/** The documents last: they say what there is. */
const sweeps = ['index_suggestions', 'index_contents', 'index_documents'].map((table) => ({
  name: `sweep-${table}`,
  text: `delete from ${table} where generation = $1 and event_id = any($2::uuid[])`,
}));

/** A generation of which nothing is left. */
async function forgetGeneration(client: Sql, generation: number): Promise<void> {
  await client.query({
    name: 'forget-generation',
    text: `delete from index_generations where generation = $1 and state = 'dropped'`,
    values: [generation],
  });
}

const indexTables = 'index_documents, index_groups, index_contents, index_terms, index_suggestions';
/** Tables of some million events. */
const tidyMs = 300_000;

/**
 * Tells the planner what there is in a generation that has just been filled, before it answers: statistics that know
 * nothing of it make plans that read all of it. A table that the server tends itself at the moment is left to it.
 */
export async function analyzeIndex(db: Pick<Database, 'session'>): Promise<void> {
  await unhurried(db, `analyze (skip_locked) ${indexTables}`);
}

/** Takes rows that were deleted out of the indexes: until then a search looks at each of them. */
export async function vacuumIndex(db: Pick<Database, 'session'>): Promise<void> {
  await unhurried(db, `vacuum (analyze, skip_locked) ${indexTables}`);
}

/** On a connection of its own, because the time of a statement is for those that somebody waits for. */
async function unhurried(db: Pick<Database, 'session'>, text: string): Promise<void> {
  await db.session(async (client) => {
    await client.query(`set statement_timeout = ${tidyMs}`);
    // The driver has a limit of its own.
    const statement = { text, query_timeout: tidyMs };
    await client.query(statement);
  });
}
