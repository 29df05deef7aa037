/** Limits that count across pods, in Redis; while it is away or slow, each pod counts for itself. */
import { createHash } from 'node:crypto';
import { Registry } from 'prom-client';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { createBreaker } from '@evently/kit/breaker';
import { withDeadline } from '@evently/kit/clock';
import { createMemoryLimiter, limitStateOf, type LimiterFactory } from '@evently/kit/limiter';
import type { Logger } from '@evently/kit/log';
import { addCounter, defineCounter } from '@evently/kit/metrics-define';
import type { RedisConnection } from './connection.ts';

export type RedisLimitersOptions = {
  redis: RedisConnection;
  /** Whose limits these are: services do not count each other's requests. */
  service: string;
  log: Logger;
  nowMs: () => number;
  registry?: Registry;
  /** How long a request waits for Redis to count it. */
  deadlineMs?: number;
};

export const limiterDefinitions = {
  counted: defineCounter({
    name: 'evently_limits_counted_total',
    help: 'Requests that were counted against a limit, together with the other pods or by this one alone',
    labels: { counted: ['together', 'alone'] },
  }),
} as const;

/** What a request waits for the count at most, by default. */
export const limitDeadlineMs = 50;
// So many counts in a row that did not come in time, and no request waits for Redis for a while.
const failuresToOpen = 5;
const openMs = 2_000;

/**
 * One breaker for all limits of the pod, because they share one Redis. While Redis is away a pod allows each key the whole
 * limit, so a platform of n pods allows n times as much: limits are there against abuse, and selling goes
 * on. A count that came too late may still be counted. Keys are hashed: Redis holds no address and no account.
 */
export function createRedisLimiters(options: RedisLimitersOptions): LimiterFactory {
  const { redis, service, log, nowMs } = options;
  const deadlineMs = options.deadlineMs ?? limitDeadlineMs;
  const breaker = createBreaker({
    failures: failuresToOpen,
    openMs,
    nowMs,
    changed: (state, error) => {
      if (state === 'open') log.warn({ err: String(error) }, 'each pod counts its limits for itself');
      else log.info('limits are counted across pods again');
    },
  });
  const counted = addCounter(options.registry ?? new Registry(), limiterDefinitions.counted);
  return (allowance) => {
    const insurance = createMemoryLimiter(allowance);
    const shared = new RateLimiterRedis({
      storeClient: redis.client,
      keyPrefix: `evently:limit:${service}:${allowance.name}`,
      points: Math.max(1, allowance.limit),
      duration: allowance.windowSeconds,
      rejectIfRedisNotReady: true,
    });
    const count = async (key: string): Promise<unknown> =>
      shared.consume(key).catch((refused: unknown) => refused);
    return {
      consume: (key) =>
        breaker.run(
          async () => {
            const told = await withDeadline(count(shortened(key)), deadlineMs, 'counting in Redis');
            const state = limitStateOf(told);
            counted.inc({ counted: 'together' });
            return state;
          },
          () => {
            counted.inc({ counted: 'alone' });
            return insurance.consume(key);
          },
        ),
    };
  };
}

const hashedLength = 22;

function shortened(key: string): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, hashedLength);
}
