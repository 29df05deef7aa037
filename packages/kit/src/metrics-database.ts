/** Metrics of a service's database: who waits for a connection or a lock, and what waits in the tables of messages. */
import type { Registry } from 'prom-client';
import type { Logger } from './log.ts';
import { serviceLabel } from './metrics-labels.ts';
import {
  addCounter,
  addGauge,
  addHistogram,
  defineCounter,
  defineGauge,
  defineHistogram,
  shortBuckets,
} from './metrics-define.ts';
import { createReading, type Reading } from './metrics-reading.ts';
import type { Database, Sql } from './postgres.ts';

const service = serviceLabel;
const pool = "own (the service's work), relay (the outbox), and in pods bus and replica";
const everyProcess = 'Every process of the service reports the same, so take max by (service), never the sum';

export const databaseDefinitions = {
  waiting: defineGauge({
    name: 'evently_db_pool_waiting_items',
    help: 'Statements and transactions that wait for a connection of a pool of this process',
    labels: { service, pool },
  }),
  connections: defineGauge({
    name: 'evently_db_pool_connections_items',
    help: 'Connections of a pool of this process, by state',
    labels: { service, pool, state: ['idle', 'used'] },
  }),
  waits: defineHistogram({
    name: 'evently_db_pool_wait_duration_seconds',
    help: 'Time that a statement or transaction waited for a connection of a pool, in seconds',
    labels: { service, pool },
    buckets: shortBuckets,
  }),
  lockWaiting: defineGauge({
    name: 'evently_db_lock_waiting_items',
    help: `Sessions of the service's database that wait for a lock. ${everyProcess}`,
    labels: { service },
  }),
  longestLockWait: defineGauge({
    name: 'evently_db_longest_lock_wait_seconds',
    help: `How long the session waits that waits for a lock longest, in seconds; 0 when none does. ${everyProcess}`,
    labels: { service },
  }),
  outboxWaiting: defineGauge({
    name: 'evently_outbox_waiting_items',
    help: `Messages that were committed and not published yet, counted up to 100,000. ${everyProcess}`,
    labels: { service },
  }),
  outboxOldest: defineGauge({
    name: 'evently_outbox_oldest_age_seconds',
    help: `Age of the oldest message that is not published yet, in seconds; 0 when none waits. ${everyProcess}`,
    labels: { service },
  }),
  deadLetters: defineGauge({
    name: 'evently_dead_letters_items',
    help: `Messages that a consumer of the service could not handle and nobody has replayed. ${everyProcess}`,
    labels: { service },
  }),
  published: defineCounter({
    name: 'evently_outbox_published_total',
    help: 'Messages that the relay of this process published from the outbox',
    labels: { service, topic: 'topics, named by the contracts' },
  }),
} as const;

/** A pool's place in the metrics. */
export type PoolMetrics = {
  /** For `openDatabase`: told how long each caller waited for a connection. */
  waited: (seconds: number) => void;
  /** Shows the pool at each scrape. */
  watch: (database: Pick<Database, 'waiting' | 'connections'>) => void;
};

export type DatabaseMetrics = {
  pool: (service: string, pool: string) => PoolMetrics;
  /** Reads locks, outbox and dead letters of the service's database at each scrape. */
  watch: (service: string, db: Sql, log: Logger) => void;
  /** For `createRelay`: told what was published. */
  published: (service: string) => (topic: string, messages: number) => void;
};

/** Once for each registry; `watch` and `pool` once for each service and pool of the process. */
export function createDatabaseMetrics(registry: Registry): DatabaseMetrics {
  const waits = addHistogram(registry, databaseDefinitions.waits);
  const published = addCounter(registry, databaseDefinitions.published);
  const pools = addPools(registry);
  const readings = addReadings(registry);
  return {
    pool: (name, of) => ({
      waited: (seconds) => waits.observe({ service: name, pool: of }, seconds),
      watch: (database) => void pools.push({ service: name, pool: of, database }),
    }),
    watch: (name, db, log) => {
      const load = () => readMessaging(db);
      readings.set(name, createReading({ registry, log, service: name, figures: 'database', load }));
    },
    published: (name) => (topic, messages) => published.inc({ service: name, topic }, messages),
  };
}

type Watched = { service: string; pool: string; database: Pick<Database, 'waiting' | 'connections'> };

function addPools(registry: Registry): Watched[] {
  const pools: Watched[] = [];
  addGauge(registry, databaseDefinitions.waiting, (gauge) => {
    for (const { database, ...labels } of pools) gauge.set(labels, database.waiting());
  });
  addGauge(registry, databaseDefinitions.connections, (gauge) => {
    for (const { database, ...labels } of pools) {
      const { idle, used } = database.connections();
      gauge.set({ ...labels, state: 'idle' }, idle);
      gauge.set({ ...labels, state: 'used' }, used);
    }
  });
  return pools;
}

type Messaging = {
  lock_waiting: number;
  longest_lock_wait: number;
  outbox_waiting: number;
  outbox_oldest: number;
  dead_letters: number;
};

function addReadings(registry: Registry): Map<string, Reading<Messaging>> {
  const readings = new Map<string, Reading<Messaging>>();
  const shown = (
    definition: (typeof databaseDefinitions)['lockWaiting' | 'outboxWaiting' | 'deadLetters'],
    figure: keyof Messaging,
  ): void =>
    void addGauge(registry, definition, async (gauge) => {
      const read = await Promise.all(
        [...readings].map(async ([name, reading]) => ({ name, figures: await reading() })),
      );
      for (const { name, figures } of read) {
        if (figures === null) gauge.remove({ service: name });
        else gauge.set({ service: name }, figures[figure]);
      }
    });
  shown(databaseDefinitions.lockWaiting, 'lock_waiting');
  shown(databaseDefinitions.longestLockWait, 'longest_lock_wait');
  shown(databaseDefinitions.outboxWaiting, 'outbox_waiting');
  shown(databaseDefinitions.outboxOldest, 'outbox_oldest');
  shown(databaseDefinitions.deadLetters, 'dead_letters');
  return readings;
}

const mostCounted = 100_000;

/**
 * One statement, no lock, by the partial index of what waits. A session that waits for a row waits for the
 * transaction that holds it: such a lock names no database, so the session's own is asked.
 */
async function readMessaging(sql: Sql): Promise<Messaging> {
  const { rows } = await sql.query<Messaging>({
    name: 'metrics-messaging',
    text: `select l.waiting as lock_waiting, l.longest as longest_lock_wait,
                  (select count(*) from (select 1 from outbox where published_at is null limit ${mostCounted}) w)::int as outbox_waiting,
                  coalesce((select extract(epoch from clock_timestamp() - created_at) from outbox
                             where published_at is null order by position limit 1), 0)::float8 as outbox_oldest,
                  (select count(*) from (select 1 from dead_letters where replayed_at is null limit ${mostCounted}) d)::int as dead_letters
             from (select count(*)::int as waiting,
                          coalesce(max(extract(epoch from clock_timestamp() - g.waitstart)), 0)::float8 as longest
                     from pg_locks g join pg_stat_activity a on a.pid = g.pid
                    where not g.granted and a.datname = current_database()) l`,
  });
  const row = rows[0];
  if (row === undefined) throw new Error('the figures of the database have no row');
  return row;
}
