import { randomUUID } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from '@evently/testkit/postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Message } from './bus.ts';
import { deadLetterRoutes } from './dead-letters.ts';
import { consume } from './inbox.ts';
import { createLogger } from './log.ts';

const key = 'an-internal-key-of-this-test';
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase([]);
});
afterAll(() => database.drop());

test('a message put aside is listed, and replayed once its consumer can handle it', async () => {
  let broken = true;
  const handled: string[] = [];
  const handle = consume(
    { db: database.db, log: createLogger('test', 'silent') },
    'mailer',
    (_client, message) => {
      if (broken) throw new Error('no such template');
      handled.push(message.id);
      return Promise.resolve();
    },
  );
  const message: Message = {
    id: randomUUID(),
    topic: 't',
    key: 'k',
    type: 'mail-wanted',
    payload: {},
    createdAt: new Date(),
    attempt: 5,
  };
  await handle([message]);

  const app = deadLetterRoutes({ db: database.db, consumers: { mailer: handle }, acceptedApiKeys: [key] });
  const ask = async (method: string, path: string): Promise<unknown> =>
    (await app.request(path, { method, headers: { 'x-api-key': key } })).json();
  expect(await ask('GET', '/internal/dead-letters')).toMatchObject({
    total: 1,
    dead_letters: [
      { consumer: 'mailer', message_id: message.id, type: 'mail-wanted', error: 'Error: no such template' },
    ],
  });
  expect(await ask('POST', '/internal/dead-letters/replay')).toEqual({ handled: 0, failed: 1 });
  broken = false;
  expect(await ask('POST', '/internal/dead-letters/replay')).toEqual({ handled: 1, failed: 0 });
  expect(await ask('GET', '/internal/dead-letters')).toEqual({ total: 0, dead_letters: [] });
  expect(handled).toEqual([message.id]);
});

test('without a valid key nothing is listed or replayed', async () => {
  const app = deadLetterRoutes({ db: database.db, consumers: {}, acceptedApiKeys: [key] });
  const statuses = await Promise.all([
    app.request('/internal/dead-letters'),
    app.request('/internal/dead-letters/replay', { method: 'POST', headers: { 'x-api-key': 'wrong' } }),
  ]);
  expect(statuses.map(({ status }) => status)).toEqual([401, 401]);
});
