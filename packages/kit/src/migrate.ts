/** Brings a database to the newest schema, one process at a time. */
import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import type { Logger } from './log.ts';
import { adviseOnPostgresTls, postgresAddress } from './postgres-address.ts';
import { DatabaseUnavailable } from './postgres.ts';

const lockWaitMs = 60_000;

export type MigrationSet = { directory: string; table: string };

/** The tables of messages and idempotency that every service's database has. */
export const messagingMigrations: MigrationSet = {
  directory: fileURLToPath(new URL('../migrations', import.meta.url)),
  table: 'migrations_messaging',
};

/**
 * Applies what is missing of each set, in order, each file in a transaction of its own. A second
 * process waits for the first at an advisory lock, for one minute at most. `caFile`: see
 * `openDatabase`.
 */
export async function migrate(
  url: string,
  sets: readonly MigrationSet[],
  log: Logger,
  caFile?: string,
): Promise<void> {
  const client = new pg.Client({
    ...postgresAddress(url, caFile),
    application_name: 'evently-migrate',
    connectionTimeoutMillis: 5_000,
    statement_timeout: lockWaitMs,
  });
  client.on('error', (error) => log.error({ err: error.message }, 'the migration lost its connection'));
  await client.connect().catch((error: unknown) => {
    // What says itself what is wrong (a password, a name) is left as it is.
    throw adviseOnPostgresTls(error) === null ? error : new DatabaseUnavailable(error);
  });
  try {
    for (const set of sets) {
      const applied = await runner({
        dbClient: client,
        dir: `${set.directory}/*.sql`,
        useGlob: true,
        migrationsTable: set.table,
        direction: 'up',
        advisoryLockMode: 'wait',
        checkOrder: true,
        log: () => {},
        verbose: false,
      });
      for (const migration of applied) log.info({ migration: migration.name }, 'migration applied');
    }
  } finally {
    await client.end();
  }
}
