import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { withDeadline } from '@evently/kit/clock';
import { numbered, until, upTo, write } from '@evently/testkit/bus-contract';
import { createTestDatabase } from '@evently/testkit/postgres';
import { startTcpProxy } from '@evently/testkit/tcp-proxy';
import { createBusPlatform, requireRedis, streamName, type BusPlatform } from '../test/bus-platform.ts';
import { createStream } from './stream.ts';

/**
 * The time in which another pod goes on after one was killed: a look at the lock is a second apart, and what the database
 * notices by itself takes it 25 s.
 */
const takeoverMs = 15_000;
/** Much less than a reader waits for something new. */
const stopMs = 500;

const allOf = (count: number): Record<string, number[]> =>
  Object.fromEntries(upTo(5).map((at) => [`key ${at}`, upTo(count)]));
const effectsOf = async (platform: BusPlatform): Promise<number> =>
  Object.values(await platform.effects()).flat().length;

function startConsumer(redisUrl: string, platform: BusPlatform, inbox: 'inbox' | 'none'): ChildProcess {
  const program = fileURLToPath(new URL('../test/consumer-process.ts', import.meta.url));
  const child = spawn(process.execPath, [program, redisUrl, platform.database.url, inbox], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** Kills a consumer while it works on a batch, and answers how long it took until another had an effect. */
async function killInTheMiddle(
  platform: BusPlatform,
  redisUrl: string,
  inbox: 'inbox' | 'none',
): Promise<number> {
  await platform.publisher({ url: redisUrl });
  const killed = startConsumer(redisUrl, platform, inbox);
  const isAtWork = async (): Promise<boolean> =>
    (
      await platform.database.db.query(
        "select 1 from pg_stat_activity where query like '%pg_sleep%' and pid <> pg_backend_pid()",
      )
    ).rowCount !== 0;
  await write(platform.database, numbered(5, 10));
  await until(isAtWork);
  // It has the lock; the other one waits for it from now on.
  await platform.consumer({ url: redisUrl, inbox: inbox === 'inbox' });
  await until(isAtWork);
  if (inbox === 'none') await until(async () => (await effectsOf(platform)) > 5);
  const closed = once(killed, 'close');
  killed.kill('SIGKILL');
  await closed;
  const before = await effectsOf(platform);
  const beganAt = performance.now();
  await until(async () => (await effectsOf(platform)) > before);
  return performance.now() - beganAt;
}

test('after SIGKILL of a consumer in the middle of a batch another one goes on; each effect is there once', async ({
  skip,
}) => {
  const redis = await requireRedis(skip);
  const platform = await createBusPlatform();
  expect(await killInTheMiddle(platform, redis.url, 'inbox')).toBeLessThan(takeoverMs);
  await until(async () => (await effectsOf(platform)) >= 50);
  expect(await platform.effects()).toEqual(allOf(10));
});

test('negative control: without an inbox the same death repeats effects', async ({ skip }) => {
  const redis = await requireRedis(skip);
  const platform = await createBusPlatform();
  await killInTheMiddle(platform, redis.url, 'none');
  await until(async () => (await effectsOf(platform)) > 50);
});

/** Two pods whose locks are in different databases: each believes that it is the only reader. */
async function readTwice(platform: BusPlatform, url: string, inbox: boolean): Promise<void> {
  const elsewhere = await createTestDatabase([]);
  onTestFinished(() => elsewhere.drop());
  await platform.publisher({ url });
  let calls = 0;
  const failing = async (): Promise<void> => {
    calls += 1;
    await platform.database.db.query('select pg_sleep($1)', [(calls % 7) / 2_000]);
    if (calls % 23 === 0) throw new Error('a failure now and then');
  };
  await platform.consumer({ url, inbox, failing });
  await platform.consumer({ url, inbox, failing, lockUrl: elsewhere.url });
  for (const round of upTo(20)) {
    await write(platform.database, numbered(5, 5, 5 * round));
    await new Promise((resolve) => void setTimeout(resolve, 10));
  }
  await until(async () => (await effectsOf(platform)) >= 500);
}

test('even two readers at once keep the order of each key, and each effect is there once', async ({
  skip,
}) => {
  const redis = await requireRedis(skip);
  const platform = await createBusPlatform();
  await readTwice(platform, redis.url, true);
  expect(await platform.effects()).toEqual(allOf(100));
});

test('negative control: without lock and inbox two readers repeat effects', async ({ skip }) => {
  const redis = await requireRedis(skip);
  const platform = await createBusPlatform();
  await readTwice(platform, redis.url, false);
  await until(async () => Object.values(await platform.effects()).some((numbers) => numbers.length > 100));
});

test('one process reads for a consumer at a time; when its database session ends another one does', async ({
  skip,
}) => {
  const redis = await requireRedis(skip);
  const platform = await createBusPlatform();
  await platform.publisher({ url: redis.url });
  const calls = [0, 0];
  for (const at of [0, 1])
    await platform.consumer({ url: redis.url, failing: () => void (calls[at] = (calls[at] ?? 0) + 1) });
  await write(platform.database, numbered(5, 10));
  await until(async () => (await effectsOf(platform)) === 50);
  expect(calls).toContain(0);
  await platform.database.db.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'evently-bus' and datname = current_database()",
  );
  await write(platform.database, numbered(5, 10, 10));
  await until(async () => (await effectsOf(platform)) === 100);
  expect(await platform.effects()).toEqual(allOf(20));
});

test('a process that cannot reach Redis leaves the reading to one that can', async ({ skip }) => {
  const redis = await requireRedis(skip);
  const proxy = await startTcpProxy(redis.port);
  onTestFinished(() => proxy.close());
  const platform = await createBusPlatform();
  await platform.publisher({ url: redis.url });
  let isCutOff = 0;
  await platform.consumer({ url: `redis://127.0.0.1:${proxy.port}`, failing: () => void (isCutOff += 1) });
  await write(platform.database, numbered(5, 10));
  await until(async () => (await effectsOf(platform)) === 50);
  expect(isCutOff).toBe(50);
  await platform.consumer({ url: redis.url });
  proxy.refuse(true);
  await write(platform.database, numbered(5, 10, 10));
  await until(async () => (await effectsOf(platform)) === 100);
  expect(isCutOff).toBe(50);
  expect(await platform.effects()).toEqual(allOf(20));
});

test('a reader that waits for something new ends at once when it is told to, and leaves its group', async ({
  skip,
}) => {
  const redis = await requireRedis(skip);
  const platform = await createBusPlatform();
  await platform.publisher({ url: redis.url });
  // A machine that does other work may be late once; a reader that ends its wait first is so each time.
  let tookMs = Infinity;
  for (let round = 0; round < 5 && tookMs >= stopMs; round += 1) {
    const pod = await platform.consumer({ url: redis.url });
    await write(platform.database, numbered(5, 1, round));
    await until(async () => (await effectsOf(platform)) === 5 * (round + 1));
    const beganAt = performance.now();
    await pod.stop();
    tookMs = performance.now() - beganAt;
  }
  expect(tookMs).toBeLessThan(stopMs);
  expect(await redis.command('XINFO', 'CONSUMERS', streamName, 'first')).toBe('*0\r\n');
});

test('a reader that takes over a stream in which all is handled waits, and does not ask without a pause', async ({
  skip,
}) => {
  const redis = await requireRedis(skip);
  const platform = await createBusPlatform();
  await platform.publisher({ url: redis.url });
  const first = await platform.consumer({ url: redis.url });
  await write(platform.database, numbered(5, 2));
  await until(async () => (await effectsOf(platform)) === 10);
  await first.stop();
  const client = new Redis(redis.url);
  onTestFinished(() => client.disconnect());
  // What was handled last stays in the stream.
  expect(await client.xlen(streamName)).toBeGreaterThan(0);
  await platform.consumer({ url: redis.url });
  const looks = async (): Promise<number> =>
    Number(/cmdstat_xread:calls=(\d+)/.exec(await client.info('commandstats'))?.[1] ?? 0);
  await until(async () => String(await client.client('LIST')).includes('cmd=xread'));
  const before = await looks();
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  expect((await looks()) - before).toBeLessThan(10);
  await write(platform.database, numbered(5, 2, 2));
  await until(async () => (await effectsOf(platform)) === 20);
});

test('a pod that is stopped while it begins ends as well', async ({ skip }) => {
  const redis = await requireRedis(skip);
  const platform = await createBusPlatform();
  await platform.publisher({ url: redis.url });
  for (const afterMs of upTo(20)) {
    const pod = await platform.consumer({ url: redis.url });
    await new Promise((resolve) => void setTimeout(resolve, 5 * afterMs));
    await withDeadline(pod.stop(), takeoverMs, 'the end of the pod');
  }
});

test('readers of pods that are gone are forgotten, unless something is still with them', async ({ skip }) => {
  const redis = await requireRedis(skip);
  const client = new Redis(redis.url);
  onTestFinished(() => client.disconnect());
  const stream = createStream(client, 'things');
  await stream.open(['first']);
  await stream.append([['id', 'key', 'type', '1', new Date(0).toISOString(), '']], '0-0', null, 10);
  const [busy, vacant, living] = ['busy', 'vacant', 'living'].map((reader) => ({ group: 'first', reader }));
  if (busy === undefined || vacant === undefined || living === undefined) throw new Error('three readers');
  await stream.take(busy, 10, 1_000);
  await client.xgroup('CREATECONSUMER', streamName, 'first', vacant.reader);
  await client.xgroup('CREATECONSUMER', streamName, 'first', living.reader);
  await new Promise((resolve) => void setTimeout(resolve, 5));
  await stream.forgetReaders(living, 1);
  const names = async (): Promise<string> => redis.command('XINFO', 'CONSUMERS', streamName, 'first');
  expect(await names()).toContain('busy');
  expect(await names()).toContain('living');
  expect(await names()).not.toContain('vacant');
  expect((await stream.claim(living, '0-0', 10)).entries).toHaveLength(1);
  await new Promise((resolve) => void setTimeout(resolve, 5));
  await stream.forgetReaders(living, 1);
  expect(await names()).not.toContain('busy');
});
