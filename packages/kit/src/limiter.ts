/** The port that counts how often somebody asks, and its in-process adapter. */
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

/** `limit` requests in each window of `windowSeconds`; `name` keeps two limits of a service apart. */
export type Allowance = { name: string; limit: number; windowSeconds: number };

/** After a request was counted. `consumed` above the limit means that it must be refused. */
export type LimitState = { consumed: number; remaining: number; msBeforeNext: number };

export type Limiter = {
  /** Counts one request for `key`. Answers within the adapter's deadline, whatever is away. */
  consume: (key: string) => Promise<LimitState>;
};

/** Adapters: this process alone (below), and all pods of a service together (`@evently/redis/rate-limiter`). */
export type LimiterFactory = (allowance: Allowance) => Limiter;

/** Counts in this process: with several processes, each allows the whole limit. */
export const createMemoryLimiter: LimiterFactory = ({ limit, windowSeconds }) => {
  const limiter = new RateLimiterMemory({ points: Math.max(1, limit), duration: windowSeconds });
  return {
    consume: async (key) => limitStateOf(await limiter.consume(key).catch((refused: unknown) => refused)),
  };
};

/** The library's word, granted or refused alike; whatever else it threw is thrown on. */
export function limitStateOf(told: unknown): LimitState {
  if (!(told instanceof RateLimiterRes)) throw told;
  return {
    consumed: told.consumedPoints,
    remaining: told.remainingPoints,
    msBeforeNext: told.msBeforeNext,
  };
}
