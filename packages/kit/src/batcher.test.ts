import { expect, test } from 'vitest';
import { DatabaseUnavailable } from './postgres.ts';
import { createBatcher, type BatcherOptions } from './batcher.ts';

const roomy: Omit<BatcherOptions<number, number>, 'run'> = {
  name: 'test',
  maxBatch: 4,
  maxQueueSeconds: 1,
  minQueue: 100,
  maxQueue: 100,
  isAbandoned: () => false,
};

test('what arrives while a batch is under way is the next batch, in order', async () => {
  const batches: number[][] = [];
  let running = 0;
  const batcher = createBatcher<number, number>({
    ...roomy,
    run: async (_key, items) => {
      running += 1;
      expect(running).toBe(1);
      batches.push([...items]);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return items.map((item) => item * 2);
    },
  });
  const results = await Promise.all([1, 2, 3, 4, 5, 6].map((item) => batcher.submit('event', item)));
  expect(results).toEqual([2, 4, 6, 8, 10, 12].map((result) => ({ kind: 'done', result })));
  expect(batches).toEqual([
    [1, 2, 3, 4],
    [5, 6],
  ]);
  expect(batcher.waiting()).toBe(0);
});

test('one bad item fails alone', async () => {
  const batcher = createBatcher<number, number>({
    ...roomy,
    run: (_key, items) =>
      items.includes(13) ? Promise.reject(new Error('bad')) : Promise.resolve([...items]),
  });
  const results = await Promise.allSettled([1, 13, 2].map((item) => batcher.submit('event', item)));
  expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

test('an absent database fails the batch at once, without trying its items one by one', async () => {
  let runs = 0;
  const batcher = createBatcher<number, number>({
    ...roomy,
    run: () => {
      runs += 1;
      return Promise.reject(new DatabaseUnavailable('gone'));
    },
  });
  const results = await Promise.allSettled([1, 2, 3].map((item) => batcher.submit('event', item)));
  expect(results.every((result) => result.status === 'rejected')).toBe(true);
  expect(runs).toBe(1);
});

test('without a connection all who waited meanwhile are refused at once, and who comes later is tried', async () => {
  const connecting = Promise.withResolvers<void>();
  let runs = 0;
  const batcher = createBatcher<number, number>({
    ...roomy,
    maxBatch: 2,
    run: async (_key, items) => {
      runs += 1;
      if (runs > 1) return [...items];
      await connecting.promise;
      // Comes when the attempt to connect is over already.
      later = batcher.submit('event', 100);
      throw new DatabaseUnavailable('gone');
    },
  });
  let later: Promise<unknown> = Promise.resolve();
  const early = Array.from({ length: 9 }, (_, at) => batcher.submit('event', at));
  connecting.resolve();
  const results = await Promise.allSettled(early);
  expect(results.map(({ status }) => status)).toEqual(early.map(() => 'rejected'));
  expect(await later).toEqual({ kind: 'done', result: 100 });
  expect(runs).toBe(2);
  expect(batcher.waiting()).toBe(0);
});

test('a full queue refuses at once with a time to come again, and other events are not concerned', async () => {
  const release = Promise.withResolvers<void>();
  const batcher = createBatcher<number, number>({
    ...roomy,
    maxBatch: 1,
    minQueue: 2,
    maxQueue: 2,
    run: async (_key, items) => {
      await release.promise;
      return [...items];
    },
  });
  const first = batcher.submit('event', 1);
  await new Promise((resolve) => setImmediate(resolve));
  const waiting = [batcher.submit('event', 2), batcher.submit('event', 3)];
  expect(await batcher.submit('event', 4)).toEqual({ kind: 'queue-full', retryAfterSeconds: 1 });
  const other = batcher.submit('other', 5);
  release.resolve();
  expect(await Promise.all([first, ...waiting, other])).toHaveLength(4);
});

test('an item whose client has gone is dropped before its batch', async () => {
  const seen: number[] = [];
  const batcher = createBatcher<number, number>({
    ...roomy,
    maxBatch: 1,
    isAbandoned: (item) => item === 2,
    run: (_key, items) => {
      seen.push(...items);
      return Promise.resolve([...items]);
    },
  });
  const results = await Promise.all([1, 2, 3].map((item) => batcher.submit('event', item)));
  expect(results.map((result) => result.kind)).toEqual(['done', 'abandoned', 'done']);
  expect(seen).toEqual([1, 3]);
});
