/** What the plan of a target's floor is made from, and what it says. Types of `planFloor` only. */
import type { Pool, Sale } from '../sale/model.ts';

export type FloorInput = {
  /** The HorizontalPodAutoscaler that the floor belongs to. */
  targetName: string;
  /** Every EventSale of the namespace; `planFloor` picks those of the target, and of two for one event the oldest. */
  sales: readonly Sale[];
  /** Null when there is no such HorizontalPodAutoscaler. */
  pool: Pool | null;
  nowMs: number;
  leadTimeMsOf: (sale: Sale) => number;
  /** When this process last lowered this floor; null when it has not. */
  loweredAtMs: number | null;
  /** When this process last applied this floor, either way; null when it has not. */
  appliedAtMs: number | null;
  /** The same by the clock of the API server, which tells when others wrote; null or absent when not known. */
  stampedAtMs?: number | null;
  /** When this process began to lead: a full period passes before its first lowering. */
  startedAtMs: number;
  /** The `contest` of the last plan of this floor: remember it, so that it is told for a while. */
  lastContest: FloorContest | null;
  /** Seats held in booking for the sale; null when not known. */
  heldOf: (sale: Sale) => number | null;
};

export type FloorContest = { manager: string; atMs: number };

export type HoldReason =
  /** A sale of the target is between its lead time and its close. */
  | 'InSale'
  /** A sale with a measured lead time opens so soon that lowering might have to be undone. */
  | 'OpensSoon'
  /** The pods of a sale are still needed until its holds have drained. */
  | 'Draining'
  | 'Paused'
  /** The baseline, or the capacity of a pod, is not known. */
  | 'BaselineUnknown'
  | 'CapacityUnknown'
  /** The period since the last step, or since the start of the operator, is not over. */
  | 'Period';

/** Why the floor is not lowered yet. `untilMs` is null where only a person or an observation ends it. */
export type FloorHold = { reason: HoldReason; sale: string | null; untilMs: number | null; message: string };

export type PlanStep = { atMs: number; floor: number; why: string };

/** What one sale gets of the pool. */
export type FloorShare = {
  uid: string;
  name: string;
  priority: number;
  /** Null when the capacity of a pod is not known. */
  needed: number | null;
  /** Of the maximum, by priority; less than `needed` for those who are short, the lowest priority first. */
  given: number;
};

export type FloorPlan = {
  /** What `minReplicas` should be now; null when there is no pool. */
  floor: number | null;
  /** Sum of the needs of the sales active now, before baseline and maximum. */
  wanted: number;
  /** Lowest that the floor may fall to while nothing else changes: the need now, within baseline and maximum. */
  lowest: number | null;
  /** The most that is wanted at one time from now to half an hour ahead; null when the maximum suffices. */
  cappedBy: { maxReplicas: number; wanted: number; atMs: number } | null;
  /** Of the sales active now, or at the time of `cappedBy`. */
  shares: readonly FloorShare[];
  /** Empty when the floor is as low as it may be, or is rising. */
  holds: readonly FloorHold[];
  /** Whether `floor` differs from what the pool has: it is to be applied, not before `applyAtMs`. */
  apply: boolean;
  applyAtMs: number;
  /** Whether `floor` is less than the pool has now: after applying it, remember the time as `loweredAtMs`. */
  lowers: boolean;
  /** Who else writes the floor, as seen in the last ten minutes. Hand it to the next plan as `lastContest`. */
  contest: FloorContest | null;
  /** The next steps, at most `maxPlanSteps`, in the future only. */
  steps: readonly PlanStep[];
  /** Further ahead: what a sale shows of its own window. At most `maxForeseenSteps`. */
  foreseen: readonly PlanStep[];
  /** When to plan again although nothing was seen to change; null for never. */
  nextChangeAtMs: number | null;
};

export const maxPlanSteps = 8;
export const maxForeseenSteps = 64;
