import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '@evently/testkit/postgres';
import { withIdempotency } from './idempotency.ts';
import { newId } from './ids.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase([]);
});
afterAll(() => database.drop());

test('a backend that dies while its connection is in use fails the request, not the process', async () => {
  const killed = database.db.transaction(async (client) => {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    await database.db.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
    await client.query('select 1');
  });
  await expect(killed).rejects.toThrow();
  expect(await database.db.ready()).toBe(true);
});

test('a repeated key gets the stored answer and runs its work once', async () => {
  let runs = 0;
  const request = { principal: 'p', operation: 'op', key: newId(1), fingerprint: 'f' };
  const ask = () =>
    withIdempotency(database.db, request, async () => ({ status: 201, body: `{"run":${(runs += 1)}}` }));
  const answers = await Promise.all([ask(), ask(), ask()]);
  expect(runs).toBe(1);
  expect(new Set(answers.map((answer) => (answer.kind === 'answered' ? answer.answer.body : ''))).size).toBe(
    1,
  );
  expect(
    await withIdempotency(database.db, { ...request, fingerprint: 'g' }, () =>
      Promise.reject(new Error('must not run')),
    ),
  ).toEqual({ kind: 'key-reused' });
});
