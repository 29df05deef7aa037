/** The designs side by side in one HTTP stack: what each sells per second, at the most a closed loop gets. */
import { systemClock } from '@evently/kit/clock';
import type { Database } from '@evently/kit/postgres';
import { openReader, ownReservePath, targetOf, type Bench } from '../bench.ts';
import { startServerProcess } from '../child-process.ts';
import { prepareDatabase } from '../own-database.ts';
import type { Place } from '../place.ts';
import { processEnvironment, startPods } from '../pods.ts';
import { startRedis, type RedisServer } from '../redis-server.ts';
import type { Result, SaleResult } from '../result.ts';
import { sellDirectly } from '../sell-directly.ts';
import { sell, warmUp } from '../sell.ts';
import { stockKey } from '../strategies/redis-lua.ts';
import { strategyNames, type StrategyName } from '../strategies/strategies.ts';
import type { Profile } from './profile.ts';
import { ownTitle, strategyTitles } from './titles.ts';

const profile = 'strategies';
const database = 'bench_strategies';
// Slow designs are warm after fewer buyers, and would take as long again.
const warmUpShare = 0.25;

export const strategies: Profile = {
  name: profile,
  about: 'the empty handler, five other designs and ours, in the same HTTP stack',
  settings: () => null,
  measure: async (bench, run) => {
    const url = await prepareDatabase(bench, database);
    const db = openReader(url);
    try {
      const results: Result[] = [];
      const designs = [...strategyNames, 'own'] as const;
      // Turned by one from run to run, so that none is always measured on the same state of the machine.
      for (const at of designs.keys()) {
        const name = designs[(at + run - 1) % designs.length];
        if (name !== undefined) results.push(await measureDesign(bench, run, name, { url, db }));
      }
      return results;
    } finally {
      await db.close();
    }
  },
};

type Store = { url: string; db: Database; redis?: RedisServer };

function measureDesign(bench: Bench, run: number, name: StrategyName | 'own', store: Store): Promise<Result> {
  if (name === 'own') return measureOwn(bench, run);
  return name === 'redis-lua'
    ? measureWithRedis(bench, run, store)
    : measureStrategy(bench, run, name, store);
}

/** Where no Redis is installed the design is named as skipped, and why. */
async function measureWithRedis(bench: Bench, run: number, store: Store): Promise<Result> {
  const { it: redis, end } = await bench.started.start(startRedis, async (found) => {
    if (found.kind === 'started') await found.server.stop();
  });
  if (redis.kind === 'missing') {
    const variant = strategyTitles['redis-lua'];
    bench.say(`${profile}: ${variant}, run ${run}, skipped: ${redis.reason}`);
    const at = systemClock.now().toISOString();
    return { kind: 'skipped', profile, variant, run, at, reason: redis.reason };
  }
  try {
    return await measureStrategy(bench, run, 'redis-lua', { ...store, redis: redis.server });
  } finally {
    await end();
  }
}

async function measureStrategy(
  bench: Bench,
  run: number,
  name: StrategyName,
  { url, db, redis }: Store,
): Promise<SaleResult> {
  const { connections, poolSize, warmUpBuyers, buyersOf } = bench.sizes.strategies;
  const environment = {
    ...processEnvironment(bench),
    BENCH_STRATEGY: name,
    BENCH_DATABASE_URL: url,
    BENCH_REDIS_URL: redis?.url ?? '',
    BENCH_POOL_SIZE: String(poolSize),
  };
  const { it: server, end } = await bench.started.start(
    () => startServerProcess('./strategy-process.ts', environment),
    ({ stop }) => stop(),
  );
  try {
    const place: Place = {
      targets: [targetOf(server.url)],
      path: ownReservePath,
      db: name === 'empty-handler' ? null : db,
      servers: redis === undefined ? [server.pid] : [server.pid, redis.pid],
      postgresPid: bench.platform.runtime.postgres_pid,
      metricsUrls: name === 'empty-handler' ? [] : [server.metricsUrl],
      brokenInvariants: null,
      ...(redis === undefined ? {} : { answersFirst: redis.settings }),
    };
    const sale = {
      profile,
      variant: strategyTitles[name],
      run,
      buyers: buyersOf[name],
      arrivals: { kind: 'maximum', connections },
      // Those without retries leave most of the house empty: that is their answer, not a fault.
      fills: !name.startsWith('optimistic'),
      opened: async (eventId: string, seats: number) => {
        await redis?.client.set(stockKey(eventId), seats);
      },
    } as const;
    const early = Math.min(warmUpBuyers, Math.ceil(sale.buyers * warmUpShare));
    if (early > 0) await sellDirectly(bench, place, db, { ...sale, buyers: early, settleMs: 0 });
    return await sellDirectly(bench, place, db, sale);
  } finally {
    await end();
  }
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
    await warmUp(bench, { ...plan, buyers: warmUpBuyers });
    const { settleMs } = bench.sizes;
    return await sell(bench, { ...plan, buyers: ownBuyers, seats: ownBuyers, changes: { settleMs } });
  } finally {
    await pods.stop();
  }
}
