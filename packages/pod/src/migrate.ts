/** `main.ts migrate`: makes the service's database when it is missing, and brings it to the newest schema. */
import pg from 'pg';
import { monotonicMs, pause } from '@evently/kit/clock';
import { createLogger } from '@evently/kit/log';
import { migrate } from '@evently/kit/migrate';
import { sqlStateOf } from '@evently/kit/postgres';
import { postgresAddress } from '@evently/kit/postgres-address';
import { readDatabaseFault, shownAddress } from './database-faults.ts';
import { migrationsOf, readMigrateConfig, type DatabaseTarget } from './config.ts';
import { PodFailure } from './failure.ts';
import type { Environment, PodPlan } from './plan.ts';

/** How long the server may take to answer at all. */
const serverWaitMs = 60_000;
const serverPollMs = 1_000;
const connectMs = 5_000;

/**
 * Safe to repeat, to interrupt and to run twice at once. `say` hears one line for each thing done. Throws `ConfigError`
 * or `PodFailure` with what a person has to do.
 */
export async function migratePod<C>(
  plan: PodPlan<C>,
  env: Environment,
  say: (line: string) => void,
): Promise<void> {
  const target = readMigrateConfig(plan, env);
  const where = shownAddress(target.url);
  if (await makeDatabase(target)) say(`${where}: the database was made`);
  const applied = await applyMigrations(plan, target);
  for (const name of applied) say(`${where}: applied ${name}`);
  say(
    applied.length === 0
      ? `${where}: the schema is the newest already`
      : `${where}: the schema is the newest now, after ${applied.length} migrations`,
  );
}

async function applyMigrations<C>(plan: PodPlan<C>, target: DatabaseTarget): Promise<string[]> {
  const { url, caFile, variable } = target;
  const log = createLogger(`${plan.name}-migrate`, 'warn');
  try {
    return await migrate(url, migrationsOf(plan), log, caFile);
  } catch (error) {
    const fault = readDatabaseFault(error, variable, url);
    if (fault.kind === 'refused') throw new PodFailure(`${fault.says}.`, error);
    const reason = error instanceof Error ? error.message : String(error);
    throw new PodFailure(
      `The migrations of ${shownAddress(url)} stopped (${reason}). What was applied before stays, the one that failed left nothing; run this again when the reason is gone.`,
      error,
    );
  }
}

/** Waits for the server; makes the database when it is the only thing that is missing. True when it was made. */
async function makeDatabase(target: DatabaseTarget): Promise<boolean> {
  const givesUpAtMs = monotonicMs() + serverWaitMs;
  for (;;) {
    const error = await tryDatabase(target);
    if (error === null) return false;
    const fault = readDatabaseFault(error, target.variable, target.url);
    if (fault.kind === 'refused') throw new PodFailure(`${fault.says}.`, error);
    if (fault.kind === 'missing') return createDatabase(target);
    if (monotonicMs() > givesUpAtMs) {
      throw new PodFailure(
        `${fault.says}, for ${serverWaitMs / 1_000} s now: start it, or correct ${target.variable}; then run this again.`,
        error,
      );
    }
    await pause(serverPollMs);
  }
}

/** What kept it from connecting, if anything. An address that cannot be used is thrown: waiting does not mend it. */
async function tryDatabase({ url, caFile }: DatabaseTarget): Promise<unknown> {
  const address = postgresAddress(url, caFile);
  try {
    await withClient(address, () => Promise.resolve());
    return null;
  } catch (error) {
    return error;
  }
}

const alreadyThere = new Set(['42P04', '23505']);

/** False when another process was quicker. */
async function createDatabase({ url, caFile, variable }: DatabaseTarget): Promise<boolean> {
  const address = new URL(url);
  const name = decodeURIComponent(address.pathname.slice(1));
  // Every server has it, and it is where one goes whose own database is not there.
  address.pathname = '/postgres';
  try {
    await withClient(postgresAddress(address.href, caFile), (client) =>
      // Statements that make databases take no parameters.
      client.query(`create database ${pg.escapeIdentifier(name)}`),
    );
    return true;
  } catch (error) {
    if (alreadyThere.has(sqlStateOf(error))) return false;
    const reason = error instanceof Error ? error.message : String(error);
    throw new PodFailure(
      `The database of ${variable} does not exist, and could not be made with its user (${reason}): have it made ("create database ${name} owner ${decodeURIComponent(address.username)}"), then run this again.`,
      error,
    );
  }
}

async function withClient(
  address: ReturnType<typeof postgresAddress>,
  work: (client: pg.Client) => Promise<unknown>,
): Promise<void> {
  const client = new pg.Client({
    ...address,
    application_name: 'evently-migrate',
    connectionTimeoutMillis: connectMs,
  });
  // What breaks while nothing is asked is met by the next question.
  client.on('error', () => {});
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
