import { createTestDatabase, type TestDatabase } from '@evently/testkit/postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createInProcessBus, type Bus, type Message } from './bus.ts';
import { newId } from './ids.ts';
import { consumeBatch, oneByOne } from './inbox.ts';
import { createLogger } from './log.ts';
import { createRelay, writeOutbox, writeOutboxBatch } from './outbox.ts';
import { openDatabase, type Database } from './postgres.ts';

const log = createLogger('test', 'silent');
/** Longer than any test: only a wake begins a round. */
const never = 60_000;
let database: TestDatabase;
let relayDb: Database;
let bus: Bus;
beforeEach(async () => {
  database = await createTestDatabase([]);
  relayDb = openDatabase({ url: database.url, name: 'relay-under-test', max: 1, log });
  bus = createInProcessBus(log);
});
afterEach(async () => {
  await relayDb.close();
  await database.drop();
});

const messageOf = (key: string, payload: unknown) => ({
  id: newId(Date.now()),
  topic: 'things',
  key,
  type: 'thing',
  payload,
});
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
async function countOf(where: string): Promise<number> {
  const { rows } = await database.db.query<{ count: number }>(
    `select count(*)::int from outbox where ${where}`,
  );
  return rows[0]?.count ?? -1;
}
async function until(done: () => Promise<boolean> | boolean, deadlineMs = 30_000): Promise<void> {
  const beganAt = performance.now();
  while (!(await done()) && performance.now() < beganAt + deadlineMs) await pause(5);
  expect(await done()).toBe(true);
}
/** Collects the batches that a consumer is handed. */
function listen(): Message[][] {
  const batches: Message[][] = [];
  const handle = consumeBatch({ db: database.db, log }, 'listener', {
    work: (_client, messages) => Promise.resolve(void batches.push([...messages])),
  });
  bus.subscribe('things', 'listener', handle);
  return batches;
}

test('the messages of one claim are one batch for the consumer and one update of the outbox', async () => {
  const batches = listen();
  await writeOutboxBatch(
    database.db,
    Array.from({ length: 150 }, (_, at) => messageOf(`key ${at % 7}`, at)),
  );
  const relay = createRelay({ db: relayDb, bus, log, pollMs: never });
  relay.start();
  await until(async () => (await countOf('published_at is null')) === 0);
  await relay.stop();
  expect(batches.map((batch) => batch.map((message) => message.payload))).toEqual([
    Array.from({ length: 150 }, (_, at) => at),
  ]);
  const { rowCount } = await database.db.query('select distinct xmin::text from outbox');
  expect(rowCount).toBe(1);
});

test('a lone message is published at once when its commit wakes the relay', async () => {
  const batches = listen();
  const relay = createRelay({ db: relayDb, bus, log, pollMs: never });
  relay.start();
  await pause(300);
  await writeOutbox(database.db, messageOf('a', 1));
  relay.wake();
  // It looks by itself after a minute: what is published earlier is published because it was woken.
  await until(() => batches.length === 1);
  await relay.stop();
});

test('a hundred wakes a second are a few rounds, and none is lost', async () => {
  const batches = listen();
  const relay = createRelay({ db: relayDb, bus, log, pollMs: never });
  relay.start();
  const beganAt = performance.now();
  for (let at = 0; at < 100; at += 1) {
    await writeOutbox(database.db, messageOf('a', at));
    relay.wake();
    await pause(8);
  }
  await until(async () => (await countOf('published_at is null')) === 0);
  await relay.stop();
  expect(batches.flat().map((message) => message.payload)).toEqual(
    Array.from({ length: 100 }, (_, at) => at),
  );
  // About 200 ms apart, however long the machine took for a hundred commits.
  expect(batches.length).toBeLessThan(10 + (performance.now() - beganAt) / 200);
});

test('a relay that stops finishes the batch it has begun, and no other', async () => {
  const batches = listen();
  await writeOutboxBatch(
    database.db,
    Array.from({ length: 450 }, (_, at) => messageOf('a', at)),
  );
  const relay = createRelay({ db: relayDb, bus, log, pollMs: never });
  relay.start();
  await relay.stop();
  expect([batches.length, await countOf('published_at is null')]).toEqual([1, 250]);
  relay.start();
  await until(async () => (await countOf('published_at is null')) === 0);
  await relay.stop();
  expect(batches.map((batch) => batch.length)).toEqual([200, 200, 50]);
});

test('what the consumers committed is not done again when the relay dies before it noted it', async () => {
  const batches = listen();
  let kills = 2;
  // The relay's session is ended after the consumer's commit and before the update of the outbox.
  const kill = oneByOne('killer', async () => {
    if (kills <= 0) return;
    kills -= 1;
    await database.db.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'evently-relay-under-test'",
    );
  });
  bus.subscribe('things', 'killer', async (messages) => {
    await until(() => batches.flat().length >= 20);
    return kill(messages);
  });
  await writeOutboxBatch(
    database.db,
    Array.from({ length: 20 }, (_, at) => messageOf(`key ${at % 3}`, at)),
  );
  const relay = createRelay({ db: relayDb, bus, log, pollMs: 20 });
  relay.start();
  await until(async () => kills === 0 && (await countOf('published_at is null')) === 0);
  await relay.stop();
  expect(batches.flat().map((message) => message.payload)).toEqual(Array.from({ length: 20 }, (_, at) => at));
  expect(await countOf('attempts > 0')).toBe(0);
});

test('what comes after a failure in its key waits for it, even when its consumer has passed it over', async () => {
  const [first, second, other] = [messageOf('a', 1), messageOf('a', 2), messageOf('b', 1)];
  let rounds = 0;
  bus.subscribe('things', 'hasty', () => {
    rounds += 1;
    const failed = new Map(rounds === 1 ? [[first.id, new Error('not yet')]] : []);
    return Promise.resolve({
      handled: new Set([second.id, other.id, ...(rounds === 1 ? [] : [first.id])]),
      failed,
    });
  });
  await writeOutboxBatch(database.db, [first, second, other]);
  const relay = createRelay({ db: relayDb, bus, log, pollMs: 10 });
  relay.start();
  await until(async () => (await countOf('published_at is not null')) === 1);
  expect([await countOf("attempts = 1 and key = 'a'"), await countOf('attempts > 0')]).toEqual([1, 1]);
  await until(async () => (await countOf('published_at is null')) === 0);
  await relay.stop();
  expect(rounds).toBe(2);
});

test('a month old is pruned piece by piece; what is younger is kept', async () => {
  await database.db.query(
    `insert into outbox (id, topic, key, type, payload, published_at)
     select gen_random_uuid(), 'things', 'k', 't', '1', now() - case when g <= 12000 then interval '31 days' else interval '29 days' end
       from generate_series(1, 12100) g`,
  );
  await database.db.query(
    `insert into inbox (consumer, message_id, handled_at)
     select 'c', gen_random_uuid(), now() - case when g <= 6000 then interval '32 days' else interval '30 days' end from generate_series(1, 6100) g`,
  );
  const relay = createRelay({ db: relayDb, bus, log, pollMs: 10 });
  relay.start();
  await until(async () => (await countOf('true')) === 100);
  await until(async () => (await database.db.query('select 1 from inbox')).rowCount === 100);
  await relay.stop();
});
