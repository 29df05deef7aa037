/** What every adapter of the bus keeps, as tests: run with the in-process one, and with the one between pods. */
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Bus, Handler, Message } from '@evently/kit/bus';
import { newId } from '@evently/kit/ids';
import { consume, oneByOne, TryLater } from '@evently/kit/inbox';
import { createLogger } from '@evently/kit/log';
import { createRelay, writeOutboxBatch, type OutgoingMessage } from '@evently/kit/outbox';
import { openDatabase } from '@evently/kit/postgres';
import { contractConsumers } from './bus-consumers.ts';
import { createTestDatabase, type TestDatabase } from './postgres.ts';

export type BusOfProcess = { bus: Bus; close: () => Promise<void> };
/** How a test is skipped, with the reason: an engine is missing. */
export type Skip = (note: string) => never;
/** A new bus, as a process of a platform has one; whatever it lives on is new for each test. */
export type OpenBus = (database: TestDatabase) => Promise<BusOfProcess>;

type Process = { bus: Bus; start: () => Promise<void>; stop: () => Promise<void> };
type Platform = { database: TestDatabase; begin: () => Promise<Process> };

const log = createLogger('test', 'silent');
const pollMs = 10;

/** @param prepare is called for each test, and answers how its processes get their buses */
export function describeBus(name: string, prepare: (skip: Skip) => Promise<OpenBus>): void {
  describe(name, () => {
    const begin: Begin = async (skip) => beginPlatform(await prepare(skip));
    testOrder(begin);
    testSizes(begin);
    testFailures(begin);
    testRestarts(begin);
    testChaos(begin);
  });
}

async function beginPlatform(open: OpenBus): Promise<Platform> {
  const database = await createTestDatabase([], { max: 8 });
  const processes: Process[] = [];
  onTestFinished(async () => {
    await Promise.all(processes.map((each) => each.stop()));
    await database.drop();
  });
  return {
    database,
    begin: async () => {
      const { bus, close } = await open(database);
      const relayDb = openDatabase({ url: database.url, name: 'relay', max: 1, log });
      const relay = createRelay({ db: relayDb, bus, log, pollMs });
      let isStopped = false;
      const begun: Process = {
        bus,
        start: async () => {
          await bus.start();
          relay.start();
        },
        stop: async () => {
          if (isStopped) return;
          isStopped = true;
          await relay.stop();
          await bus.stop();
          await close();
          await relayDb.close();
        },
      };
      processes.push(begun);
      return begun;
    },
  };
}

type Begin = (skip: Skip) => Promise<Platform>;

function testOrder(begin: Begin): void {
  test('every consumer is handed every message, those of one key in order, many together', async ({
    skip,
  }) => {
    const { database, begin: beginProcess } = await begin(skip);
    const { bus, start } = await beginProcess();
    const seen = { first: listenOn(bus, 'first'), second: listenOn(bus, 'second') };
    await write(database, numbered(10, 30));
    await start();
    await until(() => seen.first.messages.length === 300 && seen.second.messages.length === 300);
    for (const { messages, batches } of Object.values(seen)) {
      for (const key of keysOf(10)) expect(payloadsOf(messages, key)).toEqual(upTo(30));
      expect(batches()).toBeLessThan(100);
    }
  });

  test('a message is handed over as it was written', async ({ skip }) => {
    const { database, begin: beginProcess } = await begin(skip);
    const { bus, start } = await beginProcess();
    const { messages } = listenOn(bus, 'first');
    const payload = {
      text: 'é "quoted" \n \u0000'.slice(0, -1),
      list: [1, null, { deep: true }],
      none: null,
    };
    const sent = messageOf('k', payload);
    await write(database, [sent]);
    await start();
    await until(() => messages.length === 1);
    const { rows } = await database.db.query<{ created_at: Date }>('select created_at from outbox');
    expect(messages).toEqual([{ ...sent, attempt: 1, createdAt: rows[0]?.created_at }]);
  });

  test('a message carries its place in a trace, and one without a trace carries none', async ({ skip }) => {
    const { database, begin: beginProcess } = await begin(skip);
    const { bus, start } = await beginProcess();
    const { messages } = listenOn(bus, 'first');
    const [traced, untraced] = [messageOf('k', 1), messageOf('k', 2)];
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await write(database, [traced, untraced]);
    await database.db.query('update outbox set traceparent = $2 where id = $1', [traced.id, traceparent]);
    await start();
    await until(() => messages.length === 2);
    expect(messages.map((message) => message.traceparent)).toEqual([traceparent, undefined]);
  });
}

function testSizes(begin: Begin): void {
  test('large messages arrive, many of them and in order', async ({ skip }) => {
    const { database, begin: beginProcess } = await begin(skip);
    const { bus, start } = await beginProcess();
    const seen: string[] = [];
    const look: Handler = oneByOne('first', async ({ payload }) => {
      const text = JSON.stringify(payload);
      seen.push(`${text.slice(1, 4)} ${text.length}`);
    });
    bus.subscribe('things', 'first', look);
    // A claim of the relay is all of them: 15 MB.
    const texts = upTo(150).map((at) => `${String(at).padStart(3, '0')}${'x'.repeat(100_000)}`);
    for (const part of upTo(10))
      await write(
        database,
        texts.slice(15 * part, 15 * part + 15).map((text) => messageOf('large', text)),
      );
    await start();
    await until(() => seen.length >= 150);
    expect(seen).toEqual(texts.map((text) => `${text.slice(0, 3)} 100005`));
  });
}

function testFailures(begin: Begin): void {
  test('a failure holds back its key for its consumer, and nothing else', async ({ skip }) => {
    const { database, begin: beginProcess } = await begin(skip);
    const { bus, start } = await beginProcess();
    const seen: string[] = [];
    let open = false;
    const gate = oneByOne('first', async ({ key, payload }) => {
      if (key === 'stuck' && !open) throw new TryLater('shut');
      seen.push(`${key} ${String(payload)}`);
    });
    bus.subscribe('things', 'first', gate);
    const other = listenOn(bus, 'second', database);
    await write(
      database,
      [1, 2].flatMap((at) => ['stuck', 'free'].map((key) => messageOf(key, at))),
    );
    await start();
    await until(() => seen.length === 2 && other.messages.length === 4, database);
    expect(seen).toEqual(['free 1', 'free 2']);
    await write(database, [messageOf('free', 3)]);
    await until(() => seen.length === 3, database);
    open = true;
    await until(() => seen.length === 5, database);
    expect(seen).toEqual(['free 1', 'free 2', 'free 3', 'stuck 1', 'stuck 2']);
  });

  test('a poisoned message is put aside after five attempts, and its key goes on', async ({ skip }) => {
    const { database, begin: beginProcess } = await begin(skip);
    const { bus, start } = await beginProcess();
    const attempts: number[] = [];
    const seen: unknown[] = [];
    const handle = consume({ db: database.db, log }, 'first', async (_client, { payload, attempt }) => {
      if (payload === 'poison') attempts.push(attempt);
      if (payload === 'poison') throw new Error('I cannot read this');
      seen.push(payload);
    });
    bus.subscribe('things', 'first', handle);
    await write(database, [messageOf('a', 'poison'), messageOf('a', 'after')]);
    await start();
    await until(() => seen.length === 1, database);
    const { rows } = await database.db.query<{ error: string }>('select error from dead_letters');
    expect(rows.map(({ error }) => error)).toEqual(['Error: I cannot read this']);
    expect([...new Set(attempts)]).toEqual([1, 2, 3, 4, 5]);
  });

  test('what a handler says of a later message does not overtake the failure of an earlier one', async ({
    skip,
  }) => {
    const { database, begin: beginProcess } = await begin(skip);
    const { bus, start } = await beginProcess();
    const [first, second] = [messageOf('a', 1), messageOf('a', 2)];
    const batches: unknown[][] = [];
    const hasty: Handler = (messages) => {
      batches.push(messages.map(({ payload }) => payload));
      const isEarly = batches.length === 1;
      const all = messages.map(({ id }) => id);
      return Promise.resolve({
        handled: new Set(isEarly ? all.filter((id) => id !== first.id) : all),
        failed: new Map(isEarly ? [[first.id, new Error('not yet')]] : []),
      });
    };
    bus.subscribe('things', 'first', hasty);
    await write(database, [first, second]);
    await start();
    await until(() => batches.length >= 2, database);
    expect(batches.slice(0, 2)).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });
}

function testRestarts(begin: Begin): void {
  test('a new process goes on where the old one stopped, and knows how often a message has failed', async ({
    skip,
  }) => {
    const { database, begin: beginProcess } = await begin(skip);
    const seen: unknown[] = [];
    const attempts: number[] = [];
    let open = false;
    const handler = oneByOne('first', async ({ payload, attempt }) => {
      if (payload === 3) attempts.push(attempt);
      if (payload === 3 && !open) throw new TryLater('shut');
      seen.push(payload);
    });
    const old = await beginProcess();
    old.bus.subscribe('things', 'first', handler);
    await write(
      database,
      [1, 2, 3, 4].map((at) => messageOf('a', at)),
    );
    await old.start();
    await until(() => attempts.length >= 3, database);
    await old.stop();
    const next = await beginProcess();
    next.bus.subscribe('things', 'first', handler);
    open = true;
    const before = attempts.at(-1) ?? 0;
    await next.start();
    await until(() => seen.length >= 4, database);
    expect(seen).toEqual([1, 2, 3, 4]);
    expect(attempts.at(-1)).toBe(before + 1);
  });
}

function testChaos(begin: Begin): void {
  test('whatever fails, with two processes at once: each key in order, each message once', async ({
    skip,
  }) => {
    const seed = Number(process.env['TEST_SEED'] ?? 1 + Math.floor(Math.random() * 2_000_000_000));
    const number = numbersOf(seed);
    const { database, begin: beginProcess } = await begin(skip);
    await database.db.query(
      'create table effects (place bigserial, consumer text, key text, number integer)',
    );
    const handlerOf = (consumer: string): Handler =>
      consume({ db: database.db, log }, consumer, async (client, { key, payload }) => {
        const effect = 'insert into effects (consumer, key, number) values ($1, $2, $3)';
        await client.query(effect, [consumer, key, payload]);
        if (number(100) === 0) throw new TryLater('a thing it needs is away');
        if (number(200) === 0) await client.query('select 1 / 0');
        if (number(200) === 0) await client.query('select pg_terminate_backend(pg_backend_pid())');
      });
    for (let at = 0; at < 2; at += 1) {
      const { bus, start } = await beginProcess();
      for (const consumer of contractConsumers.things) bus.subscribe('things', consumer, handlerOf(consumer));
      await start();
    }
    for (const piece of [10, 20, 30]) await write(database, numbered(12, 10, piece - 10));
    const total = async (): Promise<number> =>
      (await database.db.query('select 1 from effects')).rowCount ?? 0;
    await until(async () => (await total()) === 2 * 12 * 30, database);
    const { rows } = await database.db.query<{ numbers: number[] }>(
      'select array_agg(number order by place) as numbers from effects group by consumer, key',
    );
    expect(rows, `TEST_SEED=${seed}`).toEqual(Array.from({ length: 2 * 12 }, () => ({ numbers: upTo(30) })));
  });
}

/** A small generator of the same numbers for the same seed (Lehmer, modulus 2^31 - 1). */
export function numbersOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

/** Collects what a consumer is handed, as it is handed; with a database each message once. */
export function listenOn(
  bus: Bus,
  consumer: string,
  database?: TestDatabase,
): { messages: Message[]; batches: () => number } {
  const messages: Message[] = [];
  let batches = 0;
  const keep: Handler = (batch) => {
    batches += 1;
    messages.push(...batch);
    return Promise.resolve({ handled: new Set(batch.map(({ id }) => id)), failed: new Map() });
  };
  const once =
    database === undefined
      ? keep
      : consume({ db: database.db, log }, consumer, async (_client, message) => void messages.push(message));
  bus.subscribe('things', consumer, once);
  return { messages, batches: () => batches };
}

export function messageOf(key: string, payload: unknown): OutgoingMessage {
  return { id: newId(Date.now()), topic: 'things', key, type: 'thing.happened', payload };
}

export function keysOf(keys: number): string[] {
  return Array.from({ length: keys }, (_, at) => `key ${at}`);
}

/** `perKey` messages for each of so many keys, numbered from `from`, the keys in turn. */
export function numbered(keys: number, perKey: number, from = 0): OutgoingMessage[] {
  return upTo(perKey).flatMap((at) => keysOf(keys).map((key) => messageOf(key, from + at)));
}

export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at);
}

export function payloadsOf(messages: readonly Message[], key: string): unknown[] {
  return messages.filter((message) => message.key === key).map(({ payload }) => payload);
}

export function write(database: TestDatabase, messages: readonly OutgoingMessage[]): Promise<void> {
  return writeOutboxBatch(database.db, messages);
}

const untilMs = 45_000;

/** Waits until `done`; rows of the outbox of `database` that failed are tried again at once. */
export async function until(
  done: () => Promise<boolean> | boolean,
  database?: TestDatabase,
  deadlineMs = untilMs,
): Promise<void> {
  const giveUpAt = performance.now() + deadlineMs;
  // Asked once more, something that is true for a moment only could be over.
  let isDone = await done();
  while (!isDone && performance.now() < giveUpAt) {
    await database?.db.query(
      `update outbox set next_attempt_at = null
        where position in (select position from outbox where next_attempt_at is not null for update skip locked)`,
    );
    await new Promise((resolve) => void setTimeout(resolve, 10));
    isDone = await done();
  }
  expect(isDone).toBe(true);
}
