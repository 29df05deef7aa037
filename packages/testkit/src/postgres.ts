/** One embedded PostgreSQL for a test run, and a fresh database per test file from a migrated template. */
import { createHash, randomBytes } from 'node:crypto';
import pg from 'pg';
import { createLogger } from '@evently/kit/log';
import { messagingMigrations, migrate, type MigrationSet } from '@evently/kit/migrate';
import { openDatabase, type Database } from '@evently/kit/postgres';

const serverVariable = 'EVENTLY_TEST_POSTGRES_URL';

/** A machine that is busy for longer than a service waits makes a test fail that asks for something else. */
const patience = { connectTimeoutMs: 20_000, statementTimeoutMs: 30_000, lockTimeoutMs: 20_000 } as const;

export type TestDatabase = { db: Database; url: string; drop: () => Promise<void> };

/** Where the run's server listens; the global set-up of vitest starts it. */
export function testServerUrl(database: string): string {
  const base = process.env[serverVariable];
  if (base === undefined)
    throw new Error(`${serverVariable} is not set: run the tests with "make test" or vitest, which start it`);
  const url = new URL(base);
  url.pathname = `/${database}`;
  return url.href;
}

async function onServer<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: testServerUrl('postgres'),
    connectionTimeoutMillis: 30_000,
  });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/**
 * A new database with all migrations of `sets` (the messaging tables come first). The template of the
 * same sets is made once per run, under an advisory lock.
 */
export async function createTestDatabase(
  sets: readonly MigrationSet[],
  options: { max?: number } = {},
): Promise<TestDatabase> {
  const template = `template_${createHash('sha256').update(JSON.stringify(sets)).digest('hex').slice(0, 16)}`;
  const name = `test_${randomBytes(8).toString('hex')}`;
  const log = createLogger('test', 'silent');
  await onServer(async (client) => {
    await client.query('select pg_advisory_lock(42)');
    const made = await client.query('select 1 from pg_database where datname = $1', [template]);
    if (made.rowCount === 0) {
      await client.query(`create database ${template}_new`);
      await migrate(testServerUrl(`${template}_new`), [messagingMigrations, ...sets], log);
      await client.query(`alter database ${template}_new rename to ${template}`);
    }
    await client.query(`create database ${name} template ${template}`);
  });
  const url = testServerUrl(name);
  const db = openDatabase({ url, name: 'test', max: options.max ?? 4, log, ...patience });
  return {
    db,
    url,
    drop: async () => {
      await db.close();
      await onServer((client) => client.query(`drop database if exists ${name} with (force)`));
    },
  };
}
