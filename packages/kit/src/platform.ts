/** Settings and parts that every service of one platform shares. */
import type { Registry } from 'prom-client';
import { z } from 'zod';
import type { TokenVerifier } from './auth.ts';
import type { Bus } from './bus.ts';
import type { CacheFactory } from './cache.ts';
import type { Clock } from './clock.ts';
import { flag, integer, list, setting, type SettingValues } from './config.ts';
import type { Feed } from './feed.ts';
import type { LimiterFactory } from './limiter.ts';
import type { Logger } from './log.ts';
import type { RequestMetrics } from './metrics.ts';
import type { Database } from './postgres.ts';
import type { Reads } from './replica.ts';
import { tracingSettings } from './tracing-settings.ts';

export const platformSettings = {
  EVENTLY_LOG_LEVEL: setting(z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']), {
    fallback: 'info',
    about: 'Least severe log line that is written',
  }),
  EVENTLY_API_KEY: setting(z.string().min(16, 'must have 16 characters or more'), {
    secret: true,
    about: 'Key this process shows to the internal routes of others',
  }),
  EVENTLY_ACCEPTED_API_KEYS: setting(list(), {
    secret: true,
    about: 'Keys accepted on internal routes, comma-separated; two during a rotation',
  }),
  EVENTLY_TOKEN_AUDIENCE: setting(z.string().min(1), {
    fallback: 'evently',
    about: 'Audience of access tokens',
  }),
  EVENTLY_USER_ISSUER: setting(z.string().min(1), {
    fallback: 'evently-user',
    about: "Issuer name of buyers' tokens",
  }),
  EVENTLY_ADMIN_ISSUER: setting(z.string().min(1), {
    fallback: 'evently-event',
    about: "Issuer name of administrators' tokens",
  }),
  EVENTLY_TRUSTED_HOPS: setting(integer(0, 10), {
    fallback: '0',
    unit: 'proxies',
    about: 'Proxies in front whose X-Forwarded-For entry is believed',
  }),
  EVENTLY_EXEMPT_LOOPBACK: setting(flag(), {
    fallback: '0',
    about: 'Do not count direct loopback clients in limits per address (standalone sets it)',
  }),
  EVENTLY_LOAD_TEST: setting(flag(), {
    fallback: '0',
    about:
      'Load testing: an internal endpoint makes tokens, limits per user are lifted. Never in production; make start sets it to 1',
  }),
  EVENTLY_READS_PER_MINUTE: setting(integer(0, 10_000_000), {
    fallback: '300',
    unit: 'requests/min',
    about: 'Public reads per address; 0 is no limit',
  }),
  ...tracingSettings,
};
export type PlatformConfig = SettingValues<typeof platformSettings>;

/** What pods of a service share. What is not given is done inside the process, as in standalone and in tests. */
export type SharedParts = {
  /** Counts limits; without it each process counts alone (`createMemoryLimiter`). */
  limiters?: LimiterFactory | undefined;
  /** Keeps answers of public reads; without it each process keeps its own (`createMemoryCaches`). */
  caches?: CacheFactory | undefined;
  /** Tells other processes of changes; without it nobody is told, and everyone looks for himself. */
  feed?: Feed | undefined;
  /** Lists and reports from a replica; without it from `db` (`readsOf`). */
  reads?: Reads | undefined;
};

/** What the wiring hands to every `create…Service`. `relayDb` is a pool of one, kept busy by the outbox relay. */
export type PlatformDeps = SharedParts & {
  platform: PlatformConfig;
  db: Database;
  relayDb: Database;
  bus: Bus;
  log: Logger;
  clock: Clock;
  registry: Registry;
  requestMetrics: RequestMetrics;
  /** Told how many messages of a topic the service's relay published. */
  published?: ((topic: string, messages: number) => void) | undefined;
  verifier: TokenVerifier;
};
