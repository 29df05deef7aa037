import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { BusUnavailable, type Message } from '@evently/kit/bus';
import { newId } from '@evently/kit/ids';
import { TryLater } from '@evently/kit/inbox';
import { messageOf, numbered, until, upTo, write, type Skip } from '@evently/testkit/bus-contract';
import type { RedisProcess } from '@evently/testkit/engines/redis-server';
import { startTcpProxy, type TcpProxy } from '@evently/testkit/tcp-proxy';
import { createBusPlatform, requireRedis, streamName, type BusPlatform } from '../test/bus-platform.ts';

/** The bus's deadline for a command is 1 s; the rest is for a machine that is busy. A slow Redis answers later. */
const deadlineMs = 3_500;

const allOf = (count: number): Record<string, number[]> =>
  Object.fromEntries(upTo(5).map((at) => [`key ${at}`, upTo(count)]));
const effectsOf = async (platform: BusPlatform): Promise<number> =>
  Object.values(await platform.effects()).flat().length;

async function behindProxy(skip: Skip): Promise<{ redis: RedisProcess; proxy: TcpProxy; url: string }> {
  const redis = await requireRedis(skip);
  const proxy = await startTcpProxy(redis.port);
  onTestFinished(() => proxy.close());
  return { redis, proxy, url: `redis://127.0.0.1:${proxy.port}` };
}

/** One that was handled before: a command that nobody has answered may have been carried out all the same. */
async function knownMessage(platform: BusPlatform): Promise<Message> {
  const { rows } = await platform.database.db.query<{ id: string }>('select id from outbox limit 1');
  const id = rows[0]?.id ?? newId(Date.now());
  return { ...messageOf('key 0', 0), id, createdAt: new Date(), attempt: 1 };
}

type Outage = { name: string; begin: (proxy: TcpProxy) => void; end: (proxy: TcpProxy) => void };
const outages: Outage[] = [
  { name: 'away', begin: (proxy) => proxy.refuse(true), end: (proxy) => proxy.refuse(false) },
  { name: 'slow', begin: (proxy) => proxy.delay(4_000), end: (proxy) => proxy.delay(0) },
  { name: 'silent', begin: (proxy) => proxy.silence(true), end: (proxy) => proxy.silence(false) },
];

for (const { name, begin, end } of outages) {
  test(`while Redis is ${name} the outbox keeps what comes, and all of it arrives afterwards, in order`, async ({
    skip,
  }) => {
    const { proxy, url } = await behindProxy(skip);
    const platform = await createBusPlatform();
    const { bus } = await platform.publisher({ url });
    await platform.consumer({ url });
    await write(platform.database, numbered(5, 10));
    await until(async () => (await effectsOf(platform)) === 50);
    const message = await knownMessage(platform);
    begin(proxy);
    const beganAt = performance.now();
    await expect(bus.publishBatch([message])).rejects.toThrow(BusUnavailable);
    expect(performance.now() - beganAt).toBeLessThan(deadlineMs);
    for (const round of upTo(10)) await write(platform.database, numbered(5, 10, 10 + 10 * round));
    expect(await platform.waiting()).toBeGreaterThan(400);
    end(proxy);
    await until(async () => (await effectsOf(platform)) === 550);
    expect(await platform.effects()).toEqual(allOf(110));
    expect(await platform.waiting()).toBe(0);
  });
}

test('a server that has become a replica is left, although it keeps its connections open', async ({
  skip,
}) => {
  const { redis, proxy, url } = await behindProxy(skip);
  const next = await requireRedis(skip, ['--replicaof', '127.0.0.1', String(redis.port)]);
  const stays = new Redis(url);
  stays.on('error', () => {});
  onTestFinished(() => stays.disconnect());
  const platform = await createBusPlatform();
  await platform.publisher({ url });
  await platform.consumer({ url });
  await write(platform.database, numbered(5, 10));
  await until(async () => (await effectsOf(platform)) === 50);
  await stays.set('before', '1');
  await next.command('REPLICAOF', 'NO', 'ONE');
  proxy.target(next.port, 'stay');
  await redis.command('REPLICAOF', '127.0.0.1', String(next.port));
  await write(platform.database, numbered(5, 10, 10));
  await until(async () => (await effectsOf(platform)) === 100);
  expect(await platform.effects()).toEqual(allOf(20));
  // A client as it ships stays, and can write no more.
  await expect(stays.set('after', '1')).rejects.toThrow('READONLY');
});

test('negative control: a client without a deadline waits for a slow Redis', async ({ skip }) => {
  const { proxy, url } = await behindProxy(skip);
  const client = new Redis(url);
  client.on('error', () => {});
  onTestFinished(() => client.disconnect());
  await client.ping();
  proxy.delay(60_000);
  let hasAnswered = false;
  const answered = (): void => {
    hasAnswered = true;
  };
  // It is ended with the test, and rejects then.
  client.ping().then(answered, () => {});
  await new Promise((resolve) => void setTimeout(resolve, deadlineMs));
  expect(hasAnswered).toBe(false);
});

test('a stream is never longer than its maximum; the outbox keeps the rest until somebody reads', async ({
  skip,
}) => {
  const redis = await requireRedis(skip);
  const platform = await createBusPlatform();
  const options = { url: redis.url, maxLength: 300 };
  const publisher = await platform.publisher(options);
  await write(platform.database, numbered(5, 200));
  const isHeldBack = async (): Promise<boolean> =>
    /evently_bus_held_back_total\{topic="things"\} [1-9]/.test(await publisher.registry.metrics());
  await until(isHeldBack);
  const length = async (): Promise<number> => Number((await redis.command('XLEN', streamName)).slice(1));
  expect(await length()).toBeLessThanOrEqual(300);
  expect(await platform.waiting()).toBeGreaterThanOrEqual(700);
  await platform.consumer(options);
  await until(async () => (await effectsOf(platform)) === 1_000);
  expect(await platform.effects()).toEqual(allOf(200));
  // What all have handled is deleted in the end, but for the last entry.
  await until(async () => (await length()) <= 1);
});

test('a key that is stuck for long does not fill the stream with what its neighbours have done', async ({
  skip,
}) => {
  const redis = await requireRedis(skip);
  const platform = await createBusPlatform();
  const options = { url: redis.url, maxLength: 400 };
  await platform.publisher(options);
  let open = false;
  await platform.consumer({
    ...options,
    failing: (key) => {
      if (key === 'stuck' && !open) throw new TryLater('shut');
    },
  });
  await write(platform.database, [messageOf('stuck', 0), messageOf('stuck', 1)]);
  for (const round of upTo(10)) await write(platform.database, numbered(5, 20, 20 * round));
  await until(async () => (await effectsOf(platform)) === 1_000);
  expect(await platform.effects()).toEqual(allOf(200));
  open = true;
  await until(async () => (await effectsOf(platform)) === 1_002);
  expect((await platform.effects())['stuck']).toEqual([0, 1]);
});
