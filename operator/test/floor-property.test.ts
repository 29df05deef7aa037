import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planFloor } from '../src/floor/plan-floor.ts';
import type { Sale } from '../src/sale/model.ts';
import { simulateFloor, type Change, type Drawn, type DrawnSale, type Planner } from './floor-simulation.ts';

const minute = 60_000;
const hour = 60 * minute;
const mostSales = 5;
const spanMs = 4 * hour;

const needs: fc.Arbitrary<Sale['need']> = fc.oneof(
  fc.record({ kind: fc.constant('floor' as const), replicas: fc.integer({ min: 0, max: 20 }) }),
  fc.record({
    kind: fc.constant('demand' as const),
    reservationsPerSecond: fc.integer({ min: 1, max: 2_000 }),
  }),
);
const sales: fc.Arbitrary<DrawnSale> = fc.record({
  opensAtMs: fc.integer({ min: hour, max: spanMs }),
  lengthMs: fc.integer({ min: minute, max: hour }),
  leadMs: fc.integer({ min: minute, max: hour }),
  need: needs,
  afterMs: fc.integer({ min: 0, max: hour }),
  stepPercent: fc.integer({ min: 5, max: 100 }),
  periodMs: fc.integer({ min: 10_000, max: 3 * minute }),
  heldMs: fc.integer({ min: 0, max: hour }),
});
const atMs = fc.integer({ min: 0, max: spanMs + 2 * hour });
const which = fc.integer({ min: 0, max: mostSales - 1 });
const spans = fc.integer({ min: minute, max: 30 * minute });
const changes: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant('need' as const), atMs, sale: which, need: needs }),
  fc.record({
    kind: fc.constant('close' as const),
    atMs,
    sale: which,
    lengthMs: fc.integer({ min: minute, max: 2 * hour }),
  }),
  fc.record({ kind: fc.constant('stop' as const), atMs, sale: which }),
  fc.record({ kind: fc.constant('delete' as const), atMs, sale: which }),
  fc.record({ kind: fc.constant('max' as const), atMs, maxReplicas: fc.integer({ min: 5, max: 60 }) }),
  fc.record({ kind: fc.constant('restart' as const), atMs, downMs: spans }),
  fc.record({
    kind: fc.constant('blind' as const),
    atMs,
    forMs: spans,
    to: fc.constantFrom('pool' as const, 'capacity' as const, 'baseline' as const, 'booking' as const),
  }),
);
const worlds: fc.Arbitrary<Drawn> = fc.record({
  sales: fc.array(sales, { minLength: 1, maxLength: mostSales }),
  changes: fc.array(changes, { maxLength: 12 }),
  baseline: fc.integer({ min: 1, max: 5 }),
  maxReplicas: fc.integer({ min: 5, max: 60 }),
});

const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);

/** The first world in which `planner` breaks a promise, with the promise; null when it keeps them in all. */
function findFault(planner: Planner, numRuns: number): string | null {
  const promise = fc.property(worlds, (world) => {
    const fault = simulateFloor(world, planner);
    if (fault !== null) throw new Error(fault);
  });
  const found = fc.check(promise, { seed, numRuns, endOnFailure: true });
  return found.failed ? `${String(found.errorInstance)} in ${JSON.stringify(found.counterexample)}` : null;
}

test(`the floor keeps its promises for any sales, edits, restarts and missing knowledge (seed ${seed})`, () => {
  process.stdout.write(`floor property: SEED=${seed}\n`);
  expect(findFault(planFloor, 100)).toBeNull();
}, 120_000);

const broken: readonly { name: string; planner: Planner; fault: RegExp }[] = [
  {
    name: 'that takes the maximum of the needs instead of their sum',
    planner: (input) => {
      const plans = input.sales.map((sale) => planFloor({ ...input, sales: [sale] }));
      const most = plans.toSorted((a, b) => (b.floor ?? 0) - (a.floor ?? 0))[0] ?? planFloor(input);
      const kept = planFloor(input);
      const floor = Math.min(kept.floor ?? 0, most.floor ?? 0);
      return { ...kept, floor, apply: floor !== input.pool?.minReplicas && input.pool !== null };
    },
    fault: /sales need/,
  },
  {
    name: 'that forgets the lead time',
    planner: (input) => planFloor({ ...input, leadTimeMsOf: () => 0 }),
    fault: /sales need|during a sale/,
  },
  {
    name: 'that does not know the maximum',
    planner: (input) => planFloor({ ...input, pool: input.pool && { ...input.pool, maxReplicas: 10_000 } }),
    fault: /above the maximum/,
  },
  {
    name: 'that forgets the floor it stands on',
    planner: (input) => {
      const plan = planFloor({ ...input, pool: input.pool && { ...input.pool, minReplicas: 1 } });
      return { ...plan, apply: plan.floor !== null && plan.floor !== input.pool?.minReplicas };
    },
    fault: /falls/,
  },
  {
    name: 'that lowers during a sale',
    planner: (input) => {
      const drained = input.sales.map((sale) => ({ ...sale, management: 'Paused' as const, deletedAtMs: 0 }));
      const plan = planFloor(input);
      const lower = planFloor({ ...input, sales: drained });
      const lowers = input.pool !== null && plan.wanted < input.pool.minReplicas;
      return lowers
        ? { ...lower, floor: Math.max(lower.floor ?? 0, Math.min(plan.wanted, plan.floor ?? 0)), apply: true }
        : plan;
    },
    fault: /during a sale|apply is/,
  },
  {
    name: 'that never lowers',
    planner: (input) => {
      const plan = planFloor(input);
      return plan.lowers ? { ...plan, floor: input.pool?.minReplicas ?? null, apply: false } : plan;
    },
    fault: /not the baseline/,
  },
];

test.each(broken)(
  'a planner $name is caught',
  ({ planner, fault }) => {
    expect(findFault(planner, 200)).toMatch(fault);
  },
  120_000,
);
