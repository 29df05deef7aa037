import { createTestDatabase, type TestDatabase } from '@evently/testkit/postgres';
import { startTraced, type Traced } from '@evently/testkit/traced';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createInProcessBus, type Bus } from './bus.ts';
import { newId } from './ids.ts';
import { consumeBatch } from './inbox.ts';
import { createLogger } from './log.ts';
import { createRelay, writeOutbox, writeOutboxBatch } from './outbox.ts';
import { openDatabase, type Database } from './postgres.ts';
import { beginSpan, sampledTraceId, within } from './tracing.ts';

const log = createLogger('test', 'silent');
let database: TestDatabase;
let relayDb: Database;
let bus: Bus;
let traced: Traced;
beforeEach(async () => {
  traced = await startTraced();
  database = await createTestDatabase([]);
  relayDb = openDatabase({ url: database.url, name: 'relay-under-test', max: 1, log });
  bus = createInProcessBus(log);
});
afterEach(async () => {
  await relayDb.close();
  await database.drop();
  await traced.stop();
});

const messageOf = (key: string) => ({
  id: newId(Date.now()),
  topic: 'things',
  key,
  type: 't',
  payload: { key },
});

/** Writes inside a span of its own; answers its trace id and where the rows must say they come from. */
async function writeIn(
  name: string,
  write: (db: Database) => Promise<void>,
): Promise<{ traceId: string; at: string }> {
  const span = beginSpan({ name, parent: null });
  if (span === null) throw new Error('there is a tracer');
  await within(span, () => write(database.db));
  span.end();
  const { traceId, spanId } = span.spanContext();
  return { traceId, at: `00-${traceId}-${spanId}-01` };
}

async function traceparents(): Promise<(string | null)[]> {
  const { rows } = await database.db.query<{ traceparent: string | null }>(
    'select traceparent from outbox order by position',
  );
  return rows.map(({ traceparent }) => traceparent);
}

test('what is written in a recorded trace says where; what is not says nothing', async () => {
  const one = await writeIn('one', (db) => writeOutbox(db, messageOf('a')));
  const two = await writeIn('two', (db) => writeOutboxBatch(db, [messageOf('b'), messageOf('c')]));
  await writeOutbox(database.db, messageOf('d'));
  await writeOutboxBatch(database.db, [messageOf('e')]);
  expect(await traceparents()).toEqual([one.at, two.at, two.at, null, null]);
});

test('sending and handling hang below the change that wrote the message, and link to every other', async () => {
  const during: (string | undefined)[] = [];
  const work = async (): Promise<void> => {
    during.push(sampledTraceId());
    await Promise.resolve();
  };
  bus.subscribe('things', 'listener', consumeBatch({ db: database.db, log }, 'listener', { work }));
  await writeOutbox(database.db, messageOf('untraced'));
  const one = await writeIn('one', (db) => writeOutbox(db, messageOf('a')));
  const two = await writeIn('two', (db) => writeOutboxBatch(db, [messageOf('b'), messageOf('c')]));
  const relay = createRelay({ db: relayDb, bus, log, pollMs: 10 });
  relay.start();
  const spans = await traced.collector.until('the handling', (all) =>
    all.some(({ name }) => name === 'process things') && all.some(({ name }) => name === 'send things')
      ? all
      : undefined,
  );
  await relay.stop();
  for (const name of ['send things', 'process things']) {
    const span = spans.find((each) => each.name === name);
    expect(span?.traceId).toBe(one.traceId);
    expect(span?.attributes['messaging.batch.message_count']).toBe(4);
    expect(span?.links.map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`)).toEqual([one.at, two.at]);
  }
  const handling = spans.find(({ name }) => name === 'process things');
  expect(during).toEqual([one.traceId]);
  // The consumer's transaction is part of its span.
  const statements = spans.filter(({ parentSpanId }) => parentSpanId === handling?.spanId);
  expect(statements.map(({ name }) => name)).toEqual(['begin', 'mark-handled', 'commit']);
  expect(statements[1]).toMatchObject({ kind: 'client', attributes: { 'db.query.summary': 'mark-handled' } });
});

test('a statement that fails has failed in its span too, by its SQLSTATE and without its values', async () => {
  const message = messageOf('alice@example.com');
  const { traceId } = await writeIn('twice', async (db) => {
    await writeOutbox(db, message);
    await expect(writeOutbox(db, message)).rejects.toThrow('duplicate key');
  });
  const spans = await traced.collector.until('the failure', (all) =>
    all.filter((span) => span.traceId === traceId).length >= 3 ? all : undefined,
  );
  expect(spans.filter(({ failed }) => failed)).toMatchObject([
    { name: 'write-outbox-traced', attributes: { 'error.type': '23505' } },
  ]);
  expect(JSON.stringify(spans)).not.toContain('alice');
});

test('a dead letter that is replayed still knows its trace', async () => {
  const { at } = await writeIn('one', (db) => writeOutbox(db, messageOf('a')));
  const seen: (string | undefined)[] = [];
  const failing = consumeBatch({ db: database.db, log }, 'listener', {
    work: (_client, [message]) => {
      seen.push(message?.traceparent);
      return Promise.reject(new Error('no'));
    },
  });
  const [row] = (await database.db.query<{ id: string }>('select id from outbox')).rows;
  const message = {
    ...messageOf('a'),
    id: row?.id ?? '',
    createdAt: new Date(),
    attempt: 5,
    traceparent: at,
  };
  await failing([message]);
  const letters = await database.db.query<{ traceparent: string }>(
    `select message ->> 'traceparent' as traceparent from dead_letters`,
  );
  expect([seen, letters.rows]).toEqual([[at], [{ traceparent: at }]]);
});
