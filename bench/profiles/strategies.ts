/** The designs side by side in one HTTP stack: what each sells per second, at the most a closed loop gets. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { bookingMigrations } from '@evently/booking/migrations';
import { createLogger } from '@evently/kit/log';
import { messagingMigrations, migrate } from '@evently/kit/migrate';
import type { Database } from '@evently/kit/postgres';
import { openReader, ownReservePath, targetOf, type Bench } from '../bench.ts';
import { startServerProcess } from '../child-process.ts';
import { processEnvironment, startPods } from '../pods.ts';
import { prepareReservations } from '../requests.ts';
import type { SaleResult } from '../result.ts';
import { runSale, type Place } from '../run-sale.ts';
import { sell } from '../sell.ts';
import { strategyNames, type StrategyName } from '../strategies/strategies.ts';
import { issueMany } from '../tokens.ts';
import type { Profile } from './profile.ts';
import { ownTitle, strategyTitles } from './titles.ts';

const profile = 'strategies';
const database = 'bench_strategies';
export const strategies: Profile = {
  name: profile,
  about: 'the empty handler, four other designs and ours, in the same HTTP stack',
  settings: () => null,
  measure: async (bench, run) => {
    const url = await prepareDatabase(bench);
    const db = openReader(url);
    try {
      const results: SaleResult[] = [];
      for (const name of strategyNames) results.push(await measureStrategy(bench, run, name, { url, db }));
      results.push(await measureOwn(bench, run));
      return results;
    } finally {
      await db.close();
    }
  },
};

/** A database of their own with booking's tables, made once per platform. */
async function prepareDatabase({ platform }: Bench): Promise<string> {
  const url = new URL(platform.runtime.databases.booking);
  const client = new pg.Client({ connectionString: url.href, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [database]);
    if (rowCount === 0) await client.query(`create database ${database}`);
  } finally {
    await client.end();
  }
  url.pathname = `/${database}`;
  await migrate(url.href, [messagingMigrations, bookingMigrations], createLogger('bench', 'warn'));
  return url.href;
}

type Store = { url: string; db: Database };

async function measureStrategy(
  bench: Bench,
  run: number,
  name: StrategyName,
  { url, db }: Store,
): Promise<SaleResult> {
  const { connections, poolSize, warmUpBuyers, buyersOf } = bench.sizes.strategies;
  const server = await startServerProcess('./strategy-process.ts', {
    ...processEnvironment(bench),
    BENCH_STRATEGY: name,
    BENCH_DATABASE_URL: url,
    BENCH_POOL_SIZE: String(poolSize),
  });
  try {
    const place: Place = {
      targets: [targetOf(server.url)],
      path: ownReservePath,
      db: name === 'empty-handler' ? null : db,
      servers: [server.pid],
      postgresPid: bench.platform.runtime.postgres_pid,
      metricsUrls: [],
      brokenInvariants: null,
    };
    const buyers = buyersOf[name];
    await sellBy(bench, place, db, { run, name, buyers: Math.min(warmUpBuyers, buyers), connections });
    return await sellBy(bench, place, db, { run, name, buyers, connections });
  } finally {
    await server.stop();
  }
}

type StrategyRun = { run: number; name: StrategyName; buyers: number; connections: number };

/** A seat for every buyer: what is not sold was lost to conflicts. */
async function sellBy(bench: Bench, place: Place, db: Database, plan: StrategyRun): Promise<SaleResult> {
  const { run, name, buyers, connections } = plan;
  bench.say(`${profile}: ${strategyTitles[name]}, run ${run}`);
  const eventId = await openEvent(db, buyers);
  const tokens = await issueMany(bench.platform.runtime, buyers);
  const [target] = place.targets;
  if (target === undefined) throw new Error('a strategy has one target');
  const requests = prepareReservations({ target, path: place.path, eventId, tokens, quantityOf: () => 1 });
  return runSale(place, {
    profile,
    variant: strategyTitles[name],
    run,
    eventId,
    seats: buyers,
    requests,
    quantityOf: () => 1,
    buyerOf: (index) => index,
    arrivals: { kind: 'maximum', connections },
    obeysRetryAfter: false,
    repeatsUnanswered: false,
    // Those without retries leave most of the house empty: that is their answer, not a fault.
    expects: { fills: !name.startsWith('optimistic'), quiet: true, keeps: true },
    settleMs: bench.sizes.settleMs,
  });
}

/** An event as booking would keep it, in the strategies' own database. */
async function openEvent(db: Database, seats: number): Promise<string> {
  const [eventId, tierId] = [randomUUID(), randomUUID()];
  await db.query(
    `insert into event_sales (event_id, status, sells_from, sells_until, max_per_booking, currency, waitlist)
     values ($1, 'published', '-infinity', 'infinity', 10, 'INR', 'off')`,
    [eventId],
  );
  await db.query(
    `insert into inventory (event_id, tier_id, position, name, price_minor, capacity, available)
     values ($1, $2, 0, 'General', 49950, $3, $3)`,
    [eventId, tierId, seats],
  );
  return eventId;
}

async function measureOwn(bench: Bench, run: number): Promise<SaleResult> {
  const { connections, warmUpBuyers, ownBuyers } = bench.sizes.strategies;
  const pods = await startPods(bench, 1);
  try {
    const plan = {
      profile,
      variant: ownTitle,
      run,
      arrivals: { kind: 'maximum', connections },
      place: pods.place,
    } as const;
    await sell(bench, { ...plan, buyers: warmUpBuyers, seats: warmUpBuyers });
    return await sell(bench, { ...plan, buyers: ownBuyers, seats: ownBuyers });
  } finally {
    await pods.stop();
  }
}
