/** A booking and an event service that share what pods share through Redis, on an embedded PostgreSQL, for tests. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { consumersIn } from '@evently/contracts/messages';
import { monotonicMs } from '@evently/kit/clock';
import { createLogger } from '@evently/kit/log';
import { startCluster } from '@evently/postgres/cluster';
import { createRedisCaches } from '@evently/redis/cache';
import { openRedis } from '@evently/redis/connection';
import { createRedisFeed } from '@evently/redis/feed';
import { createRedisLimiters } from '@evently/redis/rate-limiter';
import { createStreamBus, type StreamBus } from '@evently/redis/stream-bus';
import type { TestDatabase } from '@evently/testkit/postgres';
import { Registry } from 'prom-client';
import { createCatalog, type Catalog, type CatalogParts } from '../catalog/catalog.ts';

export type Composition = Catalog & {
  /** From now on no message is published or delivered. */
  stopMessages: () => Promise<void>;
  end: () => Promise<void>;
};
export type Deadlines = {
  /** How long a request waits for its count; the adapters' own unless told. */
  limitMs?: number;
  /** How long any command may take. */
  commandMs?: number;
};

const log = createLogger('test', process.env['TEST_LOG'] === undefined ? 'silent' : 'debug');

/** A PostgreSQL of the test's own; databases are made on it as on that of a whole run. */
export async function startOwnPostgres(): Promise<() => Promise<void>> {
  const directory = await mkdtemp(path.join(tmpdir(), 'evently-selling-'));
  await chmod(directory, 0o755);
  const cluster = await startCluster({ directory, port: 0, settings: { fsync: 'off' } });
  process.env['EVENTLY_TEST_POSTGRES_URL'] = cluster.url('postgres');
  return async () => {
    await cluster.stop();
    await rm(directory, { recursive: true, force: true });
  };
}

/** Both services started, their limits on, everything between them but calls through Redis. */
export async function composeOnRedis(
  url: string,
  env: Readonly<Record<string, string>>,
  deadlines: Deadlines = {},
): Promise<Composition> {
  const closers: (() => Promise<void>)[] = [];
  const buses: StreamBus[] = [];
  const { limitMs, commandMs } = deadlines;
  function partsOf(service: 'event' | 'booking', { db }: TestDatabase): CatalogParts {
    const connect = (part: string) => {
      const name = `${service}-${part}`;
      const connection = openRedis({ url, name, log, ...(commandMs === undefined ? {} : { commandMs }) });
      closers.push(connection.close);
      return connection;
    };
    const [redis, subscriber] = [connect('shared'), connect('feed')];
    const feed = createRedisFeed({ redis, subscriber, log });
    closers.push(feed.close);
    const bus = createStreamBus({
      url,
      pod: service,
      consumers: consumersIn({ search: false }),
      lockDb: db,
      log,
      registry: new Registry(),
    });
    buses.push(bus);
    const shared = { redis, service, log, nowMs: monotonicMs };
    return {
      bus,
      feed,
      caches: createRedisCaches(shared),
      limiters: createRedisLimiters({ ...shared, ...(limitMs === undefined ? {} : { deadlineMs: limitMs }) }),
    };
  }
  const catalog = await createCatalog(env, ({ event, booking }) => ({
    event: partsOf('event', event),
    booking: partsOf('booking', booking),
  }));
  await catalog.event.start();
  await catalog.booking.start();
  for (const bus of buses) await bus.start();
  const stopMessages = async (): Promise<void> => {
    for (const bus of buses.splice(0)) await bus.stop();
  };
  return {
    ...catalog,
    stopMessages,
    end: async () => {
      await catalog.event.stop();
      await catalog.booking.stop();
      await stopMessages();
      for (const close of closers.toReversed()) await close();
      await catalog.close();
    },
  };
}
