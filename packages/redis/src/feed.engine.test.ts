import { createInProcessFeed, type Feed } from '@evently/kit/feed';
import { createLogger } from '@evently/kit/log';
import { requireEngine } from '@evently/testkit/engines/engine';
import { redisServer } from '@evently/testkit/engines/redis';
import { startRedisProcess, type RedisProcess } from '@evently/testkit/engines/redis-server';
import { startTcpProxy } from '@evently/testkit/tcp-proxy';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openRedis } from './connection.ts';
import { createRedisFeed } from './feed.ts';

const logs: string[] = [];
const log = createLogger('test', 'info', { write: (line: string) => void logs.push(line) });
let redis: RedisProcess;
const closers: (() => Promise<void>)[] = [];
beforeEach(async ({ skip }) => {
  redis = await startRedisProcess({ program: await requireEngine(redisServer, skip) });
  logs.length = 0;
});
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
  await redis.stop();
});

/** A pod's feed; its subscriber may reach Redis by another way. */
async function createPod(subscriberUrl = redis.url, proveMs = 5_000): Promise<Feed> {
  const connections = [redis.url, subscriberUrl].map((url) =>
    openRedis({ url, name: 'test', log, commandMs: 200 }),
  );
  const [commands, subscriber] = connections;
  if (commands === undefined || subscriber === undefined) throw new Error('there are two');
  const feed = createRedisFeed({ redis: commands, subscriber, log, proveMs });
  closers.push(async () => {
    await feed.close();
    await Promise.all(connections.map((connection) => connection.close()));
  });
  await expect.poll(() => connections.every((connection) => connection.isUp())).toBe(true);
  return feed;
}

/** Publishes until somebody has heard it: a subscription takes a moment, and news before it are lost. */
async function untilHeard(from: Feed, key: string, heard: readonly number[], version: number): Promise<void> {
  await expect
    .poll(
      () => {
        from.publish({ key, version, value: null });
        return heard.at(-1);
      },
      { timeout: 20_000 },
    )
    .toBe(version);
}
function listen(feed: Feed, key: string): { versions: number[]; leave: () => void } {
  const versions: number[] = [];
  return { versions, leave: feed.listen(key, (word) => versions.push(word.version)) };
}

type Pods = { one: Feed; other: Feed };
const adapters: [string, () => Promise<Pods>][] = [
  [
    'in this process',
    async () => {
      const feed = createInProcessFeed();
      return { one: feed, other: feed };
    },
  ],
  ['through Redis', async () => ({ one: await createPod(), other: await createPod() })],
];
describe.each(adapters)('news %s', (_how, create) => {
  test('reach everyone who listens to their key, with what they say', async () => {
    const { one, other } = await create();
    const values: unknown[] = [];
    other.listen('a', (word) => values.push(word.value));
    const here = listen(one, 'a');
    const elsewhere = listen(other, 'b');
    await untilHeard(one, 'a', here.versions, 1);
    one.publish({ key: 'a', version: 2, value: { seats: 7, note: 'Zürich\n' } });
    await expect.poll(() => values.at(-1)).toEqual({ seats: 7, note: 'Zürich\n' });
    await expect.poll(() => here.versions.at(-1)).toBe(2);
    expect(elsewhere.versions).toEqual([]);
  });

  test('that come twice or late are not told', async () => {
    const { one, other } = await create();
    const here = listen(other, 'a');
    await untilHeard(one, 'a', here.versions, 3);
    for (const version of [3, 2, 1]) one.publish({ key: 'a', version, value: null });
    await untilHeard(one, 'a', here.versions, 4);
    expect(here.versions).toEqual([3, 4]);
  });

  test('that follow each other quickly end with the last of them', async () => {
    const { one, other } = await create();
    const here = listen(other, 'a');
    await untilHeard(one, 'a', here.versions, 1);
    for (let version = 2; version <= 1_000; version += 1) one.publish({ key: 'a', version, value: null });
    await expect.poll(() => here.versions.at(-1)).toBe(1_000);
    expect(here.versions).toEqual(here.versions.toSorted((a, b) => a - b));
  });

  test('are not told to those who have left, and again to those who come back', async () => {
    const { one, other } = await create();
    const first = listen(other, 'a');
    const second = listen(other, 'a');
    await untilHeard(one, 'a', first.versions, 1);
    first.leave();
    first.leave();
    await untilHeard(one, 'a', second.versions, 2);
    expect(first.versions).toEqual([1]);
    second.leave();
    const third = listen(other, 'a');
    await untilHeard(one, 'a', third.versions, 3);
  });
});

test('a sale that changes stock a thousand times costs Redis few commands', async () => {
  const [one, other] = [await createPod(), await createPod()];
  const here = listen(other, 'a');
  await untilHeard(one, 'a', here.versions, 1);
  for (let version = 2; version <= 1_000; version += 1) one.publish({ key: 'a', version, value: null });
  await expect.poll(() => here.versions.at(-1)).toBe(1_000);
  expect(here.versions.length).toBeLessThan(10);
});

test('after Redis was gone listeners are told again, also those who came meanwhile', async () => {
  const [one, other] = [await createPod(), await createPod()];
  const before = listen(other, 'a');
  await untilHeard(one, 'a', before.versions, 1);
  await redis.kill();
  const meanwhile = listen(other, 'b');
  one.publish({ key: 'a', version: 2, value: null });
  await redis.start();
  await untilHeard(one, 'a', before.versions, 3);
  await untilHeard(one, 'b', meanwhile.versions, 1);
});

test('a subscription on a dead link is noticed and made anew', async () => {
  const proxy = await startTcpProxy(redis.port);
  closers.push(proxy.close);
  const [one, other] = [await createPod(), await createPod(`redis://127.0.0.1:${proxy.port}`, 100)];
  const here = listen(other, 'a');
  await untilHeard(one, 'a', here.versions, 1);
  proxy.silence(true);
  // Nobody is told by the network: only asking finds out.
  await expect.poll(() => logs.join(), { timeout: 15_000 }).toContain('Redis is away');
  proxy.silence(false);
  await untilHeard(one, 'a', here.versions, 2);
});

test('what is no news is left alone, and listening goes on', async () => {
  const [one, other] = [await createPod(), await createPod()];
  const here = listen(other, 'a');
  await untilHeard(one, 'a', here.versions, 1);
  for (const text of ['{', '7', '{"version":"2","value":1}', '{"version":2}', 'x'.repeat(100_000)])
    await redis.command('PUBLISH', 'evently:feed:a', text);
  await untilHeard(one, 'a', here.versions, 2);
  expect(here.versions).toEqual([1, 2]);
});
