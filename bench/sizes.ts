/** How large a run is: `full` is what is published, `smoke` shows in two minutes that everything works. */

import type { RampPlan } from './analysis/knee.ts';
import type { StrategyName } from './strategies/strategies.ts';

// A warm-up of no buyers is left out: a small run shows that everything works, not how fast.
export type Herd = { buyers: number; seats: number; perSecond: number };

export type Sizes = {
  name: 'full' | 'smoke';
  herds: readonly Herd[];
  /** More buyers at once than the queue of `queue` requests takes. */
  overflow: Herd & { queue: number };
  steady: { perSecond: number; seconds: number };
  /** The rate that the platform's targets name. */
  target: { perSecond: number; seconds: number };
  warmUp: { perSecond: number; seconds: number };
  /** Given to the database's counters after a measurement whose commits are reported, and after any other. */
  settleMs: number;
  shortSettleMs: number;
  ramp: RampPlan;
  rampSeconds: number;
  sustainSeconds: number;
  /** Of random arrivals at half of the knee. */
  poissonSeconds: number;
  maximum: { buyers: number; connections: number };
  storm: { buyers: number; ratesPerSecond: readonly number[] };
  confirm: { warmUp: number; buyers: number; connections: number; perSecond: number; seconds: number };
  availability: { ratesPerSecond: readonly number[]; seconds: number; reads: number; connections: number };
  memory: { perSecond: number; seconds: number; warmUpBuyers: number };
  /** Bookings that are in the tables before the sale, few and many. */
  tableSize: { bookings: readonly number[]; buyers: number; warmUpBuyers: number; connections: number };
  /** Of the profiles about what buyers ask for, and of the kills. */
  mixture: { buyers: number; perSecond: number };
  mixed: { hotPerSecond: number; otherPerSecond: number; seconds: number; coldEvents: number };
  pods: { counts: readonly number[]; buyers: number; perSecond: number; warmUpBuyers: number };
  strategies: {
    connections: number;
    /** Of each strategy's process; ours has its own default. */
    poolSize: number;
    warmUpBuyers: number;
    ownBuyers: number;
    /** Buyers of each: slow ones get fewer, so that all take a similar time. */
    buyersOf: Readonly<Record<StrategyName, number>>;
  };
};

// Within ten milliseconds: the time to sell out is the platform's then, not that of the arrivals.
const exactHerds: readonly Herd[] = [
  { buyers: 300, seats: 10, perSecond: 30_000 },
  { buyers: 300, seats: 299, perSecond: 30_000 },
];

export const fullSizes: Sizes = {
  name: 'full',
  herds: [...exactHerds, { buyers: 10_000, seats: 1_000, perSecond: 10_000 }],
  overflow: { buyers: 50_000, seats: 20_000, perSecond: 50_000, queue: 8_192 },
  steady: { perSecond: 5_000, seconds: 10 },
  target: { perSecond: 10_000, seconds: 10 },
  warmUp: { perSecond: 2_000, seconds: 5 },
  settleMs: 10_500,
  shortSettleMs: 1_000,
  ramp: { firstPerSecond: 4_000, factor: 1.5, highestPerSecond: 60_000, precision: 0.08, maxSteps: 12 },
  rampSeconds: 5,
  sustainSeconds: 60,
  poissonSeconds: 20,
  maximum: { buyers: 100_000, connections: 512 },
  storm: { buyers: 100_000, ratesPerSecond: [20_000, 30_000] },
  confirm: { warmUp: 2_000, buyers: 20_000, connections: 128, perSecond: 2_000, seconds: 10 },
  availability: { ratesPerSecond: [15_000, 30_000], seconds: 5, reads: 150_000, connections: 128 },
  memory: { perSecond: 10_000, seconds: 60, warmUpBuyers: 20_000 },
  tableSize: { bookings: [10_000, 1_000_000], buyers: 50_000, warmUpBuyers: 20_000, connections: 256 },
  mixture: { buyers: 30_000, perSecond: 5_000 },
  mixed: { hotPerSecond: 2_000, otherPerSecond: 500, seconds: 30, coldEvents: 200 },
  pods: { counts: [1, 2, 4, 16], buyers: 60_000, perSecond: 40_000, warmUpBuyers: 20_000 },
  strategies: {
    connections: 256,
    poolSize: 10,
    warmUpBuyers: 20_000,
    ownBuyers: 100_000,
    buyersOf: {
      'empty-handler': 100_000,
      'optimistic-0-retries': 30_000,
      'optimistic-50-retries': 3_000,
      'select-for-update': 8_000,
      'guarded-update': 15_000,
      'redis-lua': 80_000,
    },
  },
};

export const smokeSizes: Sizes = {
  name: 'smoke',
  herds: [...exactHerds, { buyers: 1_000, seats: 100, perSecond: 5_000 }],
  overflow: { buyers: 1_000, seats: 500, perSecond: 20_000, queue: 250 },
  steady: { perSecond: 500, seconds: 1 },
  target: { perSecond: 1_000, seconds: 1 },
  warmUp: { perSecond: 1_000, seconds: 1 },
  settleMs: 200,
  shortSettleMs: 200,
  ramp: { firstPerSecond: 500, factor: 4, highestPerSecond: 2_000, precision: 0.5, maxSteps: 2 },
  rampSeconds: 1,
  sustainSeconds: 1,
  poissonSeconds: 1,
  maximum: { buyers: 1_000, connections: 64 },
  storm: { buyers: 1_000, ratesPerSecond: [2_000] },
  confirm: { warmUp: 0, buyers: 200, connections: 16, perSecond: 100, seconds: 1 },
  availability: { ratesPerSecond: [1_000], seconds: 1, reads: 1_000, connections: 16 },
  memory: { perSecond: 500, seconds: 1, warmUpBuyers: 0 },
  tableSize: { bookings: [1_000, 10_000], buyers: 500, warmUpBuyers: 0, connections: 32 },
  mixture: { buyers: 600, perSecond: 1_500 },
  mixed: { hotPerSecond: 400, otherPerSecond: 300, seconds: 3, coldEvents: 10 },
  pods: { counts: [1, 2], buyers: 800, perSecond: 4_000, warmUpBuyers: 0 },
  strategies: {
    connections: 64,
    poolSize: 10,
    warmUpBuyers: 0,
    ownBuyers: 1_000,
    buyersOf: {
      'empty-handler': 1_000,
      'optimistic-0-retries': 1_000,
      'optimistic-50-retries': 200,
      'select-for-update': 500,
      'guarded-update': 500,
      'redis-lua': 1_000,
    },
  },
};
