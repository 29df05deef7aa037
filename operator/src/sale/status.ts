/** The whole status of a sale from what was seen and planned, and the events of its changes. Pure. */
import { conditionMessage, reasonWords } from '../api/conditions.ts';
import { maxWarmEntries, type EventSaleStatus } from '../api/event-sale-status.ts';
import { maxPlanSteps } from '../floor/floor-plan.ts';
import type { EventNote } from '../kube/recorder.ts';
import { ownArmed } from './arming.ts';
import {
  tellArmed,
  tellCachesWarm,
  tellCapacity,
  tellReconciling,
  tellSaleOpen,
  tellStalled,
  type Told,
} from './conditions.ts';
import type { Condition, ConditionType } from './model.ts';
import { hasBegun, isOver } from './plan.ts';
import { tellReady } from './readiness.ts';
import type { SaleInput, SalePlan } from './sale-plan.ts';
import { isWarmable, placesOf } from './warmth.ts';

type WarmEntry = NonNullable<EventSaleStatus['warm']>[number];

/**
 * The status to apply: complete, since what server-side apply is not given vanishes. The same input gives the same
 * status, so that it is written only when something changed; a condition keeps its time while its status stays.
 */
export function statusOf(input: SaleInput, plan: SalePlan): EventSaleStatus {
  const { sale, observed, previous } = input;
  const { facts } = plan;
  const stored = ownArmed(sale, observed.booking);
  const opens =
    stored === null ? previous?.effectiveOpensAt : instant(Math.max(stored.opensAtMs, stored.armedAtMs));
  return {
    observedGeneration: sale.generation,
    conditions: conditionsOf(input, plan),
    ...(opens !== undefined && { effectiveOpensAt: opens }),
    ...(facts.openedAtMs !== null && { openedAt: instant(facts.openedAtMs) }),
    ...(facts.openLatenessMs !== null && { openLatenessMillis: Math.round(facts.openLatenessMs) }),
    ...(facts.closedAtMs !== null && { closedAt: instant(facts.closedAtMs) }),
    ...(facts.drainedAtMs !== null && { drainedAt: instant(facts.drainedAtMs) }),
    ...(observed.targetPlan.floor !== null && { floor: observed.targetPlan.floor }),
    readyPods: observed.pods.filter(isWarmable).length,
    warm: warmOf(input),
    plan: stepsOf(input),
    ...(facts.epoch !== null && { epoch: facts.epoch }),
  };
}

function conditionsOf(input: SaleInput, plan: SalePlan): Condition[] {
  const stalled = tellStalled(input, plan);
  const reconciling = stalled === null ? tellReconciling(input, plan) : null;
  const make = <T extends ConditionType>(type: T, told: Told<T>): Condition => {
    const status = reasonWords(type, told.reason)?.status ?? 'Unknown';
    const before = input.previous?.conditions?.find((one) => one.type === type);
    return {
      type,
      status,
      observedGeneration: input.sale.generation,
      lastTransitionTime: before?.status === status ? before.lastTransitionTime : wholeSecond(input.nowMs),
      reason: told.reason,
      message: conditionMessage(type, told.reason, told.facts),
    };
  };
  return [
    make('Ready', tellReady(input, plan)),
    make('Armed', tellArmed(input, plan)),
    make('CachesWarm', tellCachesWarm(input, plan)),
    make('CapacityReady', tellCapacity(input, plan)),
    make('SaleOpen', tellSaleOpen(input, plan)),
    ...(reconciling === null ? [] : [make('Reconciling', reconciling)]),
    ...(stalled === null ? [] : [make('Stalled', stalled)]),
  ];
}

/** Task by task over all its places; after the close what was warm last is kept as a record. */
function warmOf(input: SaleInput): WarmEntry[] {
  const { sale, observed, nowMs, previous } = input;
  if (isOver(sale, nowMs)) return previous?.warm ?? [];
  const places = placesOf({ sale, pods: observed.pods, results: observed.warm, nowMs });
  const begun = hasBegun(input);
  return sale.tasks.slice(0, maxWarmEntries).map(({ name }) => {
    const own = places.filter(({ task }) => task.name === name).map(({ result }) => result);
    const done = own.flatMap((result) => (result?.result === 'warm' ? [result] : []));
    const failed = own.some((result) => result?.result === 'failed');
    const warm = own.length > 0 && done.length === own.length;
    return {
      name,
      result: warm ? 'Warm' : failed ? 'Failed' : begun ? 'Warming' : 'Waiting',
      items: done.reduce((sum, { items }) => sum + items, 0),
      seconds: Math.round(1_000 * Math.max(0, ...done.map(({ seconds }) => seconds))) / 1_000,
      pods: done.length,
    };
  });
}

/** From the sale's own lead time on: what happens to the target before is told by the sales of that time. */
function stepsOf({ sale, observed }: SaleInput): EventSaleStatus['plan'] {
  const fromMs = sale.opensAtMs - observed.leadTimeMs;
  return observed.targetPlan.foreseen
    .filter(({ atMs }) => atMs >= fromMs)
    .slice(0, maxPlanSteps)
    .map(({ atMs, floor, why }) => ({ at: wholeSecond(atMs), floor, why }));
}

/** The status of an EventSale whose spec cannot be read: nothing can be planned, and it is said. */
export function unreadableStatus(
  parsed: {
    metadata: { generation: number };
    status: EventSaleStatus | null;
    faults: readonly string[];
  },
  nowMs: number,
): EventSaleStatus {
  const { metadata, status, faults } = parsed;
  const condition = (type: 'Ready' | 'Stalled', reason: 'Blocked' | 'InvalidSpec'): Condition => {
    const told = reasonWords(type, reason)?.status ?? 'Unknown';
    const before = status?.conditions?.find((one) => one.type === type);
    return {
      type,
      status: told,
      observedGeneration: metadata.generation,
      lastTransitionTime: before?.status === told ? before.lastTransitionTime : wholeSecond(nowMs),
      reason,
      message:
        type === 'Ready'
          ? conditionMessage('Ready', 'Blocked')
          : conditionMessage('Stalled', 'InvalidSpec', faults.join(' ')),
    };
  };
  return {
    ...status,
    observedGeneration: metadata.generation,
    conditions: [condition('Ready', 'Blocked'), condition('Stalled', 'InvalidSpec')],
  };
}

const actions: Readonly<Record<ConditionType, string>> = {
  Ready: 'Reconcile',
  Armed: 'Arm',
  CachesWarm: 'Warm',
  CapacityReady: 'Scale',
  SaleOpen: 'Open',
  Reconciling: 'Reconcile',
  Stalled: 'Reconcile',
};
// What is normal on the way is no event; only what a person may have to act on, or waits for, is.
const quietReasons = new Set(['NotYet', 'NotArmed', 'Warming', 'NoTasks', 'NoPods', 'Expired', 'Finished']);
const warnings = new Set([
  'OpenedLate',
  'NotReady',
  'Degraded',
  'Blocked',
  'UnknownEvent',
  'StaleEpoch',
  'Refused',
]);
const capacityWarnings = new Set([
  'Unschedulable',
  'ImagePullSlow',
  'CappedByMax',
  'EventLimit',
  'CapacityUnknown',
  'FloorContested',
  'TargetNotFound',
]);

/** One event for each condition whose reason changed to something worth saying. */
export function eventsBetween(previous: EventSaleStatus | null, next: EventSaleStatus): readonly EventNote[] {
  return (next.conditions ?? []).flatMap((condition): EventNote[] => {
    const { type, reason, message } = condition;
    const before = previous?.conditions?.find((one) => one.type === type)?.reason;
    if (before === reason || type === 'Reconciling' || quietReasons.has(reason)) return [];
    const warns =
      type === 'Stalled' || warnings.has(reason) || reason === 'TaskFailed' || capacityWarnings.has(reason);
    if (type === 'CapacityReady' && !warns) return [];
    // The stage and the condition Armed have the same word.
    const said = type === 'Armed' && reason === 'Armed' ? 'ArmedInBooking' : reason;
    return [{ type: warns ? 'Warning' : 'Normal', reason: said, action: actions[type], note: message }];
  });
}

/** Whole seconds, as the API conventions have the times of conditions. */
function wholeSecond(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19)}Z`;
}

function instant(atMs: number): string {
  return new Date(atMs).toISOString();
}
