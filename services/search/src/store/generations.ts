/** Rows of `index_generations`: which generation of the PostgreSQL index answers, and which one fills. */
import type { Sql } from '@evently/kit/postgres';

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

const sweptEvents = 2_000;
const sweptTerms = 20_000;

/**
 * Deletes some rows of generations that nobody reads; answers whether there may be more. Both by their keys: measured
 * with 6,000 events, `ctid = any(array(…))` took 5 s for each 5,000 beginnings, as every row was held against the list.
 */
export async function sweepDropped(client: Sql): Promise<boolean> {
  const { rowCount: events } = await client.query({
    name: 'sweep-events',
    text: `with gone as materialized (
             select d.generation, d.event_id from index_documents d
              where d.generation in (select generation from index_generations where state = 'dropped')
              order by d.generation, d.event_id limit ${sweptEvents}),
           suggestions as (
             delete from index_suggestions s using gone
              where s.generation = gone.generation and s.event_id = gone.event_id),
           contents as (
             delete from index_contents c using gone
              where c.generation = gone.generation and c.event_id = gone.event_id)
           delete from index_documents d using gone
            where d.generation = gone.generation and d.event_id = gone.event_id`,
  });
  const { rowCount: terms } = await client.query({
    name: 'sweep-terms',
    text: `with gone as materialized (
             select t.generation, t.term from index_terms t
              where t.generation in (select generation from index_generations where state = 'dropped')
              order by t.generation, t.term limit ${sweptTerms})
           delete from index_terms t using gone
            where t.generation = gone.generation and t.term = gone.term`,
  });
  return events === sweptEvents || terms === sweptTerms;
}
