/** The plan of one sale: its stage, what booking is to be told, what to warm, when to look again. Pure. */
import { capAheadMs } from '../floor/plan-floor.ts';
import type { EventNote } from '../kube/recorder.ts';
import { isStored, missingCommand, ownArmed, type WantedWindow } from './arming.ts';
import { planDeletion } from './deletion.ts';
import { factsOf } from './facts.ts';
import type { Sale, Stage } from './model.ts';
import type { Finalize, SaleInput, SalePlan, Warmth } from './sale-plan.ts';
import { warmCallsDue, warmthOf, isWarmable } from './warmth.ts';

/**
 * Level-based: the same whatever was done before, so that any restart continues. It names every effect that is due
 * now; what is stored and done already is not named again.
 */
export function planSale(input: SaleInput): SalePlan {
  const { sale, observed, nowMs } = input;
  const facts = factsOf(input);
  const view = { sale, pods: observed.pods, results: observed.warm, nowMs };
  const begun = hasBegun(input);
  const over = isOver(sale, nowMs);
  const warmth = over ? 'finished' : begun || sale.tasks.length === 0 ? warmthOf(view) : 'not-yet';
  const gateHolds = holdsGate(input, facts, warmth);
  const wanted = wantedWindow(sale, gateHolds);
  const stage = stageOf(input, { facts, warmth, gateHolds, begun });
  const { finalize, disarm } = planDeletion(input);
  const arm = missingCommand(sale, wanted, observed, nowMs);
  const warms = begun && !over && !isHandsOff(input) && observed.booking.kind !== 'unknown-event';
  const plan = {
    stage,
    arm,
    disarm,
    warm: warms ? warmCallsDue(view) : [],
    warmth,
    gateHolds,
    finalize,
    facts,
    events: eventsOf(input, begun, finalize),
  };
  return { ...plan, wakeAtMs: nextLookMs(input, plan) };
}

/** The window that booking is to store. The gate holds it by the intent, so that nothing opens behind its back. */
export function wantedWindow(sale: Sale, gateHolds: boolean): WantedWindow {
  const { opensAtMs, closesAtMs, intent } = sale;
  return { opensAtMs, closesAtMs, intent: gateHolds ? 'Hold' : intent };
}

/** Whether the window is over by time, by Stop or by deletion, confirmed or not. */
export function isOver(sale: Sale, nowMs: number): boolean {
  const byTime = sale.closesAtMs !== null && sale.closesAtMs <= nowMs;
  return byTime || sale.intent === 'Stop' || sale.deletedAtMs !== null;
}

/** Once begun a lead time does not end again when a shorter one is measured. */
export function hasBegun({ sale, observed, previous, nowMs }: SaleInput): boolean {
  if (nowMs >= sale.opensAtMs - observed.leadTimeMs) return true;
  const reason = previous?.conditions?.find(({ type }) => type === 'Ready')?.reason;
  return (
    previous?.observedGeneration === sale.generation &&
    sale.leadTime.kind === 'auto' &&
    (reason === 'Prewarming' || reason === 'Armed')
  );
}

function isHandsOff({ sale, observed }: SaleInput): boolean {
  return sale.management === 'Paused' || sale.deletedAtMs !== null || observed.duplicateOf !== null;
}

/** A gate that was passed stays open: a pod that appears later does not close the sale. */
function holdsGate(input: SaleInput, facts: Sale['recorded'], warmth: Warmth): boolean {
  const { sale, observed } = input;
  const { openGate } = sale;
  if (openGate.mode === 'Always' || openGate.onNotMet === 'Degrade' || sale.intent !== 'Run') return false;
  if (isOver(sale, input.nowMs) || facts.openedAtMs !== null) return false;
  if (warmth === 'warm' || warmth === 'no-tasks') return false;
  return !isStored(sale, wantedWindow(sale, false), observed.booking);
}

type StageView = { facts: Sale['recorded']; warmth: Warmth; gateHolds: boolean; begun: boolean };

function stageOf(input: SaleInput, { facts, warmth, gateHolds, begun }: StageView): Stage {
  const { sale, observed, nowMs } = input;
  if (isOver(sale, nowMs)) {
    const drained = facts.drainedAtMs !== null;
    if (sale.intent === 'Stop' && sale.deletedAtMs === null)
      return drained || facts.openedAtMs === null ? 'Stopped' : 'Draining';
    return drained ? 'Completed' : 'Draining';
  }
  if (nowMs >= sale.opensAtMs) return sale.intent === 'Hold' || gateHolds ? 'Held' : 'Selling';
  if (!begun) return 'Scheduled';
  const armed = isStored(sale, wantedWindow(sale, gateHolds), observed.booking) && !gateHolds;
  const warm = warmth === 'warm' || warmth === 'no-tasks';
  const { floor } = observed.targetPlan;
  const ready = observed.pods.filter(isWarmable).length;
  return armed && warm && floor !== null && ready >= floor ? 'Armed' : 'Prewarming';
}

const lateToleranceMs = 5_000;

function eventsOf(input: SaleInput, begun: boolean, finalize: Finalize): readonly EventNote[] {
  const { sale, observed, previous, nowMs } = input;
  if (finalize.kind === 'release') return finalize.left === null ? [releaseNote(sale)] : [];
  const startMs = sale.opensAtMs - observed.leadTimeMs;
  const reason = previous?.conditions?.find(({ type }) => type === 'Ready')?.reason;
  const firstLook =
    previous?.observedGeneration !== sale.generation && (reason ?? 'Scheduled') === 'Scheduled';
  const late = begun && nowMs > startMs + lateToleranceMs && !isOver(sale, nowMs) && !isHandsOff(input);
  if (!firstLook || !late) return [];
  const seconds = Math.round((nowMs - startMs) / 1_000);
  const note = `The lead time should have begun ${seconds} s ago: pods are added and made warm now. Create or edit an EventSale earlier, or use a shorter spec.prewarm.leadTime.`;
  return [{ type: 'Warning', reason: 'PrewarmLate', action: 'Prewarm', note }];
}

function releaseNote(sale: Sale): EventNote {
  const note =
    sale.deletionPolicy === 'ReleaseOnly'
      ? 'Deleted; booking keeps the window that was armed, as spec.deletionPolicy says.'
      : 'Deleted; the sale is closed in booking, and its pods are released.';
  return { type: 'Normal', reason: 'Released', action: 'Release', note };
}

/** How often a sale is looked at when nothing is seen to change. */
const lookMs = {
  atOnce: 1_000,
  soon: 5_000,
  often: 15_000,
  minute: 60_000,
  rarely: 300_000,
  over: 1_800_000,
};
// From this long before its lead time a sale is looked at each minute.
const nearMs = 3_600_000;
// What was not seen to open in this time is not open: then looking each second helps nobody.
const openingMs = 60_000;

function nextLookMs(input: SaleInput, plan: Omit<SalePlan, 'wakeAtMs'>): number {
  const { sale, observed, nowMs } = input;
  const { booking, leadTimeMs, targetPlan } = observed;
  const fromMs = sale.opensAtMs - leadTimeMs;
  const near = nowMs >= fromMs - nearMs && plan.stage !== 'Completed';
  const edges = [
    fromMs - capAheadMs,
    fromMs,
    sale.opensAtMs,
    ...(sale.closesAtMs === null ? [] : [sale.closesAtMs]),
    ...(plan.facts.closedAtMs === null ? [] : [plan.facts.closedAtMs + sale.scaleDown.afterMs]),
    ...(plan.finalize.kind === 'wait' ? [plan.finalize.untilMs] : []),
    ...(near && targetPlan.nextChangeAtMs !== null ? [targetPlan.nextChangeAtMs] : []),
  ];
  const unanswered = booking.kind === 'unreachable' || booking.kind === 'unknown-event';
  const poll = unanswered && near ? Math.min(lookMs.soon, pollMs(input, plan)) : pollMs(input, plan);
  return Math.min(nowMs + poll, ...edges.filter((atMs) => atMs > nowMs));
}

function pollMs({ sale, observed, nowMs }: SaleInput, plan: Omit<SalePlan, 'wakeAtMs'>): number {
  if (plan.finalize.kind !== 'keep' || plan.arm !== null) return lookMs.soon;
  if (observed.duplicateOf !== null) return lookMs.minute;
  switch (plan.stage) {
    case 'Scheduled':
      return nowMs >= sale.opensAtMs - observed.leadTimeMs - nearMs ? lookMs.minute : lookMs.rarely;
    case 'Prewarming':
      return lookMs.soon;
    case 'Armed':
    case 'Held':
      return lookMs.often;
    case 'Selling': {
      const opening = plan.facts.openedAtMs === null && nowMs < sale.opensAtMs + openingMs;
      return opening ? lookMs.atOnce : lookMs.often;
    }
    case 'Draining':
      return lookMs.soon;
    case 'Stopped':
      return ownArmed(sale, observed.booking)?.intent === 'Stop' ? lookMs.rarely : lookMs.soon;
    case 'Completed':
      return lookMs.over;
  }
}
