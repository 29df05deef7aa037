import { Redis } from 'ioredis';
import { monotonicMs } from '@evently/kit/clock';
import { createMemoryLimiter, type LimiterFactory } from '@evently/kit/limiter';
import { createLogger } from '@evently/kit/log';
import { requireEngine } from '@evently/testkit/engines/engine';
import { redisServer } from '@evently/testkit/engines/redis';
import { startRedisProcess, type RedisProcess } from '@evently/testkit/engines/redis-server';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openRedis, type RedisConnection } from './connection.ts';
import { createRedisLimiters, limitDeadlineMs } from './rate-limiter.ts';

const log = createLogger('test', 'silent');
let redis: RedisProcess;
const open: RedisConnection[] = [];
beforeEach(async ({ skip }) => {
  redis = await startRedisProcess({ program: await requireEngine(redisServer, skip) });
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((connection) => connection.close()));
  await redis.stop();
});

/** A pod of a service. */
// A machine that is busy for longer than a pod waits by default would make it count alone.
const patienceMs = 10_000;
async function createPod(service = 'booking', deadlineMs = patienceMs): Promise<LimiterFactory> {
  const connection = openRedis({ url: redis.url, name: 'test', log, commandMs: deadlineMs });
  open.push(connection);
  await expect.poll(connection.isUp).toBe(true);
  return createRedisLimiters({ redis: connection, service, log, nowMs: monotonicMs, deadlineMs });
}
const perMinute = (limit: number) => ({ name: 'reads', limit, windowSeconds: 60 });

const adapters: [string, () => Promise<LimiterFactory>][] = [
  ['in this process', async () => createMemoryLimiter],
  ['in Redis', () => createPod()],
];
describe.each(adapters)('limits counted %s', (_where, create) => {
  test('count to the limit and beyond it, and say when to come again', async () => {
    const limiter = (await create())(perMinute(2));
    const states = [await limiter.consume('a'), await limiter.consume('a'), await limiter.consume('a')];
    expect(states.map(({ consumed, remaining }) => [consumed, remaining])).toEqual([
      [1, 1],
      [2, 0],
      [3, 0],
    ]);
    for (const { msBeforeNext } of states) {
      expect(msBeforeNext).toBeGreaterThan(0);
      expect(msBeforeNext).toBeLessThanOrEqual(60_000);
    }
  });

  test('keep keys and names apart', async () => {
    const limiters = await create();
    const [reads, writes] = [limiters(perMinute(5)), limiters({ ...perMinute(5), name: 'writes' })];
    await reads.consume('a');
    expect((await reads.consume('b')).consumed).toBe(1);
    expect((await writes.consume('a')).consumed).toBe(1);
    expect((await reads.consume('a')).consumed).toBe(2);
  });

  test('begin anew when the window is over', async () => {
    const limiter = (await create())({ name: 'reads', limit: 1, windowSeconds: 3 });
    await limiter.consume('a');
    expect((await limiter.consume('a')).consumed).toBe(2);
    await expect
      .poll(async () => (await limiter.consume('a')).consumed, { timeout: 20_000, interval: 100 })
      .toBe(1);
  });
});

test('pods of a service count together, other services do not', async () => {
  const [one, other, stranger] = [await createPod(), await createPod(), await createPod('event')];
  const consumed: number[] = [];
  for (const limiters of [one, other, one, other])
    consumed.push((await limiters(perMinute(10)).consume('a')).consumed);
  expect(consumed).toEqual([1, 2, 3, 4]);
  expect((await stranger(perMinute(10)).consume('a')).consumed).toBe(1);
});

test('Redis holds no address and no account, and forgets with the window', async () => {
  await (await createPod())(perMinute(10)).consume('buyer@example.org');
  const keys = await redis.command('KEYS', '*');
  expect(keys).toContain('evently:limit:booking:reads:');
  expect(keys).not.toContain('buyer');
  const name = /evently:limit:\S+/.exec(keys)?.[0] ?? '';
  expect(Number(/:(-?\d+)/.exec(await redis.command('TTL', name))?.[1])).toBeGreaterThan(0);
});

test('while Redis is gone each pod counts for itself, and together again when it is back', async () => {
  const [one, other] = [(await createPod())(perMinute(3)), (await createPod())(perMinute(3))];
  await one.consume('a');
  await redis.kill();
  const alone: number[] = [];
  for (let round = 0; round < 4; round += 1) alone.push((await one.consume('a')).consumed);
  expect(alone).toEqual([1, 2, 3, 4]);
  expect((await other.consume('a')).consumed).toBe(1);
  await redis.start();
  // What Redis counts begins anew, and both see the other's requests in it.
  await expect
    .poll(
      async () => {
        const key = `k${monotonicMs()}`;
        return [(await one.consume(key)).consumed, (await other.consume(key)).consumed];
      },
      { timeout: 15_000 },
    )
    .toEqual([1, 2]);
});

test('when Redis is flushed counting goes on', async () => {
  const limiter = (await createPod())(perMinute(3));
  await limiter.consume('a');
  await redis.command('FLUSHALL');
  expect((await limiter.consume('a')).consumed).toBe(1);
});

test('a frozen Redis costs some requests the deadline, then none; without a deadline they hang', async () => {
  const limiter = (await createPod('booking', limitDeadlineMs))(perMinute(1_000));
  const plain = new Redis(redis.url);
  await plain.ping();
  const withoutDeadline = new RateLimiterRedis({ storeClient: plain, points: 1_000, duration: 60 });
  redis.freeze();
  let hasAnswered = false;
  const hanging = withoutDeadline.consume('a').then(() => {
    hasAnswered = true;
  });
  const startedMs = monotonicMs();
  for (let request = 1; request <= 200; request += 1)
    expect((await limiter.consume('a')).consumed).toBe(request);
  // Five that waited open the breaker; afterwards one in two seconds waits. All 200 would wait for ten seconds.
  expect(monotonicMs() - startedMs).toBeLessThan(5 * limitDeadlineMs + 5_000);
  expect(hasAnswered).toBe(false);
  redis.thaw();
  await hanging;
  plain.disconnect();
});
