/** Brings a database to the newest schema, one process at a time. */
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { monotonicMs, pause } from './clock.ts';
import type { Logger } from './log.ts';
import { adviseOnPostgresTls, postgresAddress } from './postgres-address.ts';
import { DatabaseUnavailable, sqlStateOf, type Sql } from './postgres.ts';

/** How long a process waits for another one that migrates the same database. */
const turnWaitMs = 120_000;
const turnPollMs = 200;
/** One statement of a migration; what takes longer is to be done in batches beside the running platform. */
const statementMs = 600_000;
// A migration that waits for a table makes everybody behind it wait too, so it soon lets them pass and tries again: well
// within the 500 ms that a statement of a service waits for a lock before its request is refused (postgres.ts).
const tableLockMs = 250;
// Four minutes: as long as a report or a dump may read a table in one transaction, and within the deadline of a Job.
const maxTries = 200;
const retryMs = 1_000;
const migrationLockKey = 7_340_100;

export type MigrationSet = { directory: string; table: string };

/** The tables of messages and idempotency that every service's database has. */
export const messagingMigrations: MigrationSet = {
  directory: fileURLToPath(new URL('../migrations', import.meta.url)),
  table: 'migrations_messaging',
};

/**
 * Applies what is missing of each set, in order, each file in a transaction of its own, and answers the names of what
 * it applied. A second process waits for the first at an advisory lock of the session, for two minutes at most. A
 * migration that does not get a table within 250 ms is rolled back and tried again, for four minutes at most. `caFile`: see
 * `openDatabase`.
 */
export async function migrate(
  url: string,
  sets: readonly MigrationSet[],
  log: Logger,
  caFile?: string,
): Promise<string[]> {
  const client = new pg.Client({
    ...postgresAddress(url, caFile),
    application_name: 'evently-migrate',
    connectionTimeoutMillis: 5_000,
    statement_timeout: statementMs,
    lock_timeout: tableLockMs,
  });
  client.on('error', (error) => log.error({ err: error.message }, 'the migration lost its connection'));
  await client.connect().catch((error: unknown) => {
    // What says itself what is wrong (a password, a name) is left as it is.
    throw adviseOnPostgresTls(error) === null ? error : new DatabaseUnavailable(error);
  });
  try {
    await waitForTurn(client, log);
    const applied: string[] = [];
    for (const set of sets) applied.push(...(await applySet(client, set, log)));
    return applied;
  } finally {
    // The lock of the session goes with it.
    await client.end();
  }
}

async function waitForTurn(client: pg.Client, log: Logger): Promise<void> {
  const givesUpAtMs = monotonicMs() + turnWaitMs;
  for (let waited = false; ; waited = true) {
    const { rows } = await client.query<{ held: boolean }>('select pg_try_advisory_lock($1) as held', [
      migrationLockKey,
    ]);
    if (rows[0]?.held === true) return;
    if (!waited) log.info('another process migrates this database; waiting for it');
    if (monotonicMs() > givesUpAtMs) {
      throw new Error(
        `Another process has been migrating this database for ${turnWaitMs / 1_000} s; look at what it waits for in pg_stat_activity (application_name evently-migrate), then run this again.`,
      );
    }
    await pause(turnPollMs);
  }
}

const lockNotAvailable = '55P03';

async function applySet(client: pg.Client, set: MigrationSet, log: Logger): Promise<string[]> {
  const missing = await missingMigrations(client, [set]);
  for (let tries = 1; ; tries += 1) {
    try {
      await runSet(client, set);
      for (const name of missing) log.info({ migration: name }, 'migration applied');
      return missing;
    } catch (error) {
      // The runner leaves a transaction that failed open.
      await client.query('rollback');
      if (sqlStateOf(error) !== lockNotAvailable || tries === maxTries) throw error;
      log.warn(
        { set: set.table, tries },
        'a table is in use; the migration lets others pass and tries again',
      );
      await pause(retryMs);
    }
  }
}

function runSet(client: pg.Client, set: MigrationSet): ReturnType<typeof runner> {
  return runner({
    dbClient: client,
    dir: `${set.directory}/*.sql`,
    useGlob: true,
    migrationsTable: set.table,
    direction: 'up',
    // Ours is held over all sets, and is not waited for inside a statement.
    noLock: true,
    checkOrder: true,
    log: () => {},
    verbose: false,
  });
}

/** Names of migrations that these files have and the database has not, in order. Newer ones of its own do no harm. */
export async function missingMigrations(db: Sql, sets: readonly MigrationSet[]): Promise<string[]> {
  const missing: string[] = [];
  for (const { directory, table } of sets) {
    const files = (await readdir(directory)).filter((file) => file.endsWith('.sql')).toSorted();
    const applied = await appliedMigrations(db, table);
    missing.push(...files.map((file) => file.slice(0, -'.sql'.length)).filter((name) => !applied.has(name)));
  }
  return missing;
}

async function appliedMigrations(db: Sql, table: string): Promise<Set<string>> {
  const known = await db.query<{ present: boolean }>('select to_regclass($1) is not null as present', [
    table,
  ]);
  if (known.rows[0]?.present !== true) return new Set();
  // An identifier of our own constants.
  const { rows } = await db.query<{ name: string }>(`select name from ${table}`);
  return new Set(rows.map(({ name }) => name));
}
