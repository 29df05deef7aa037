import { expect, test } from 'vitest';
import { contractMigrations } from './contract-migrations.ts';
import { contractFaults, expandFaults } from './expand-rules.ts';
import { filesLike } from './tree.ts';

const faultsOf = (text: string): string[] => expandFaults({ path: 'm.sql', text });

test('a migration takes nothing away from the version before, or says why it may', () => {
  expect(contractFaults(filesLike(/\/migrations\/[^/]+\.sql$/), contractMigrations)).toEqual([]);
});

test.each([
  'drop table coats;',
  'alter table coats drop column hook;',
  'alter table coats rename column hook to peg;',
  'alter table coats rename to jackets;',
  'alter table coats alter column hook type text;',
  'alter table coats alter hook set not null;',
  'alter table coats alter column hook drop default;',
  'alter table coats add column owner uuid not null;',
  'alter table coats add column fee integer, add column owner uuid not null;',
  'alter table coats add constraint fee_paid check (fee >= 0);',
  'create unique index coats_hook on coats (hook);',
  'create index coats_owner on coats (owner);',
  'drop function collect(uuid);',
  'update coats set hook = 1;',
  'delete from coats;',
  'truncate coats;',
  '-- A comment; with a semicolon.\n\nDROP   TABLE\n  coats;',
])('%s is found', (text) => {
  expect(faultsOf(text)).toHaveLength(1);
});

test.each([
  'create table coats (id uuid primary key, hook text not null);',
  'create table coats (id uuid); create index coats_id on coats (id); insert into coats values (1);',
  'create table coats (id uuid); alter table coats add column hook text not null;',
  'alter table coats add column hook text;',
  "alter table coats add column hook text not null default '; drop table coats;';",
  'alter table coats add column fee numeric(10, 2) not null default 0 check (fee >= 0);',
  'alter table coats alter column hook set default 1;',
  'create index concurrently coats_owner on coats (owner);',
  'create or replace function collect(a uuid) returns void language plpgsql as $$ begin delete from coats; end $$;',
  '-- drop table coats;\ncreate sequence hooks;',
  'drop index coats_hook;',
])('%s may run beside the version before', (text) => {
  expect(faultsOf(text)).toEqual([]);
});

test('the list of contract migrations excuses only what is on it, with a reason, and only what needs it', () => {
  const drop = { path: 'x/migrations/0009-no-coats.sql', text: 'drop table coats;' };
  const add = { path: 'x/migrations/0010-hooks.sql', text: 'create table hooks ();' };
  const reason = 'The last version that read the coats was 0.3, and 0.5 is the oldest that is served.';
  expect(contractFaults([drop, add], {})).toHaveLength(1);
  expect(contractFaults([drop, add], { [drop.path]: reason })).toEqual([]);
  expect(contractFaults([drop, add], { [drop.path]: 'because' })).toHaveLength(1);
  expect(contractFaults([drop, add], { [drop.path]: reason, [add.path]: reason })).toHaveLength(1);
});
