import { expect, test } from 'vitest';
import { summaryOf, traceStatements } from './tracing-statements.ts';

test.each([
  [{ name: 'reserve-batch', text: 'select 1' }, 'reserve-batch'],
  ['begin', 'begin'],
  ['  insert into outbox (id) values ($1)', 'insert outbox'],
  [{ text: 'update event_sales\n   set version = $1' }, 'update event_sales'],
  ['delete from inbox where ctid = any($1)', 'delete inbox'],
  ["select name from buyers where email = 'alice@example.com'", 'select buyers'],
  ['with late as (select id from bookings) select 1', 'with bookings'],
  [{}, 'query'],
  [undefined, 'query'],
  ['', 'query'],
])('a statement is named by what it is and never by its values: %s', (statement, name) => {
  expect(summaryOf(statement)).toBe(name);
});

test('without a recorded trace a connection is used as it is', () => {
  const client = { query: () => Promise.resolve(1) };
  expect(traceStatements(client, 'booking')).toBe(client);
});
