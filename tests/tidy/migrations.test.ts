import path from 'node:path';
import { expect, test } from 'vitest';
import { migrationFaults } from './migration-rules.ts';
import { filesLike } from './tree.ts';

test('migrations are numbered without gaps and say why they are there', () => {
  const folders = Object.values(
    Object.groupBy(filesLike(/\/migrations\/[^/]+\.sql$/), (file) => path.posix.dirname(file.path)),
  );
  expect(folders.flatMap((files) => migrationFaults(files ?? []))).toEqual([]);
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
