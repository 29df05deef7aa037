/** The plan of one target's floor: what it is to be now, why it is not lower, what comes next. Pure. */
import type { Pool } from '../sale/model.ts';
import { floorWindowOf, withoutDuplicates } from '../sale/window.ts';
import { podsFor } from './capacity.ts';
import { decideFloor, edgesOf, wantedAt, type Contribution, type FloorState } from './decide-floor.ts';
import { maxPlanSteps, type FloorInput, type FloorPlan } from './floor-plan.ts';
import { foreseeSteps } from './foresee-steps.ts';
import { sharesAt } from './share-pods.ts';

/** A cap is said this long before pods are missing. */
export const capAheadMs = 1_800_000;
/** Another writer of the floor is not fought more often. */
export const contestPauseMs = 60_000;
/** How long a contest is told after it was seen. */
export const contestToldMs = 600_000;

/**
 * For every set of sales and every restart: the floor is at least min(maximum, sum of the needs of the sales between
 * lead time and drain), at most the maximum, never falls while a sale is between lead time and close, and ends at the
 * baseline. Without a pool, or without the annotations that it needs, it stays where it is.
 */
export function planFloor(input: FloorInput): FloorPlan {
  const contributions = contributionsOf(input);
  const { pool, nowMs } = input;
  if (pool === null) return withoutPool(contributions, nowMs);

  const restsSinceMs = Math.max(input.startedAtMs, input.loweredAtMs ?? input.startedAtMs);
  const state: FloorState = { pool, contributions, current: pool.minReplicas, restsSinceMs };
  const decided = decideFloor(state, nowMs);
  const cappedBy = findCap(contributions, pool, nowMs);
  const apply = decided.floor !== pool.minReplicas;
  const lowers = decided.floor < pool.minReplicas;
  const fought = apply && isContested(input, pool);
  const contest = fought ? pool.otherWriter : input.lastContest;
  const applyAtMs = fought ? Math.max(nowMs, (input.appliedAtMs ?? -Infinity) + contestPauseMs) : nowMs;
  const next = { ...state, current: decided.floor, restsSinceMs: lowers ? nowMs : restsSinceMs };
  const foreseen = foreseeSteps(next, nowMs);
  const nextStep = decideFloor(next, nowMs).lowersAtMs;
  return {
    floor: decided.floor,
    wanted: decided.wanted,
    lowest: decided.lowest,
    cappedBy,
    shares: sharesAt(contributions, Math.max(nowMs, cappedBy?.atMs ?? nowMs), pool.maxReplicas),
    holds: decided.holds,
    apply,
    applyAtMs,
    lowers,
    contest: contest !== null && nowMs < contest.atMs + contestToldMs ? contest : null,
    steps: foreseen.slice(0, maxPlanSteps),
    foreseen,
    nextChangeAtMs: earliestAfter(nowMs, [
      ...contributions.flatMap(edgesOf),
      ...contributions.map(({ window }) => window.fromMs - capAheadMs),
      ...(apply && applyAtMs > nowMs ? [applyAtMs] : []),
      ...(nextStep === null ? [] : [nextStep]),
      ...(contest === null ? [] : [contest.atMs + contestToldMs]),
    ]),
  };
}

/** What each winning sale of the target asks for, in a stable order. */
function contributionsOf(input: FloorInput): readonly Contribution[] {
  const { pool, targetName, nowMs } = input;
  const capacity = pool ?? { perPodPerSecond: null, perEventPerSecond: null };
  return withoutDuplicates(input.sales)
    .filter((sale) => sale.targetName === targetName)
    .map((sale) => ({
      sale,
      window: floorWindowOf(sale, input.leadTimeMsOf(sale), nowMs, input.heldOf(sale)),
      pods: podsFor(sale.need, capacity, targetName).pods,
    }))
    .toSorted((a, b) => a.window.fromMs - b.window.fromMs || (a.sale.uid < b.sale.uid ? -1 : 1));
}

function withoutPool(contributions: readonly Contribution[], nowMs: number): FloorPlan {
  return {
    floor: null,
    wanted: wantedAt(contributions, nowMs),
    lowest: null,
    cappedBy: null,
    shares: sharesAt(contributions, nowMs, 0),
    holds: [],
    apply: false,
    applyAtMs: nowMs,
    lowers: false,
    contest: null,
    steps: [],
    foreseen: [],
    nextChangeAtMs: earliestAfter(nowMs, contributions.flatMap(edgesOf)),
  };
}

/** The first time of the highest sum in the next half hour, when it is above the maximum. */
function findCap(
  contributions: readonly Contribution[],
  { maxReplicas }: Pool,
  nowMs: number,
): FloorPlan['cappedBy'] {
  const starts = contributions
    .map(({ window }) => window.fromMs)
    .filter((fromMs) => nowMs < fromMs && fromMs <= nowMs + capAheadMs);
  const peak = starts
    .map((atMs) => ({ atMs, wanted: wantedAt(contributions, atMs) }))
    .reduce((most, one) => (one.wanted > most.wanted ? one : most), {
      // Since when, not `nowMs`: what is told must not change while nothing does.
      atMs: activeSince(contributions, nowMs),
      wanted: wantedAt(contributions, nowMs),
    });
  return peak.wanted > maxReplicas ? { maxReplicas, ...peak } : null;
}

/** When the newest of the sales that are active now became so. */
function activeSince(contributions: readonly Contribution[], nowMs: number): number {
  const active = contributions.filter(({ window }) => window.fromMs <= nowMs && nowMs < window.untilMs);
  return active.reduce((latest, { window }) => Math.max(latest, window.fromMs), -Infinity);
}

/** Whether somebody wrote the floor after this process did; the first take-over is no contest. */
function isContested({ appliedAtMs, stampedAtMs }: FloorInput, { otherWriter }: Pool): boolean {
  if (otherWriter === null || appliedAtMs === null) return false;
  // `managedFields` has whole seconds.
  return otherWriter.atMs >= Math.floor((stampedAtMs ?? appliedAtMs) / 1_000) * 1_000;
}

function earliestAfter(nowMs: number, times: readonly number[]): number | null {
  const later = times.filter((atMs) => atMs > nowMs);
  return later.length === 0 ? null : Math.min(...later);
}
