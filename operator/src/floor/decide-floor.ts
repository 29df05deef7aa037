/** The floor of one target at one instant: raised at once, lowered only step by step and only when nothing holds it. */
import type { Pool, Sale } from '../sale/model.ts';
import type { FloorWindow } from '../sale/window.ts';
import type { FloorHold } from './floor-plan.ts';

/** What one sale asks of the target, and when. */
export type Contribution = {
  sale: Sale;
  window: FloorWindow;
  /** Null when the capacity of a pod is not known. */
  pods: number | null;
};

export type FloorState = {
  pool: Pool;
  contributions: readonly Contribution[];
  /** The floor before the decision. */
  current: number;
  /** The later of the last lowering and the start of this process. */
  restsSinceMs: number;
};

export type FloorDecision = {
  floor: number;
  wanted: number;
  lowest: number;
  holds: readonly FloorHold[];
  /** When a floor that only waits for its period may be lowered; null otherwise. */
  lowersAtMs: number | null;
  /** The share of the floor that a step takes. */
  stepPercent: number;
};

/** How a floor is lowered when no sale is left to say it. */
export const defaultStep = { stepPercent: 20, periodMs: 60_000 };
// A sale that ended longer ago has no say in how the floor is lowered.
const concernedForMs = 86_400_000;
// A measured lead time may shrink while pods start; within this of the opening its floor stays all the same.
const soonMs = 3_600_000;

export function isActive({ window }: Contribution, atMs: number): boolean {
  return window.fromMs <= atMs && atMs < window.untilMs;
}

export function isManaged({ sale }: Contribution): boolean {
  return sale.management === 'Managed';
}

/** Pods that the managed sales active at `atMs` need together; unknown needs count as none. */
export function wantedAt(contributions: readonly Contribution[], atMs: number): number {
  return contributions
    .filter((one) => isManaged(one) && isActive(one, atMs))
    .reduce((sum, { pods }) => sum + (pods ?? 0), 0);
}

/**
 * The floor at `atMs`. It is never above the maximum, never below min(maximum, what is wanted), and never lower than
 * before while a hold stands. A paused sale freezes it: then only what others need raises it.
 */
export function decideFloor(known: FloorState, atMs: number): FloorDecision {
  const state = { ...known, contributions: known.contributions.filter((one) => matters(one, atMs)) };
  const { pool, contributions, current, restsSinceMs } = state;
  const wanted = wantedAt(contributions, atMs);
  const frozen = contributions.some((one) => isFrozen(one, atMs));
  const least = Math.max(wanted, frozen ? 0 : (pool.baselineReplicas ?? 0), 1);
  const lowest = Math.min(pool.maxReplicas, least);
  const { stepPercent, periodMs } = gentlestStep(contributions, atMs);
  const decided = { wanted, lowest, stepPercent, lowersAtMs: null };
  if (current <= lowest) return { ...decided, floor: lowest, holds: [] };
  if (current > pool.maxReplicas) return { ...decided, floor: pool.maxReplicas, holds: [] };

  const holds = holdsAt(state, atMs);
  // The need of a draining sale is part of `lowest`: it says why, and keeps nothing above that.
  if (holds.some(({ reason }) => reason !== 'Draining')) return { ...decided, floor: current, holds };
  const lowersAtMs = restsSinceMs + periodMs;
  if (atMs < lowersAtMs) {
    const message = `The floor is lowered by ${stepPercent} % each ${periodMs / 1_000} s; the next step has not come.`;
    const rest: FloorHold = { reason: 'Period', sale: null, untilMs: lowersAtMs, message };
    return { ...decided, floor: current, lowersAtMs, holds: [...holds, rest] };
  }
  const step = Math.max(1, Math.floor((current * stepPercent) / 100));
  return { ...decided, floor: Math.max(lowest, current - step), holds };
}

/** When the decision may change although nothing is seen to change: the ends of all spans, and the next step. */
export function edgesOf({ sale, window }: Contribution): readonly number[] {
  const { fromMs, closeMs, untilMs } = window;
  return sale.leadTime.kind === 'auto'
    ? [fromMs, closeMs, untilMs, sale.opensAtMs - soonMs]
    : [fromMs, closeMs, untilMs];
}

/** Whether a sale has any say at `atMs`; few of many have. */
function matters({ sale, window }: Contribution, atMs: number): boolean {
  const { fromMs, untilMs } = window;
  if (atMs < Math.min(fromMs, sale.opensAtMs - soonMs)) return false;
  return atMs < untilMs + concernedForMs || sale.management === 'Paused';
}

function isFrozen(one: Contribution, atMs: number): boolean {
  const { sale, window } = one;
  const begun = window.fromMs <= atMs && window.untilMs > window.fromMs;
  const over = sale.recorded.drainedAtMs !== null && atMs >= window.untilMs;
  return !isManaged(one) && begun && !over && sale.deletedAtMs === null;
}

function holdsAt({ pool, contributions }: FloorState, atMs: number): readonly FloorHold[] {
  const holds = contributions.flatMap((one) => holdOf(one, atMs));
  if (pool.baselineReplicas !== null) return holds;
  const message = `HorizontalPodAutoscaler ${pool.name} does not say its baseline: set its annotation evently.dev/baseline-replicas.`;
  return [...holds, { reason: 'BaselineUnknown', sale: null, untilMs: null, message }];
}

function holdOf(one: Contribution, atMs: number): readonly FloorHold[] {
  const { sale, window } = one;
  const hold = (reason: FloorHold['reason'], untilMs: number | null, message: string): FloorHold[] => [
    { reason, sale: sale.name, untilMs, message },
  ];
  if (!isManaged(one)) {
    const message = `EventSale ${sale.name} is paused and freezes the floor: set its spec.management to Managed to go on.`;
    return isFrozen(one, atMs) ? hold('Paused', null, message) : [];
  }
  if (isActive(one, atMs) && one.pods === null)
    return hold('CapacityUnknown', null, `The pods that EventSale ${sale.name} needs are not known.`);
  if (window.fromMs <= atMs && atMs < window.closeMs)
    return hold('InSale', window.closeMs, `EventSale ${sale.name} is not over.`);
  if (isActive(one, atMs))
    return hold('Draining', window.untilMs, `Buyers of EventSale ${sale.name} may still hold seats.`);
  const soon = sale.leadTime.kind === 'auto' && sale.opensAtMs - soonMs <= atMs && atMs < window.fromMs;
  return soon ? hold('OpensSoon', window.fromMs, `EventSale ${sale.name} opens within the hour.`) : [];
}

/** The slowest step of the sales that ended in the last day. */
function gentlestStep(contributions: readonly Contribution[], atMs: number): typeof defaultStep {
  const steps = contributions
    .filter(({ window }) => window.closeMs <= atMs && atMs < window.untilMs + concernedForMs)
    .filter(({ window }) => window.untilMs > window.fromMs)
    .map(({ sale }) => sale.scaleDown);
  const [first, ...others] = steps;
  if (first === undefined) return defaultStep;
  const rate = (step: typeof defaultStep): number => step.stepPercent / step.periodMs;
  return others.reduce<typeof defaultStep>(
    (slowest, one) => (rate(one) < rate(slowest) ? one : slowest),
    first,
  );
}
