import path from 'node:path';
import { expect, test } from 'vitest';
import { migrationFaults, sealFaults } from './migration-rules.ts';
import { sealedMigrations } from './sealed-migrations.ts';
import { filesLike } from './tree.ts';

test('migrations are numbered without gaps and say why they are there', () => {
  const folders = Object.values(
    Object.groupBy(filesLike(/\/migrations\/[^/]+\.sql$/), (file) => path.posix.dirname(file.path)),
  );
  expect(folders.flatMap((files) => migrationFaults(files ?? []))).toEqual([]);
});

test('migrations that were applied somewhere are as they were', () => {
  expect(sealFaults(filesLike(/\/migrations\/[^/]+\.sql$/), sealedMigrations)).toEqual([]);
});

test('an edited, a removed and an unsealed migration are found', () => {
  const file = { path: 'x/migrations/0001-coats.sql', text: 'create table coats ();' };
  expect(sealFaults([file], { [file.path]: '0000000000000000' })).toHaveLength(1);
  expect(sealFaults([file], {})).toHaveLength(1);
  expect(sealFaults([], { [file.path]: '0000000000000000' })).toHaveLength(1);
});

test('a gap, a twin number, a nameless file and a silent one are found', () => {
  const why = '-- Keeps what each coat is worth, for the insurance.\n';
  const named = (name: string, text = why): { path: string; text: string } => ({
    path: `x/migrations/${name}`,
    text,
  });
  expect(migrationFaults([named('0001-coats.sql'), named('0003-hooks.sql')])).toHaveLength(1);
  expect(migrationFaults([named('0001-coats.sql'), named('0001-hooks.sql')])).toHaveLength(1);
  expect(migrationFaults([named('coats.sql')])).toHaveLength(1);
  expect(migrationFaults([named('0001-coats.sql', 'create table coats ();')])).toHaveLength(1);
  expect(migrationFaults([named('0001-coats.sql'), named('0002-hooks.sql')])).toEqual([]);
});
