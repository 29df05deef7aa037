/** A virtual cluster in which floors are planned: sales come, change and go, operators restart, knowledge is missing. */
import type { FloorInput, FloorPlan } from '../src/floor/floor-plan.ts';
import type { Pool, Sale } from '../src/sale/model.ts';
import { nothingRecorded, poolOf, saleOf } from './plan-fixture.ts';

const tickMs = 15_000;
/** Long enough for every sale, its drain and the slowest steps down. */
const settleMs = 40 * 3_600_000;

export type DrawnSale = {
  opensAtMs: number;
  lengthMs: number;
  leadMs: number;
  need: Sale['need'];
  afterMs: number;
  stepPercent: number;
  periodMs: number;
  /** How long after the close something is held. */
  heldMs: number;
};

export type Change =
  | { kind: 'need'; atMs: number; sale: number; need: Sale['need'] }
  | { kind: 'close'; atMs: number; sale: number; lengthMs: number }
  | { kind: 'stop'; atMs: number; sale: number }
  | { kind: 'delete'; atMs: number; sale: number }
  | { kind: 'max'; atMs: number; maxReplicas: number }
  | { kind: 'restart'; atMs: number; downMs: number }
  | { kind: 'blind'; atMs: number; forMs: number; to: 'pool' | 'capacity' | 'baseline' | 'booking' };

export type Drawn = {
  sales: readonly DrawnSale[];
  changes: readonly Change[];
  baseline: number;
  maxReplicas: number;
};
export type Planner = (input: FloorInput) => FloorPlan;

type World = {
  sales: Map<number, Sale>;
  pool: Pool;
  loweredAtMs: number | null;
  startedAtMs: number;
  downUntilMs: number;
  blind: Map<string, number>;
};

/** The first thing that should never be, in words; null when all was as promised. */
export function simulateFloor(drawn: Drawn, planner: Planner): string | null {
  const world = newWorld(drawn);
  const changes = drawn.changes.toSorted((a, b) => a.atMs - b.atMs);
  const lastMs = Math.max(...drawn.sales.map(endMs), ...changes.map(({ atMs }) => atMs), 0);
  let next = 0;
  for (let nowMs = 0; nowMs <= lastMs + settleMs; nowMs += tickMs) {
    // Once everything is over and the baseline is reached, nothing more can happen.
    if (nowMs > lastMs && world.pool.minReplicas === drawn.baseline) return null;
    let capped = false;
    for (let change = changes[next]; change !== undefined && change.atMs <= nowMs; change = changes[next]) {
      capped ||= change.kind === 'max';
      applyChange(world, change, nowMs);
      next += 1;
    }
    recordFacts(world, drawn, nowMs);
    const fault = reconcile(world, nowMs, planner, capped);
    if (fault !== null) return `at ${nowMs / 1_000} s: ${fault}`;
  }
  return `at the end the floor is ${world.pool.minReplicas}, not the baseline ${drawn.baseline}`;
}

function endMs(sale: DrawnSale): number {
  return sale.opensAtMs + 3 * sale.lengthMs + sale.afterMs;
}

function newWorld(drawn: Drawn): World {
  const sales = drawn.sales.map((one, at): [number, Sale] => [
    at,
    saleOf({
      name: `sale-${at}`,
      uid: `uid-${at}`,
      eventId: `event-${at}`,
      createdAtMs: 0,
      opensAtMs: one.opensAtMs,
      closesAtMs: one.opensAtMs + one.lengthMs,
      leadTime: { kind: 'fixed', ms: one.leadMs },
      need: one.need,
      scaleDown: { stepPercent: one.stepPercent, periodMs: one.periodMs, afterMs: one.afterMs },
      recorded: nothingRecorded,
    }),
  ]);
  const { baseline, maxReplicas } = drawn;
  const pool = poolOf({
    minReplicas: baseline,
    baselineReplicas: baseline,
    maxReplicas,
    perPodPerSecond: 100,
  });
  return { sales: new Map(sales), pool, loweredAtMs: null, startedAtMs: 0, downUntilMs: 0, blind: new Map() };
}

function applyChange(world: World, change: Change, nowMs: number): void {
  if (change.kind === 'max') {
    const { maxReplicas } = change;
    // The API server refuses a maximum below the floor: whoever lowers it lowers both.
    const minReplicas = Math.min(world.pool.minReplicas, maxReplicas);
    world.pool = { ...world.pool, maxReplicas, minReplicas };
  } else if (change.kind === 'restart') {
    world.downUntilMs = nowMs + change.downMs;
    world.startedAtMs = world.downUntilMs;
    world.loweredAtMs = null;
  } else if (change.kind === 'blind') {
    world.blind.set(change.to, nowMs + change.forMs);
  } else {
    const sale = world.sales.get(change.sale);
    if (sale === undefined) return;
    if (change.kind === 'delete') world.sales.delete(change.sale);
    if (change.kind === 'need') world.sales.set(change.sale, { ...sale, need: change.need });
    if (change.kind === 'stop') world.sales.set(change.sale, { ...sale, intent: 'Stop' });
    if (change.kind === 'close')
      world.sales.set(change.sale, { ...sale, closesAtMs: sale.opensAtMs + change.lengthMs });
  }
}

/** The status remembers when a sale was stopped and when nothing was held any more. */
function recordFacts(world: World, drawn: Drawn, nowMs: number): void {
  for (const [at, sale] of world.sales) {
    const byTime = sale.closesAtMs !== null && sale.closesAtMs <= nowMs;
    const closedAtMs = byTime || sale.intent === 'Stop' ? (sale.recorded.closedAtMs ?? nowMs) : null;
    const heldMs = drawn.sales[at]?.heldMs ?? 0;
    const drained = closedAtMs !== null && nowMs >= closedAtMs + heldMs;
    const drainedAtMs = drained ? (sale.recorded.drainedAtMs ?? nowMs) : null;
    world.sales.set(at, { ...sale, recorded: { ...nothingRecorded, closedAtMs, drainedAtMs } });
  }
}

function reconcile(world: World, nowMs: number, planner: Planner, capped: boolean): string | null {
  if (nowMs < world.downUntilMs) return null;
  const isBlind = (to: string): boolean => nowMs < (world.blind.get(to) ?? 0);
  const sales = [...world.sales.values()];
  const before = world.pool.minReplicas;
  const seen = {
    ...world.pool,
    ...(isBlind('capacity') && { perPodPerSecond: null }),
    ...(isBlind('baseline') && { baselineReplicas: null }),
  };
  const plan = planner({
    targetName: 'booking',
    sales,
    pool: isBlind('pool') ? null : seen,
    nowMs,
    leadTimeMsOf: (sale) => (sale.leadTime.kind === 'fixed' ? sale.leadTime.ms : 0),
    loweredAtMs: world.loweredAtMs,
    appliedAtMs: null,
    startedAtMs: world.startedAtMs,
    lastContest: null,
    heldOf: (sale) => (isBlind('booking') || sale.recorded.drainedAtMs === null ? null : 0),
  });
  if (isBlind('pool')) return plan.apply ? 'a floor is applied to a pool that is not there' : null;
  const floor = plan.floor ?? before;
  if (plan.apply !== (floor !== before)) return `apply is ${plan.apply} from ${before} to ${floor}`;
  if (floor < before) world.loweredAtMs = nowMs;
  world.pool = { ...world.pool, minReplicas: floor };
  return faultOf({ sales, seen, before, floor, nowMs, capped });
}

type Step = {
  sales: readonly Sale[];
  seen: Pool;
  before: number;
  floor: number;
  nowMs: number;
  capped: boolean;
};

/** The promises of the floor, said again without the planner's own words. */
function faultOf({ sales, seen, before, floor, nowMs, capped }: Step): string | null {
  const inSale = sales.filter((sale) => {
    const lead = sale.leadTime.kind === 'fixed' ? sale.leadTime.ms : 0;
    const stopped = sale.intent === 'Stop' || (sale.closesAtMs ?? Infinity) <= nowMs;
    return sale.opensAtMs - lead <= nowMs && !stopped;
  });
  const needed = inSale.reduce((sum, { need }) => {
    if (need.kind === 'floor') return sum + need.replicas;
    if (need.kind === 'none' || seen.perPodPerSecond === null) return sum;
    return sum + Math.ceil(need.reservationsPerSecond / seen.perPodPerSecond);
  }, 0);
  const least = Math.min(seen.maxReplicas, needed);
  if (floor < least) return `the floor is ${floor}, and the sales need ${least}`;
  if (floor > seen.maxReplicas) return `the floor is ${floor}, above the maximum ${seen.maxReplicas}`;
  if (floor < before && inSale.length > 0 && !capped)
    return `the floor falls from ${before} to ${floor} during a sale`;
  if (
    floor < before &&
    (seen.baselineReplicas === null || floor < Math.min(seen.maxReplicas, seen.baselineReplicas))
  )
    return `the floor falls from ${before} to ${floor}, below the baseline`;
  const largest = Math.max(20, ...sales.map(({ scaleDown }) => scaleDown.stepPercent));
  if (before - floor > Math.max(1, (before * largest) / 100))
    return `the floor falls from ${before} to ${floor} at once`;
  return null;
}
