import { randomUUID } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from '@evently/testkit/postgres';
import type { ClientBase } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Message } from './bus.ts';
import { consume, consumeBatch, oneByOne, onlyTypes, TryLater, type ConsumerDeps } from './inbox.ts';
import { createLogger } from './log.ts';
import { openDatabase } from './postgres.ts';

let database: TestDatabase;
let deps: ConsumerDeps;
beforeAll(async () => {
  database = await createTestDatabase([]);
  deps = { db: database.db, log: createLogger('test', 'silent') };
  await database.db.query('create table effects (place bigserial, key text, payload text)');
});
beforeEach(() => database.db.query('truncate effects, inbox, dead_letters'));
afterAll(() => database.drop());

function messageOf(key: string, payload: string, more: Partial<Message> = {}): Message {
  const base = { topic: 't', type: 'happened', createdAt: new Date(0), attempt: 1 };
  return { id: randomUUID(), key, payload, ...base, ...more };
}
const effect = async (client: ClientBase, { key, payload }: Message): Promise<void> => {
  await client.query('insert into effects (key, payload) values ($1, $2)', [key, payload]);
};
const effects = async (): Promise<string[]> =>
  (
    await database.db.query<{ said: string }>(
      "select key || ' ' || payload as said from effects order by place",
    )
  ).rows.map((row) => row.said);
const commitsOf = async (table: 'effects' | 'inbox'): Promise<number> =>
  (await database.db.query(`select distinct xmin::text from ${table}`)).rowCount ?? 0;

test('a batch is marked and takes effect in one commit, in order', async () => {
  const messages = [1, 2, 3].flatMap((at) => ['a', 'b'].map((key) => messageOf(key, String(at))));
  const delivery = await consume(deps, 'c', effect)(messages);
  expect([...delivery.handled]).toEqual(messages.map((message) => message.id));
  expect(await effects()).toEqual(['a 1', 'b 1', 'a 2', 'b 2', 'a 3', 'b 3']);
  expect({ inbox: await commitsOf('inbox'), effects: await commitsOf('effects') }).toEqual({
    inbox: 1,
    effects: 1,
  });
});

test('what is twice in a batch, or was in an earlier one, takes effect once and counts as handled', async () => {
  const first = messageOf('a', '1');
  const second = messageOf('a', '2');
  const handle = consume(deps, 'c', effect);
  await handle([first]);
  const delivery = await handle([first, second, first, second]);
  expect(delivery).toEqual({ handled: new Set([first.id, second.id]), failed: new Map() });
  expect(await effects()).toEqual(['a 1', 'a 2']);
});

test('a poisoned message fails alone: its batch-mates are handled, later ones of its key are not tried', async () => {
  const work = async (client: ClientBase, message: Message): Promise<void> => {
    await effect(client, message);
    if (message.payload === 'poison') throw new Error('I cannot read this');
  };
  const poison = messageOf('b', 'poison');
  const later = messageOf('b', '2');
  const mates = [messageOf('a', '1'), messageOf('b', '1'), messageOf('c', '1'), messageOf('a', '2')];
  const [a1, b1, c1, a2] = mates;
  const batch = [a1, b1, poison, c1, later, a2].filter((message) => message !== undefined);
  const delivery = await consume(deps, 'c', work)(batch);
  expect([...delivery.handled].toSorted()).toEqual(mates.map((message) => message.id).toSorted());
  expect([...delivery.failed.keys()]).toEqual([poison.id]);
  expect(await effects()).toEqual(['a 1', 'b 1', 'c 1', 'a 2']);
});

test('a message that hangs is given up after its deadline, and its batch-mates do not share its fate', async () => {
  const stray: Promise<unknown>[] = [];
  const givenUp = Promise.withResolvers<void>();
  const work = async (client: ClientBase, message: Message): Promise<void> => {
    if (message.payload !== 'hang') return effect(client, message);
    // It comes back to life after it was given up, and finds no session to write with.
    const revived = givenUp.promise.then(() => effect(client, message));
    stray.push(revived.catch(String));
    await revived;
  };
  const mate = messageOf('a', '1');
  const hanging = messageOf('b', 'hang');
  const handle = consume({ ...deps, deadlineMs: 1_000 }, 'c', work);
  const delivery = await handle([mate, hanging, messageOf('b', '2')]);
  givenUp.resolve();
  expect([...delivery.handled]).toEqual([mate.id]);
  expect(String(delivery.failed.get(hanging.id))).toContain('took longer than');
  // Once with its batch and once alone.
  expect(await Promise.all(stray)).toEqual([expect.any(String), expect.any(String)]);
  expect(await effects()).toEqual(['a 1']);
});

test('a key with a message that failed before goes alone, in order, and does not spoil the batch', async () => {
  const batches: string[][] = [];
  const handle = consumeBatch(deps, 'c', {
    work: (_client, messages) => {
      batches.push(messages.map((message) => `${message.key} ${String(message.payload)}`));
      return Promise.resolve();
    },
  });
  const retried = messageOf('b', '1', { attempt: 3 });
  await handle([messageOf('a', '1'), retried, messageOf('b', '2'), messageOf('a', '2')]);
  expect(batches).toEqual([['a 1', 'a 2'], ['b 1'], ['b 2']]);
});

test('groups never share a transaction, the messages of a key stay together, each commit is told', async () => {
  const told: string[][] = [];
  const handle = consumeBatch(deps, 'c', {
    groupOf: (message) => String(message.payload),
    work: async (client, messages) => {
      for (const message of messages) await effect(client, message);
      return messages.map((message) => `${message.key} ${String(message.payload)}`);
    },
    committed: (result) => void told.push(result),
  });
  await handle([messageOf('a', 'x'), messageOf('b', 'y'), messageOf('c', 'x'), messageOf('a', 'y')]);
  expect(told).toEqual([['a x', 'c x', 'a y'], ['b y']]);
  expect(await commitsOf('effects')).toBe(2);
});

test('what is not committed is not told', async () => {
  const told: unknown[] = [];
  const handle = consumeBatch(deps, 'c', {
    work: (_client, [message]) =>
      message?.key === 'bad' ? Promise.reject(new TryLater('not yet')) : Promise.resolve(message?.key),
    committed: (key) => void told.push(key),
  });
  const good = messageOf('good', '1');
  await handle([good, messageOf('bad', '1')]);
  await handle([good]);
  expect(told).toEqual(['good']);
});

test('only what failed five times for a reason of its own is put aside, also in a batch', async () => {
  const reasons: Record<string, Error> = { poison: new Error('unreadable'), later: new TryLater('away') };
  const handle = consume(deps, 'c', (client, message) => {
    const reason = reasons[message.key];
    return reason === undefined ? effect(client, message) : Promise.reject(reason);
  });
  const batch = ['poison', 'later', 'fine'].map((key) => messageOf(key, '1', { attempt: 5 }));
  const delivery = await handle([...batch, messageOf('poison', '2', { attempt: 4 })]);
  const keysOf = (ids: Iterable<string>): string[] =>
    [...ids].map((id) => batch.find((message) => message.id === id)?.key ?? 'the fourth attempt');
  expect(keysOf(delivery.handled)).toEqual(['poison', 'fine']);
  expect(keysOf(delivery.failed.keys())).toEqual(['later', 'the fourth attempt']);
  const { rows } = await database.db.query<{ key: string }>(
    "select message ->> 'key' as key from dead_letters",
  );
  expect(rows).toEqual([{ key: 'poison' }]);
});

test('without a database nothing is handled, put aside, or asked for message by message', async () => {
  const log = createLogger('test', 'silent');
  const away = openDatabase({ url: 'postgres://nobody@127.0.0.1:1/none', name: 'away', max: 1, log });
  const batch = Array.from({ length: 100 }, (_, at) => messageOf(`key ${at}`, '1', { attempt: 9 }));
  const delivery = await consume({ db: away, log }, 'c', effect)([...batch, messageOf('key 0', '2')]);
  expect([delivery.handled.size, delivery.failed.size]).toEqual([0, batch.length]);
  await away.close();
});

test('messages of other types are passed over without a mark', async () => {
  const other = messageOf('a', '1', { type: 'other' });
  const wanted = messageOf('a', '2');
  const handle = onlyTypes(['happened'], consume(deps, 'c', effect));
  const delivery = await handle([other, wanted]);
  expect([...delivery.handled].toSorted()).toEqual([other.id, wanted.id].toSorted());
  expect([...(await handle([other])).handled]).toEqual([other.id]);
  expect((await database.db.query('select message_id from inbox')).rows).toEqual([{ message_id: wanted.id }]);
});

test('a handler of single messages keeps the order of each key too', async () => {
  const seen: string[] = [];
  const bad = messageOf('a', '1');
  const handle = oneByOne('c', (message) => {
    seen.push(`${message.key} ${String(message.payload)}`);
    return message === bad ? Promise.reject(new Error('no')) : Promise.resolve();
  });
  const free = messageOf('b', '1');
  const delivery = await handle([bad, messageOf('a', '2'), free]);
  expect(seen).toEqual(['a 1', 'b 1']);
  expect({ handled: [...delivery.handled], failed: [...delivery.failed.keys()] }).toEqual({
    handled: [free.id],
    failed: [bad.id],
  });
});
