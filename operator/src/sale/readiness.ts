/** Whether the duty of a sale's stage is met: the condition Ready, whose reason is what people see. Pure. */
import type { ReasonOf } from '../api/conditions.ts';
import { isStored, ownArmed } from './arming.ts';
import { showTime, type Told } from './conditions.ts';
import type { SaleInput, SalePlan } from './sale-plan.ts';
import { isOver, wantedWindow } from './plan.ts';
import { isWarmable } from './warmth.ts';

/**
 * True from the first sight of a sale that is weeks ahead; False only when its duty is due and missing. What is
 * merely under way (pods that start, a command to booking) is Reconciling, not a missing duty.
 */
export function tellReady(input: SaleInput, plan: SalePlan): Told<'Ready'> {
  const { sale, observed } = input;
  if (observed.duplicateOf !== null || observed.refusal !== null) return { reason: 'Blocked', facts: '' };
  if (sale.management === 'Paused' && sale.deletedAtMs === null) return { reason: 'Paused', facts: '' };
  const missing = missingDuty(input, plan);
  return missing ?? { reason: stageReason(plan), facts: stageFacts(input, plan) };
}

function stageReason(plan: SalePlan): ReasonOf<'Ready'> {
  return plan.stage;
}

function stageFacts({ sale, observed }: SaleInput, plan: SalePlan): string {
  if (plan.stage !== 'Scheduled') return '';
  const opens = `Opens at ${showTime(sale.opensAtMs, sale.timeZone)}; pods and caches are prepared from ${showTime(sale.opensAtMs - observed.leadTimeMs, sale.timeZone)}.`;
  const warning = weeksAheadWarning(sale, observed);
  return warning === null ? opens : `${opens} ${warning}`;
}

/** What will be missing, said early: it is no missing duty yet. */
function weeksAheadWarning(sale: SaleInput['sale'], { booking, pool }: SaleInput['observed']): string | null {
  if (booking.kind === 'unknown-event')
    return `Until then publish event ${sale.eventId}, which booking does not know.`;
  if (booking.kind === 'unreachable') return 'Booking did not answer; the operator asks again.';
  return pool === null ? `Until then create HorizontalPodAutoscaler ${sale.targetName}.` : null;
}

function missingDuty(input: SaleInput, plan: SalePlan): Told<'Ready'> | null {
  const { sale, observed } = input;
  const { booking } = observed;
  switch (plan.stage) {
    case 'Scheduled':
    case 'Completed':
      return null;
    case 'Prewarming':
    case 'Armed':
    case 'Selling':
    case 'Held':
      return missingBeforeClose(input, plan);
    case 'Draining':
    case 'Stopped': {
      if (sale.deletedAtMs !== null || sale.intent !== 'Stop') return null;
      const stored = ownArmed(sale, booking);
      const open = booking.kind === 'unreachable' || (stored !== null && stored.intent !== 'Stop');
      return open && plan.facts.closedAtMs === null
        ? notReady('Booking has not confirmed that the sale is stopped.')
        : null;
    }
  }
}

function missingBeforeClose(input: SaleInput, plan: SalePlan): Told<'Ready'> | null {
  const { sale, observed, nowMs } = input;
  const { booking, pool } = observed;
  if (booking.kind === 'unknown-event') return notReady(`Booking does not know event ${sale.eventId}.`);
  if (booking.kind === 'unreachable' && sale.recorded.epoch === null)
    return notReady('Booking did not answer and was never told the window.');
  if (nowMs < sale.opensAtMs)
    return pool === null ? notReady(`There is no HorizontalPodAutoscaler ${sale.targetName}.`) : null;
  if (plan.gateHolds) return notReady('spec.openGate holds the sale until every Required task is done.');
  const stored = isStored(sale, wantedWindow(sale, plan.gateHolds), booking);
  if (!stored && booking.kind !== 'unreachable' && ownArmed(sale, booking) === null)
    return notReady('It is time, and booking does not store the window.');
  return plan.stage === 'Selling' ? degradation(input, plan) : null;
}

function notReady(facts: string): Told<'Ready'> {
  return { reason: 'NotReady', facts };
}

function degradation({ sale, observed, nowMs }: SaleInput, plan: SalePlan): Told<'Ready'> | null {
  if (isOver(sale, nowMs)) return null;
  const { pods, pool, targetPlan } = observed;
  if (pool === null)
    return {
      reason: 'Degraded',
      facts: `The sale is open; there is no HorizontalPodAutoscaler ${sale.targetName}.`,
    };
  const asked = sale.openGate.mode === 'RequireWarm';
  if (asked && plan.warmth !== 'warm' && plan.warmth !== 'no-tasks')
    return { reason: 'Degraded', facts: 'The sale is open, and not everything that is Required is warm.' };
  const given = targetPlan.shares.find(({ uid }) => uid === sale.uid)?.given ?? 0;
  const ready = pods.filter(isWarmable).length;
  // Its own share only: pods that start for another sale are not missing here.
  return ready < given
    ? { reason: 'Degraded', facts: `The sale is open with ${ready} ready pods and needs ${given}.` }
    : null;
}
