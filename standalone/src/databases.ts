/** The services' databases on the embedded cluster: made when missing, brought to the newest schema, opened. */
import pg from 'pg';
import type { Logger } from '@evently/kit/log';
import type { DatabaseMetrics } from '@evently/kit/metrics-database';
import { messagingMigrations, migrate, type MigrationSet } from '@evently/kit/migrate';
import { openDatabase, type Database } from '@evently/kit/postgres';
import type { ServiceName } from './gateway/routes.ts';

export type DatabasePlan = { service: ServiceName; migrations: readonly MigrationSet[]; poolSize: number };
/** `relayDb` is a pool of one: the outbox relay keeps it busy. */
export type ServiceDatabase = { url: string; db: Database; relayDb: Database };

const connectMs = 5_000;

/** The name of a service's database. */
export function databaseName(service: ServiceName): string {
  return `evently_${service}`;
}

/** Makes the databases that are missing, then migrates all at once; safe to repeat and to interrupt. */
export async function prepareDatabases(
  url: (database: string) => string,
  plans: readonly DatabasePlan[],
  log: Logger,
): Promise<void> {
  const client = new pg.Client({ connectionString: url('postgres'), connectionTimeoutMillis: connectMs });
  client.on('error', (error) => log.warn({ err: error.message }, 'the set-up lost its connection'));
  await client.connect();
  try {
    const present = await client.query<{ datname: string }>('select datname from pg_database');
    const names = new Set(present.rows.map((row) => row.datname));
    for (const { service } of plans) {
      const name = databaseName(service);
      // An identifier of our own constants; statements that make databases take no parameters.
      if (!names.has(name)) await client.query(`create database ${name}`);
    }
  } finally {
    await client.end();
  }
  await Promise.all(
    plans.map((plan) =>
      migrate(url(databaseName(plan.service)), [messagingMigrations, ...plan.migrations], log),
    ),
  );
}

/** Opens a pool for the service's work and one of a single connection for its relay. */
export function openServiceDatabase(
  url: (database: string) => string,
  plan: DatabasePlan,
  log: Logger,
  shown: DatabaseMetrics,
): ServiceDatabase {
  const own = url(databaseName(plan.service));
  const open = (pool: string, name: string, max: number): Database => {
    const metrics = shown.pool(plan.service, pool);
    const database = openDatabase({ url: own, name, max, log, waited: metrics.waited });
    metrics.watch(database);
    return database;
  };
  const db = open('own', plan.service, plan.poolSize);
  shown.watch(plan.service, db, log);
  return { url: own, db, relayDb: open('relay', `${plan.service}-relay`, 1) };
}

// Besides the pools: one migration per database, the relays, `evently verify`, a person with psql, and
// those that PostgreSQL keeps for the superuser.
const spareConnections = 30;

/** Settings of the embedded server. What makes an answer durable (fsync, synchronous_commit) stays on. */
export function serverSettings(plans: readonly DatabasePlan[]): Record<string, string> {
  const pools = plans.reduce((sum, plan) => sum + plan.poolSize + 1, 0);
  return {
    max_connections: String(pools + spareConnections),
    shared_buffers: '192MB',
    max_wal_size: '2GB',
    checkpoint_timeout: '15min',
    // Pages full of random ids do not shrink, and trying took 70 us for each page that is logged whole.
    wal_compression: 'off',
    wal_buffers: '16MB',
    random_page_cost: '1.1',
    // Statements here take less time than their compilation would.
    jit: 'off',
    log_min_messages: 'warning',
    log_checkpoints: 'off',
    log_line_prefix: '%m [%p] %d ',
    timezone: 'UTC',
  };
}
