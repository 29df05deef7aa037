import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '@evently/testkit/postgres';
import { createInProcessBus, type Bus, type Message } from './bus.ts';
import { newId } from './ids.ts';
import { consume, oneByOne, replayDeadLetters, TryLater } from './inbox.ts';
import { createLogger } from './log.ts';
import { createRelay, writeOutbox, type Relay } from './outbox.ts';

const log = createLogger('test', 'silent');
let database: TestDatabase;
let bus: Bus;
let relay: Relay;
beforeEach(async () => {
  database = await createTestDatabase([]);
  bus = createInProcessBus(log);
  relay = createRelay({ db: database.db, bus, log, pollMs: 10 });
});
afterEach(async () => {
  await relay.stop();
  await database.drop();
});

const write = (key: string, payload: unknown): Promise<void> =>
  writeOutbox(database.db, { id: newId(Date.now()), topic: 'things', key, type: 'thing.happened', payload });
const subscribe = (consumer: string, handle: (message: Message) => Promise<void>): void =>
  bus.subscribe('things', consumer, oneByOne(consumer, handle));
const waiting = async (): Promise<number> =>
  (await database.db.query('select 1 from outbox where published_at is null')).rowCount ?? 0;
/** The next attempt is due at once; rows that the relay works on are left to it. */
const forgetDelays = (): Promise<unknown> =>
  database.db.query(
    `update outbox set next_attempt_at = null
      where position in (select position from outbox where next_attempt_at is not null for update skip locked)`,
  );
async function until(done: () => Promise<boolean> | boolean, deadlineMs = 30_000): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!(await done()) && performance.now() < deadline) {
    await forgetDelays();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(await done()).toBe(true);
}

test('messages of one key arrive in order, and each takes effect once although it is delivered again', async () => {
  const seen: unknown[] = [];
  let failures = 3;
  bus.subscribe(
    'things',
    'counter',
    consume({ db: database.db, log }, 'counter', (_client, message) => {
      seen.push(message.payload);
      return Promise.resolve();
    }),
  );
  subscribe('flaky', () => {
    failures -= 1;
    return failures >= 0 ? Promise.reject(new TryLater('not yet')) : Promise.resolve();
  });
  for (const at of [1, 2, 3]) await write('a', at);
  relay.start();
  await until(async () => (await waiting()) === 0);
  expect(seen).toEqual([1, 2, 3]);
});

test('a message that cannot be delivered yet holds back its own key only', async () => {
  const seen: string[] = [];
  let open = false;
  subscribe('gate', (message) => {
    if (message.key === 'stuck' && !open) return Promise.reject(new TryLater('shut'));
    seen.push(`${message.key} ${String(message.payload)}`);
    return Promise.resolve();
  });
  for (const at of [1, 2]) for (const key of ['stuck', 'free']) await write(key, at);
  relay.start();
  await until(() => seen.length === 2);
  expect(seen).toEqual(['free 1', 'free 2']);
  open = true;
  await until(async () => (await waiting()) === 0);
  expect(seen.slice(2)).toEqual(['stuck 1', 'stuck 2']);
});

test('a change that is rolled back sends no message', async () => {
  await database.db
    .transaction(async (client) => {
      await writeOutbox(client, { id: newId(1), topic: 'things', key: 'a', type: 't', payload: 1 });
      throw new Error('changed my mind');
    })
    .catch(() => {});
  expect(await waiting()).toBe(0);
});

test('a poisoned message is put aside after five attempts, keeps its error, and can be handled later', async () => {
  let broken = true;
  const seen: Message[] = [];
  const handle = consume({ db: database.db, log }, 'picky', (_client, message) => {
    if (broken) return Promise.reject(new Error('I cannot read this'));
    seen.push(message);
    return Promise.resolve();
  });
  bus.subscribe('things', 'picky', handle);
  await write('a', { poison: true });
  await write('a', { poison: false });
  relay.start();
  await until(async () => (await waiting()) === 0);
  const { rows } = await database.db.query<{ error: string }>('select error from dead_letters order by id');
  expect(rows).toHaveLength(2);
  expect(rows[0]?.error).toContain('I cannot read this');
  broken = false;
  expect(await replayDeadLetters(database.db, { picky: handle })).toEqual({ handled: 2, failed: 0 });
  expect(seen.map((message) => message.payload)).toEqual([{ poison: true }, { poison: false }]);
  expect(await replayDeadLetters(database.db, { picky: handle })).toEqual({ handled: 0, failed: 0 });
});

test('an outage is no poison: the message waits until what it needs is back', async () => {
  let attempts = 0;
  const handle = consume({ db: database.db, log }, 'patient', () => {
    attempts += 1;
    return attempts < 12 ? Promise.reject(new TryLater('away')) : Promise.resolve();
  });
  bus.subscribe('things', 'patient', handle);
  await write('a', 1);
  relay.start();
  await until(async () => (await waiting()) === 0);
  expect(attempts).toBe(12);
  expect((await database.db.query('select 1 from dead_letters')).rowCount).toBe(0);
});

test('two relays on one database do not publish a message twice at the same time', async () => {
  const running = new Set<string>();
  let twice = false;
  let count = 0;
  subscribe('slow', async (message) => {
    if (running.has(message.id)) twice = true;
    running.add(message.id);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running.delete(message.id);
    count += 1;
  });
  for (let at = 0; at < 20; at += 1) await write(`key ${at}`, at);
  const second = createRelay({ db: database.db, bus, log, pollMs: 5 });
  relay.start();
  second.start();
  await until(async () => (await waiting()) === 0);
  await second.stop();
  expect({ twice, count }).toEqual({ twice: false, count: 20 });
});

/** A small generator of the same numbers for the same seed (Lehmer, modulus 2^31 - 1). */
function numbersOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

test('whatever fails and when, each key takes effect in order and each message once', async () => {
  const seed = Number(process.env['TEST_SEED'] ?? 1 + Math.floor(Math.random() * 2_000_000_000));
  const number = numbersOf(seed);
  const [keys, perKey] = [25, 30];
  await database.db.query('create table effects (place bigserial, consumer text, key text, number integer)');
  const handlerOf = (consumer: string) =>
    consume({ db: database.db, log }, consumer, async (client, { key, payload }) => {
      await client.query('insert into effects (consumer, key, number) values ($1, $2, $3)', [
        consumer,
        key,
        payload,
      ]);
      if (number(150) === 0) throw new TryLater('a thing it needs is away');
      if (number(300) === 0) await client.query('select 1 / 0');
      if (number(300) === 0) await client.query('select pg_terminate_backend(pg_backend_pid())');
    });
  for (const consumer of ['first', 'second']) bus.subscribe('things', consumer, handlerOf(consumer));
  for (let at = 0; at < perKey; at += 1)
    for (let key = 0; key < keys; key += 1) await write(`key ${key}`, at);
  relay.start();
  await until(async () => (await waiting()) === 0, 25_000);
  const { rows } = await database.db.query<{ numbers: number[] }>(
    'select array_agg(number order by place) as numbers from effects group by consumer, key',
  );
  const inOrder = Array.from({ length: perKey }, (_, at) => at);
  expect(rows, `TEST_SEED=${seed}`).toEqual(Array.from({ length: 2 * keys }, () => ({ numbers: inOrder })));
});
