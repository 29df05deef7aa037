import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '@evently/testkit/postgres';
import { createLogger } from './log.ts';
import { migrate, missingMigrations, type MigrationSet } from './migrate.ts';

const log = createLogger('test', 'silent');
let database: TestDatabase;
let set: MigrationSet;
beforeEach(async () => {
  database = await createTestDatabase([]);
  set = { directory: await mkdtemp(path.join(tmpdir(), 'evently-migrations-')), table: 'migrations_coats' };
  await write('0001-coats', 'create table coats (tag text primary key);');
});
afterEach(async () => {
  await database.drop();
  await rm(set.directory, { recursive: true, force: true });
});

function write(name: string, sql: string): Promise<void> {
  return writeFile(path.join(set.directory, `${name}.sql`), sql);
}

test('what is missing is named, applied once, and then not missing any more', async () => {
  await write('0002-hooks', 'create table hooks (id integer primary key);');
  expect(await missingMigrations(database.db, [set])).toEqual(['0001-coats', '0002-hooks']);
  expect(await migrate(database.url, [set], log)).toEqual(['0001-coats', '0002-hooks']);
  expect(await missingMigrations(database.db, [set])).toEqual([]);
  expect(await migrate(database.url, [set], log)).toEqual([]);
});

test('a schema that is newer than the program lacks nothing', async () => {
  await write('0002-hooks', 'create table hooks (id integer primary key);');
  await migrate(database.url, [set], log);
  await rm(path.join(set.directory, '0002-hooks.sql'));
  expect(await missingMigrations(database.db, [set])).toEqual([]);
});

test('of several processes at once one applies, and the others wait for it', async () => {
  await write('0002-slow', 'select pg_sleep(0.3); create table hooks (id integer primary key);');
  const applied = await Promise.all([1, 2, 3].map(() => migrate(database.url, [set], log)));
  expect(applied.toSorted((a, b) => b.length - a.length)).toEqual([['0001-coats', '0002-slow'], [], []]);
});

test('a migration that fails leaves nothing of itself, and what was applied before stays', async () => {
  await write('0002-broken', 'create table hooks (id integer primary key); select 1 / 0;');
  await expect(migrate(database.url, [set], log)).rejects.toThrow('division by zero');
  expect(await missingMigrations(database.db, [set])).toEqual(['0002-broken']);
  await write('0002-broken', 'create table hooks (id integer primary key);');
  expect(await migrate(database.url, [set], log)).toEqual(['0002-broken']);
});

test('a table in use is waited for in short turns, so that nobody queues behind the migration for long', async () => {
  await migrate(database.url, [set], log);
  await write('0002-colour', 'alter table coats add column colour text;');
  const reading = Promise.withResolvers<void>();
  const isRead = Promise.withResolvers<void>();
  const reader = database.db.transaction(async (client) => {
    // A reader that keeps its place for longer than one turn of the migration.
    await client.query("set local idle_in_transaction_session_timeout = '60s'");
    await client.query('select tag from coats');
    isRead.resolve();
    await reading.promise;
  });
  await isRead.promise;
  const lines: string[] = [];
  const told = Promise.withResolvers<void>();
  const heard = createLogger('test', 'warn', {
    write: (line) => {
      lines.push(line);
      told.resolve();
    },
  });
  const migrated = migrate(database.url, [set], heard);
  await told.promise;
  expect(lines[0]).toContain('the migration lets others pass');
  // While it waits for its next turn, others use the table.
  await database.db.query("insert into coats (tag) values ('A7')");
  reading.resolve();
  await reader;
  expect(await migrated).toEqual(['0002-colour']);
}, 60_000);
