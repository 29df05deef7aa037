/** What a pod opens besides its ports: pools of connections, Redis, and what is shared through it. */
import { hostname } from 'node:os';
import type { Registry } from 'prom-client';
import { consumersIn, consumersOutside } from '@evently/contracts/messages';
import { monotonicMs } from '@evently/kit/clock';
import type { Logger } from '@evently/kit/log';
import { createDatabaseMetrics } from '@evently/kit/metrics-database';
import type { PlatformDeps, SharedParts } from '@evently/kit/platform';
import { openDatabase, type Database, type DatabaseOptions } from '@evently/kit/postgres';
import { createReplicaReads } from '@evently/kit/replica';
import type { Lifecycle } from '@evently/kit/serve';
import { createRedisCaches } from '@evently/redis/cache';
import { openRedis, type RedisConnection } from '@evently/redis/connection';
import { createRedisFeed } from '@evently/redis/feed';
import { createRedisLimiters } from '@evently/redis/rate-limiter';
import { createStreamBus, type StreamBus } from '@evently/redis/stream-bus';
import { orNone, type PodConfig } from './config.ts';
import type { PodPlan } from './plan.ts';

export type PodParts = SharedParts & Pick<PlatformDeps, 'db' | 'relayDb' | 'published'> & { bus: StreamBus };

/** Connections that a pod has besides its service's pool: one for the relay, one for the locks of the bus. */
export const ownConnections = 2;
const replicaConnections = 2;

type PartsOptions<C> = {
  plan: PodPlan<C>;
  config: PodConfig<C>;
  log: Logger;
  registry: Registry;
  life: Lifecycle;
};

/** Opens nothing that is waited for: whatever is away is connected to when it comes. Throws `ConfigError` only. */
export function openParts<C>(options: PartsOptions<C>): PodParts {
  const { plan, config, log, registry } = options;
  const shown = createDatabaseMetrics(registry);
  const open = (pool: string, max: number, url = config.database.url): Database => {
    const metrics = shown.pool(plan.name, pool);
    const name = pool === 'own' ? plan.name : `${plan.name}-${pool}`;
    const database = openPool(options, { url, name, max, log, waited: metrics.waited });
    metrics.watch(database);
    return database;
  };
  const db = open('own', plan.connections(config.own));
  const relayDb = open('relay', 1);
  const lockDb = open('bus', 1);
  const replica = config.replicaUrl === null ? null : open('replica', replicaConnections, config.replicaUrl);
  shown.watch(plan.name, db, log);
  const installation = { search: config.pod.POD_WITH_SEARCH || plan.name === 'search' };
  const bus = createStreamBus({
    url: config.pod.REDIS_URL,
    ...caFileOf(config),
    pod: hostname(),
    consumers: consumersIn(installation),
    retired: consumersOutside(installation),
    lockDb,
    log,
    registry,
  });
  return {
    db,
    relayDb,
    bus,
    published: shown.published(plan.name),
    ...openShared(options),
    ...(replica === null
      ? {}
      : { reads: createReplicaReads({ primary: db, replica, log, nowMs: monotonicMs, registry }) }),
  };
}

function openPool<C>({ config, life }: PartsOptions<C>, options: DatabaseOptions): Database {
  const database = openDatabase({ ...options, caFile: config.database.caFile });
  life.opened(`pool ${options.name}`, database.close);
  return database;
}

function caFileOf<C>(config: PodConfig<C>): { caFile?: string } {
  const caFile = orNone(config.pod.REDIS_CA_FILE);
  return caFile === undefined ? {} : { caFile };
}

function openShared<C>(options: PartsOptions<C>): SharedParts {
  const { plan, config, log, registry, life } = options;
  const connect = (part: string): RedisConnection => {
    const name = `${plan.name}-${part}`;
    const connection = openRedis({ url: config.pod.REDIS_URL, ...caFileOf(config), name, log });
    life.opened(`Redis connection ${name}`, connection.close);
    return connection;
  };
  const redis = connect('shared');
  const feed = createRedisFeed({ redis, subscriber: connect('feed'), log });
  life.opened('feed', feed.close);
  const service = plan.name;
  return {
    limiters: createRedisLimiters({ redis, service, log, nowMs: monotonicMs, registry }),
    caches: createRedisCaches({ redis, service, log, nowMs: monotonicMs, registry }),
    feed,
  };
}
