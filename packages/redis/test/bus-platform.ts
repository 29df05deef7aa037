/** A platform of one topic for tests: an outbox with its relay, consumers with their inbox, a Redis to break. */
import { onTestFinished } from 'vitest';
import type { Bus, Handler } from '@evently/kit/bus';
import { createLogger } from '@evently/kit/log';
import { createRelay } from '@evently/kit/outbox';
import { openDatabase } from '@evently/kit/postgres';
import { contractConsumers } from '@evently/testkit/bus-consumers';
import type { Skip } from '@evently/testkit/bus-contract';
import { requireEngine } from '@evently/testkit/engines/engine';
import { redisServer } from '@evently/testkit/engines/redis';
import { startRedisProcess, type RedisProcess } from '@evently/testkit/engines/redis-server';
import { createTestDatabase, type TestDatabase } from '@evently/testkit/postgres';
import { Registry } from 'prom-client';
import { createStreamBus, type StreamBus } from '../src/stream-bus.ts';
import { effectHandler, type EffectOptions } from './effects.ts';

const log = createLogger('test', 'silent');
export const streamName = 'evently:bus:things';

export type PodOptions = {
  url: string;
  maxLength?: number;
  /** Consumers of the topic that an earlier installation had. */
  retired?: readonly string[];
  retiredAfterMs?: number;
  /** Where its locks are; in the platform's database unless told. */
  lockUrl?: string;
  /** What the relay is given in place of the whole bus. */
  protect?: (bus: Bus) => Bus;
};
export type Pod = {
  bus: StreamBus;
  registry: Registry;
  start: () => Promise<void>;
  stop: () => Promise<void>;
};
export type BusPlatform = {
  database: TestDatabase;
  /** A pod that publishes. */
  publisher: (options: PodOptions) => Promise<Pod>;
  /** A pod that consumes as `first`, and begins at once; `failing` is asked before each effect. */
  consumer: (options: PodOptions & EffectOptions) => Promise<Pod>;
  /** What took effect, per key in order of its effect. */
  effects: () => Promise<Record<string, number[]>>;
  waiting: () => Promise<number>;
};
/** The same bus without knowledge of what was published before: what a lost stream held is lost. */
export function unprotected(bus: Bus): Bus {
  return {
    publishBatch: (messages) => bus.publishBatch(messages),
    publish: bus.publish,
    subscribe: bus.subscribe,
    start: bus.start,
    stop: bus.stop,
  };
}

export async function requireRedis(skip: Skip, flags: readonly string[] = []): Promise<RedisProcess> {
  const redis = await startRedisProcess({ program: await requireEngine(redisServer, skip), flags });
  onTestFinished(() => redis.stop());
  return redis;
}

export async function createBusPlatform(): Promise<BusPlatform> {
  const database = await createTestDatabase([], { max: 8 });
  await database.db.query('create table effects (place bigserial, key text, number integer)');
  const pods: Pod[] = [];
  onTestFinished(async () => {
    await Promise.all(pods.map((pod) => pod.stop()));
    await database.drop();
  });

  return {
    database,
    publisher: async (options) => {
      const pod = createPod(database, options, true);
      pods.push(pod);
      await pod.start();
      return pod;
    },
    consumer: async (options) => {
      const pod = createPod(database, options, false);
      pods.push(pod);
      pod.bus.subscribe('things', 'first', effectHandler(database.db, options));
      pod.bus.subscribe('things', 'second', passOver);
      await pod.start();
      return pod;
    },
    effects: async () => {
      const { rows } = await database.db.query<{ key: string; numbers: number[] }>(
        'select key, array_agg(number order by place) as numbers from effects group by key',
      );
      return Object.fromEntries(rows.map(({ key, numbers }) => [key, numbers]));
    },
    waiting: async () =>
      (await database.db.query('select 1 from outbox where published_at is null')).rowCount ?? 0,
  };
}

const passOver: Handler = (messages) =>
  Promise.resolve({ handled: new Set(messages.map(({ id }) => id)), failed: new Map() });

function createPod(database: TestDatabase, options: PodOptions, publishes: boolean): Pod {
  const lockDb = openDatabase({ url: options.lockUrl ?? database.url, name: 'bus', max: 1, log });
  const registry = new Registry();
  const bus = createStreamBus({
    url: options.url,
    pod: 'pod',
    consumers: contractConsumers,
    lockDb,
    log,
    registry,
    retryDelayMs: () => 20,
    ...(options.maxLength === undefined ? {} : { maxLength: options.maxLength }),
    ...(options.retired === undefined ? {} : { retired: { things: options.retired } }),
    ...(options.retiredAfterMs === undefined ? {} : { retiredAfterMs: options.retiredAfterMs }),
  });
  const relayDb = openDatabase({ url: database.url, name: 'relay', max: 1, log });
  const protect = options.protect ?? ((whole: Bus): Bus => whole);
  const relay = createRelay({ db: relayDb, bus: protect(bus), log, pollMs: 10 });
  let isStopped = false;
  return {
    bus,
    registry,
    start: async () => {
      if (publishes) relay.start();
      else await bus.start();
    },
    stop: async () => {
      if (isStopped) return;
      isStopped = true;
      await relay.stop();
      await bus.stop();
      await Promise.all([lockDb.close(), relayDb.close()]);
    },
  };
}
