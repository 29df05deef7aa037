import { createMemoryCaches, type CacheFactory, type CacheSpace, type Cached } from '@evently/kit/cache';
import { monotonicMs } from '@evently/kit/clock';
import { createLogger } from '@evently/kit/log';
import { requireEngine } from '@evently/testkit/engines/engine';
import { redisServer } from '@evently/testkit/engines/redis';
import { startRedisProcess, type RedisProcess } from '@evently/testkit/engines/redis-server';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cacheDeadlineMs, createRedisCaches, sharedAnswerMs } from './cache.ts';
import { openRedis, type RedisConnection } from './connection.ts';

const log = createLogger('test', 'silent');
const keepMs = 500;
let redis: RedisProcess;
let nowMs = 0;
const open: RedisConnection[] = [];
beforeEach(async ({ skip }) => {
  redis = await startRedisProcess({ program: await requireEngine(redisServer, skip) });
  nowMs = 0;
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((connection) => connection.close()));
  await redis.stop();
});

/** What the answers are made from. */
type Shelf = { word: string; loads: number; lately: boolean[]; load: () => Promise<string> };
function createShelf(): Shelf {
  const shelf: Shelf = { word: 'old', loads: 0, lately: [], load: async () => shelf.word };
  return shelf;
}
type Pod = Cached<string, string>;
function spaceOf(shelf: Shelf, max = 100): CacheSpace<string, string> {
  return {
    name: 'words',
    keyOf: (key) => key,
    scopeOf: (key) => key.split('/')[0] ?? key,
    load: (_key, changedLately) => {
      shelf.loads += 1;
      shelf.lately.push(changedLately);
      return shelf.load();
    },
    keepMs,
    max,
    text: {
      write: (word) => (word === 'private' ? null : word),
      read: (text) => {
        if (text.startsWith('?')) throw new Error('written by another version');
        return text;
      },
    },
  };
}
// A machine that is busy for longer than a pod waits by default would make it do without Redis.
const patienceMs = 10_000;
async function createPodCaches(clock = () => nowMs, deadlineMs = patienceMs): Promise<CacheFactory> {
  const connection = openRedis({ url: redis.url, name: 'test', log, commandMs: deadlineMs });
  open.push(connection);
  await expect.poll(connection.isUp).toBe(true);
  return createRedisCaches({ redis: connection, service: 'event', log, nowMs: clock, deadlineMs });
}
const createPod = async (shelf: Shelf): Promise<Pod> => (await createPodCaches())(spaceOf(shelf));
const stored = async (): Promise<string> => redis.command('KEYS', '*:answer:*');

const adapters: [string, () => Promise<CacheFactory>][] = [
  ['in this process', async () => createMemoryCaches(() => nowMs)],
  ['shared through Redis', () => createPodCaches()],
];
describe.each(adapters)('answers kept %s', (_where, create) => {
  test('are made once for all who ask at the same time, and kept for their time', async () => {
    const shelf = createShelf();
    const cache = (await create())(spaceOf(shelf));
    const asked = await Promise.all(Array.from({ length: 500 }, () => cache.read('a')));
    expect(new Set(asked)).toEqual(new Set(['old']));
    expect(shelf.loads).toBe(1);
    nowMs = keepMs - 1;
    await cache.read('a');
    expect(shelf.loads).toBe(1);
  });

  test('are old after a change of their scope, and of no other', async () => {
    const shelf = createShelf();
    const cache = (await create())(spaceOf(shelf));
    await Promise.all([cache.read('a'), cache.read('a/1'), cache.read('b')]);
    expect(shelf.loads).toBe(3);
    shelf.word = 'new';
    await cache.changed(['a']);
    expect(await Promise.all([cache.read('a'), cache.read('a/1'), cache.read('b')])).toEqual([
      'new',
      'new',
      'old',
    ]);
    expect(shelf.lately).toEqual([false, false, false, true, true]);
  });

  test('that were being made during a change are not given to those who ask after it', async () => {
    const shelf = createShelf();
    const cache = (await create())(spaceOf(shelf));
    const making = Promise.withResolvers<string>();
    shelf.load = () => making.promise;
    const before = cache.read('a');
    await expect.poll(() => shelf.loads).toBe(1);
    shelf.load = async () => 'new';
    await cache.changed(['a']);
    making.resolve('old');
    expect(await before).toBe('old');
    expect(await cache.read('a')).toBe('new');
    nowMs += keepMs;
    expect(await cache.read('a')).toBe('new');
  });

  test('that failed are told to all who waited, and not kept', async () => {
    const shelf = createShelf();
    const cache = (await create())(spaceOf(shelf));
    shelf.load = () => Promise.reject(new Error('away'));
    const failed = await Promise.allSettled([cache.read('a'), cache.read('a')]);
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    shelf.load = async () => 'there';
    expect(await cache.read('a')).toBe('there');
    expect(shelf.loads).toBe(2);
  });

  test('are bounded in number: the oldest goes', async () => {
    const shelf = createShelf();
    const cache = (await create())({
      ...spaceOf(shelf, 2),
      text: { write: () => null, read: (text) => text },
    });
    for (const key of ['a', 'b', 'c', 'c', 'b', 'a']) await cache.read(key);
    expect(shelf.loads).toBe(4);
  });
});

test('what one pod made the other takes, until one of them changes it', async () => {
  const shelf = createShelf();
  const [one, other] = [await createPod(shelf), await createPod(shelf)];
  await one.read('a');
  await expect.poll(stored).toContain('answer:a');
  expect(await other.read('a')).toBe('old');
  expect(shelf.loads).toBe(1);
  shelf.word = 'new';
  await other.changed(['a']);
  expect(await other.read('a')).toBe('new');
  // The pod that was not there keeps its own for its half second, and no longer.
  nowMs = keepMs;
  expect(await one.read('a')).toBe('new');
  expect(shelf.lately).toEqual([false, true]);
});

test('an old answer that arrives after the change is not taken; only its mark keeps it out', async () => {
  const shelf = createShelf();
  const [slow, quick, third] = [await createPod(shelf), await createPod(shelf), await createPod(shelf)];
  const making = Promise.withResolvers<string>();
  shelf.load = () => making.promise;
  const late = slow.read('a');
  await expect.poll(() => shelf.loads).toBe(1);
  shelf.load = async () => 'new';
  await quick.changed(['a']);
  making.resolve('old');
  await late;
  await expect.poll(stored).toContain('answer:a');
  expect(await third.read('a')).toBe('new');

  // The same text with the mark of now would be taken: it is there, and can be read.
  const mark = /\r\n(\S+)\r\n/.exec(await redis.command('GET', 'evently:cache:event:words:mark:a'))?.[1];
  await redis.command('SET', 'evently:cache:event:words:answer:a', `${mark}\nold`);
  expect(await (await createPod(shelf)).read('a')).toBe('old');
});

test('nothing stays in Redis: answers live for five seconds, marks for twenty', async () => {
  const shelf = createShelf();
  const pod = await createPod(shelf);
  await pod.changed(['a']);
  await pod.read('a');
  await expect.poll(stored).toContain('answer:a');
  const names = [...(await redis.command('KEYS', '*')).matchAll(/evently:\S+/g)].map(([name]) => name);
  expect(names).toHaveLength(3);
  for (const name of names) {
    const leftMs = Number(/:(-?\d+)/.exec(await redis.command('PTTL', name))?.[1]);
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(name.includes(':answer:') ? sharedAnswerMs : 4 * sharedAnswerMs);
  }
});

test('what is nobody else’s stays in the process, and what cannot be read is made anew', async () => {
  const shelf = createShelf();
  const [one, other] = [await createPod(shelf), await createPod(shelf)];
  shelf.word = 'private';
  await one.read('p');
  shelf.word = '? of tomorrow';
  await one.read('a');
  await expect.poll(stored).toContain('answer:a');
  expect(await stored()).not.toContain('answer:p');
  shelf.word = 'of today';
  expect(await other.read('a')).toBe('of today');
});

test('while Redis is gone each pod makes its own answers; its own change is never unseen', async () => {
  const shelf = createShelf();
  const [one, other] = [await createPod(shelf), await createPod(shelf)];
  await one.read('a');
  await expect.poll(stored).toContain('answer:a');
  await redis.kill();
  expect(await other.read('a')).toBe('old');
  shelf.word = 'new';
  await one.changed(['a']);
  expect(await one.read('a')).toBe('new');
  await redis.start();
  // An answer from before the change, as a Redis that kept it on disk would come back with.
  await redis.command('SET', 'evently:cache:event:words:answer:a', '\nold');
  nowMs = keepMs;
  await expect.poll(() => open.every((connection) => connection.isUp()), { timeout: 10_000 }).toBe(true);
  expect(await one.read('a')).toBe('new');
});

test('when Redis is flushed nothing old comes back, and answers are shared anew', async () => {
  const shelf = createShelf();
  const [one, other] = [await createPod(shelf), await createPod(shelf)];
  await one.read('a');
  await expect.poll(stored).toContain('answer:a');
  shelf.word = 'new';
  await one.changed(['a']);
  await redis.command('FLUSHALL');
  nowMs = keepMs;
  expect(await one.read('a')).toBe('new');
  await expect.poll(stored).toContain('answer:a');
  expect(await other.read('a')).toBe('new');
  expect(shelf.loads).toBe(2);
});

test('a frozen Redis costs a reader the deadline, and after five of them nothing', async () => {
  const shelf = createShelf();
  const pod = (await createPodCaches(monotonicMs, cacheDeadlineMs))(spaceOf(shelf));
  await pod.read('warm');
  redis.freeze();
  const startedMs = monotonicMs();
  for (let reader = 0; reader < 100; reader += 1) expect(await pod.read(`key ${reader}`)).toBe('old');
  // All hundred would wait for five seconds.
  expect(monotonicMs() - startedMs).toBeLessThan(5 * cacheDeadlineMs + 4_000);
  redis.thaw();
});
