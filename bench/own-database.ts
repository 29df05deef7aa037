/** Databases of the benchmark's own on the platform's PostgreSQL, with booking's tables. */
import pg from 'pg';
import { bookingMigrations } from '@evently/booking/migrations';
import { createLogger } from '@evently/kit/log';
import { messagingMigrations, migrate } from '@evently/kit/migrate';
import type { Bench } from './bench.ts';

const connectMs = 5_000;

/** The address of database `name`; made with all migrations when it is not there. */
export async function prepareDatabase(bench: Bench, name: string): Promise<string> {
  await onServer(bench, async (client) => {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name]);
    if (rowCount === 0) await client.query(`create database ${name}`);
  });
  const url = urlOf(bench, name);
  await migrate(url, [messagingMigrations, bookingMigrations], createLogger('bench', 'warn'));
  return url;
}

/** A copy of a database that nobody is connected to; its files are copied, so that its log is not full of them. */
export async function copyDatabase(bench: Bench, template: string, name: string): Promise<string> {
  await onServer(bench, async (client) => {
    await client.query(`drop database if exists ${name} with (force)`);
    await client.query(`create database ${name} template ${template} strategy file_copy`);
  });
  return urlOf(bench, name);
}

export async function dropDatabase(bench: Bench, name: string): Promise<void> {
  await onServer(bench, async (client) => {
    await client.query(`drop database if exists ${name} with (force)`);
  });
}

function urlOf({ platform }: Bench, name: string): string {
  const url = new URL(platform.runtime.databases.booking);
  url.pathname = `/${name}`;
  return url.href;
}

async function onServer({ platform }: Bench, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const connectionString = platform.runtime.databases.booking;
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: connectMs });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
