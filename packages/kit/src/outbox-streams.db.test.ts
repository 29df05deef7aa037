import { createTestDatabase, type TestDatabase } from '@evently/testkit/postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Bus } from './bus.ts';
import { newId } from './ids.ts';
import { createLogger } from './log.ts';
import { createRelay, writeOutboxBatch } from './outbox.ts';
import { publishAgain, readStreamProgress, saveHandled, savePublished } from './outbox-streams.ts';

const log = createLogger('test', 'silent');
let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase([]);
});
afterEach(() => database.drop());

const takesAll: Bus = {
  publishBatch: (messages) =>
    Promise.resolve({ handled: new Set(messages.map(({ id }) => id)), failed: new Map() }),
  publish: () => Promise.resolve(),
  subscribe: () => {},
  start: () => Promise.resolve(),
  stop: () => Promise.resolve(),
};

/** Writes so many messages, and has them published by a bus that takes everything. */
async function publish(count: number): Promise<void> {
  const messages = Array.from({ length: count }, (_, at) => ({
    id: newId(Date.now()),
    topic: 'things',
    key: 'key',
    type: 'thing',
    payload: at,
  }));
  await writeOutboxBatch(database.db, messages);
  const relay = createRelay({ db: database.db, bus: takesAll, log, pollMs: 5 });
  relay.start();
  const giveUpAt = performance.now() + 20_000;
  while ((await waiting()) > 0 && performance.now() < giveUpAt)
    await new Promise((resolve) => void setTimeout(resolve, 5));
  await relay.stop();
  expect(await waiting()).toBe(0);
}

const waiting = async (): Promise<number> =>
  (await database.db.query('select 1 from outbox where published_at is null')).rowCount ?? 0;

test('what another bus has published before is not published again', async () => {
  await publish(300);
  await readStreamProgress(database.db, 'things', '0-0');
  expect(await publishAgain(database.db, 'things', '0-0')).toBe(0);
});

test('what all have handled is not published again; all that came after it is, in pieces', async () => {
  await readStreamProgress(database.db, 'things', '0-0');
  await publish(200);
  await savePublished(database.db, 'things', '7-0');
  // Up to now: the last place. What comes next is not handled before all have passed it.
  await saveHandled(database.db, 'things', false);
  expect(await readStreamProgress(database.db, 'things', '0-0')).toEqual({
    lastPlace: '7-0',
    nextPlace: '7-0',
    isSettled: false,
    isNew: false,
  });
  await saveHandled(database.db, 'things', false);
  expect(await readStreamProgress(database.db, 'things', '0-0')).toMatchObject({ isSettled: true });
  await database.db.query(
    `insert into outbox (id, topic, key, type, payload, published_at)
     select gen_random_uuid(), 'things', 'key', 'thing', '1', clock_timestamp() from generate_series(1, 11000)`,
  );
  await savePublished(database.db, 'things', '9-0');
  expect(await publishAgain(database.db, 'things', '8-0')).toBe(11_000);
  expect(await waiting()).toBe(11_000);
  expect(await readStreamProgress(database.db, 'things', '0-0')).toMatchObject({ lastPlace: '8-0' });
});

test('what is lost before anybody has passed the next place is published again, all of it', async () => {
  await readStreamProgress(database.db, 'things', '0-0');
  await publish(200);
  await savePublished(database.db, 'things', '7-0');
  expect(await publishAgain(database.db, 'things', '0-0')).toBe(200);
});

test('when everything is handled nothing is published again', async () => {
  await readStreamProgress(database.db, 'things', '0-0');
  await publish(200);
  await savePublished(database.db, 'things', '7-0');
  await saveHandled(database.db, 'things', true);
  expect(await readStreamProgress(database.db, 'things', '0-0')).toMatchObject({ isSettled: true });
  expect(await publishAgain(database.db, 'things', '0-0')).toBe(0);
});

test('the times of publishing rise with every batch, also when the clock has stepped back', async () => {
  await publish(1);
  await database.db.query("update outbox set published_at = now() + interval '1 day'");
  await publish(1);
  const { rows } = await database.db.query<{ rises: boolean }>(
    'select published_at > lag(published_at) over (order by position) as rises from outbox order by position',
  );
  expect(rows.at(-1)?.rises).toBe(true);
});
