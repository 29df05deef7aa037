/** What each condition of a sale says, from what was seen and planned. Pure; words are in api/conditions.ts. */
import { formatDuration } from '../api/duration.ts';
import { conditionReasons, type ReasonOf } from '../api/conditions.ts';
import { whereIs } from '../dataplane/prewarm.ts';
import { podsFor } from '../floor/capacity.ts';
import { isBehind, isStored, ownArmed } from './arming.ts';
import type { ConditionType } from './model.ts';
import { isOver, wantedWindow } from './plan.ts';
import type { SaleInput, SalePlan } from './sale-plan.ts';
import { isWarmable, placesOf } from './warmth.ts';

/** A reason, and the facts that its message begins with. */
export type Told<T extends ConditionType> = { reason: ReasonOf<T>; facts: string };

function tell<T extends ConditionType>(reason: ReasonOf<T>, facts = ''): Told<T> {
  return { reason, facts };
}

export function tellArmed(input: SaleInput, plan: SalePlan): Told<'Armed'> {
  const { sale, observed } = input;
  const { booking, duplicateOf, leader } = observed;
  if (duplicateOf !== null)
    return tell('NotArmed', `EventSale ${duplicateOf.name} is older and arms this event.`);
  if (plan.stage === 'Completed' || plan.finalize.kind === 'release') return tell('Released');
  if (booking.kind === 'unreachable') return tell('Unreachable', sentence(booking.why));
  if (booking.kind === 'unknown-event')
    return tell('UnknownEvent', `Booking does not know event ${sale.eventId}.`);
  if (isStored(sale, wantedWindow(sale, plan.gateHolds), booking))
    return tell(
      'Armed',
      `Booking opens the sale at ${showTime(sale.opensAtMs, sale.timeZone)} by its own clock.`,
    );
  if (observed.refusal !== null) return tell('Refused', sentence(observed.refusal));
  if (booking.kind === 'armed' && isBehind(sale, booking))
    return tell(
      'StaleEpoch',
      `Booking was told generation ${booking.sale.generation} of this EventSale, and the API server shows ${sale.generation}.`,
    );
  if (sale.management === 'Paused') return tell('Paused');
  if (sale.deletedAtMs !== null || plan.arm === null) return tell('Released');
  const { trouble } = observed;
  if (trouble !== null && trouble !== undefined) return tell(trouble.reason, sentence(trouble.why));
  const newer = booking.kind === 'armed' && booking.sale.epoch > (leader.keptEpoch ?? Infinity);
  return tell(newer ? 'StaleEpoch' : 'NotArmed');
}

export function tellCachesWarm(input: SaleInput, plan: SalePlan): Told<'CachesWarm'> {
  const { reason, facts } = tellRequired(input, plan);
  const rest = plan.warmth === 'not-yet' || plan.warmth === 'finished' ? '' : tellNotRequired(input);
  if (rest === '') return { reason, facts };
  return tell(reason, `${facts === '' ? conditionReasons.CachesWarm[reason].means : facts} ${rest}`);
}

/** What failed and holds nothing up, one place for each task; empty when there is none. */
function tellNotRequired({ sale, observed, nowMs }: SaleInput): string {
  const failed = new Map<string, string>();
  for (const { task, at, result } of placesOf({ sale, pods: observed.pods, results: observed.warm, nowMs }))
    if (task.policy === 'BestEffort' && result?.result === 'failed' && !failed.has(task.name))
      failed.set(task.name, sentence(result.error ?? `${at} gave no reason`));
  return [...failed].map(([name, why]) => `Not warm, and not required: ${name}. ${why}`).join(' ');
}

function tellRequired(input: SaleInput, plan: SalePlan): Told<'CachesWarm'> {
  const { sale, observed, nowMs } = input;
  switch (plan.warmth) {
    case 'no-tasks':
      return tell('NoTasks');
    case 'not-yet':
      return tell(
        'NotYet',
        `Warming begins at ${showTime(sale.opensAtMs - observed.leadTimeMs, sale.timeZone)}.`,
      );
    case 'no-pods':
      return tell('NoPods');
    case 'expired':
      return tell('Expired');
    case 'warm':
      return tell('Warm');
    case 'finished':
      return tell('Finished');
    case 'warming':
    case 'failed': {
      const required = placesOf({ sale, pods: observed.pods, results: observed.warm, nowMs }).filter(
        ({ task }) => task.policy === 'Required',
      );
      const failed = required.find(({ result }) => result?.result === 'failed');
      if (failed !== undefined)
        return tell(
          'TaskFailed',
          `${failed.task.name} failed: ${sentence(failed.result?.error ?? 'no reason was given')}`,
        );
      const missing = [
        ...new Set(required.filter(({ result }) => result === null).map(({ task }) => task.name)),
      ];
      const where = missing.some((name) => whereIs(name) === 'pods') ? 'every ready pod' : 'its service';
      return tell('Warming', `Not done on ${where} yet: ${missing.join(', ')}.`);
    }
  }
}

export function tellCapacity(input: SaleInput, plan: SalePlan): Told<'CapacityReady'> {
  const { sale, observed } = input;
  const { pool, targetPlan } = observed;
  if (pool === null || targetPlan.floor === null)
    return tell(
      'TargetNotFound',
      `There is no HorizontalPodAutoscaler ${sale.targetName} in namespace ${sale.namespace}.`,
    );
  const troubles = capacityTroubles(input, plan);
  const [first] = troubles;
  // The reason is the first; the message tells all of them.
  if (first !== undefined) return tell(first.reason, troubles.map(({ facts }) => facts).join(' '));
  return tellPods(input, plan, targetPlan.floor);
}

function capacityTroubles({ sale, observed }: SaleInput, plan: SalePlan): readonly Told<'CapacityReady'>[] {
  const { pool, targetPlan } = observed;
  if (pool === null || plan.stage === 'Completed') return [];
  const { pods, reason } = podsFor(sale.need, pool, pool.name);
  const share = targetPlan.shares.find(({ uid }) => uid === sale.uid);
  const { cappedBy, contest } = targetPlan;
  const troubles: Told<'CapacityReady'>[] = [];
  if (pods === null) troubles.push(tell('CapacityUnknown', reason ?? ''));
  else if (pool.baselineReplicas === null)
    troubles.push(
      tell(
        'CapacityUnknown',
        `HorizontalPodAutoscaler ${pool.name} has no annotation evently.dev/baseline-replicas; its floor is held and never lowered.`,
      ),
    );
  if (contest !== null)
    troubles.push(
      tell(
        'FloorContested',
        `${contest.manager} wrote minReplicas of HorizontalPodAutoscaler ${pool.name} at ${showTime(contest.atMs, sale.timeZone)}; the operator writes it back at most once a minute.`,
      ),
    );
  if (cappedBy !== null && share !== undefined && share.given < (share.needed ?? 0))
    troubles.push(
      tell(
        'CappedByMax',
        `The sales on HorizontalPodAutoscaler ${pool.name} want ${cappedBy.wanted} pods from ${showTime(cappedBy.atMs, sale.timeZone)}, and maxReplicas is ${cappedBy.maxReplicas}: of the ${share.needed} pods for this sale ${share.given} are left, by spec.priority.`,
      ),
    );
  if (pods !== null && reason !== null) troubles.push(tell('EventLimit', reason));
  return troubles;
}

/** A pod that waits longer than this for its node, or its image, is worth a look. */
const patienceMs = 120_000;
const pullReasons = new Set(['ErrImagePull', 'ImagePullBackOff']);

function tellPods({ observed, nowMs }: SaleInput, plan: SalePlan, floor: number): Told<'CapacityReady'> {
  const { pods, targetPlan } = observed;
  const ready = pods.filter(isWarmable).length;
  if (ready >= floor) {
    const goesDown = floor > (targetPlan.lowest ?? floor) && isEnding(plan);
    const facts = `${ready} pods are ready; the floor is ${floor}.`;
    return goesDown ? tell('ScalingDown', facts) : tell('AtFloor', facts);
  }
  const facts = `${ready} of ${floor} pods are ready.`;
  const starting = pods.filter((pod) => !pod.ready && !pod.terminating);
  const homeless = starting.filter(({ scheduledAtMs }) => scheduledAtMs === null);
  if (homeless.some((pod) => pod.reason === 'Unschedulable')) {
    const long = homeless.some(({ createdAtMs }) => nowMs - createdAtMs > patienceMs);
    return tell(long ? 'Unschedulable' : 'WaitingForNodes', facts);
  }
  if (starting.some((pod) => pullReasons.has(pod.reason ?? ''))) return tell('ImagePullSlow', facts);
  return tell('WaitingForPods', facts);
}

export function isEnding({ stage }: SalePlan): boolean {
  return stage === 'Draining' || stage === 'Completed' || stage === 'Stopped';
}

/** A window that opened later than this after `opensAt` opened late. */
const onTimeMs = 1_000;

export function tellSaleOpen(input: SaleInput, plan: SalePlan): Told<'SaleOpen'> {
  const { sale, observed, nowMs } = input;
  const { booking } = observed;
  const stored = ownArmed(sale, booking);
  if (observed.duplicateOf !== null) return tell('NotArmed', 'The older EventSale sells this event.');
  const overByTime = sale.closesAtMs !== null && sale.closesAtMs <= nowMs;
  if (
    plan.stage === 'Completed' ||
    (overByTime && (stored === null || stored.closesAtMs === sale.closesAtMs))
  )
    return tell(
      'Closed',
      plan.facts.closedAtMs === null ? '' : `Closed at ${showTime(plan.facts.closedAtMs, sale.timeZone)}.`,
    );
  if (isOver(sale, nowMs) && plan.facts.closedAtMs !== null)
    return tell(sale.intent === 'Stop' ? 'Stopped' : 'Closed');
  if (nowMs < sale.opensAtMs) return tell('NotYet', `Opens at ${showTime(sale.opensAtMs, sale.timeZone)}.`);
  if (booking.kind === 'unreachable') return tell('Unreachable', sentence(booking.why));
  if (stored === null) return tell('NotArmed');
  // What booking does counts, not what it is to be told.
  if (stored.intent === 'Hold') return tell(sale.intent === 'Hold' ? 'HeldByUser' : 'WaitingForWarm');
  if (stored.intent === 'Stop') return tell('Stopped');
  const { openLatenessMs } = plan.facts;
  const firstMs = stored.firstReservedAtMs;
  const first =
    firstMs === null
      ? ''
      : ` The first reservation was accepted ${formatDuration(Math.max(0, firstMs - sale.opensAtMs))} after spec.opensAt.`;
  if (openLatenessMs !== null && openLatenessMs > onTimeMs)
    return tell('OpenedLate', `Opened ${formatDuration(openLatenessMs)} late.${first}`);
  return tell('Open', first === '' ? '' : `Booking sells.${first}`);
}

export function tellReconciling(input: SaleInput, plan: SalePlan): Told<'Reconciling'> | null {
  const { sale, observed } = input;
  if (sale.deletedAtMs !== null) return tell('Deleting');
  if (observed.duplicateOf !== null || observed.faults.length > 0 || sale.management === 'Paused')
    return null;
  if (plan.arm !== null) return tell('Arming');
  if (plan.stage === 'Prewarming') return tell('Prewarming');
  if (plan.stage === 'Draining') return tell('ScalingDown', 'The pods stay until nothing is held any more.');
  const { floor, lowest, holds } = observed.targetPlan;
  const lowering =
    floor !== null && floor > (lowest ?? floor) && holds.every(({ reason }) => reason === 'Period');
  const recent = input.nowMs - (plan.facts.closedAtMs ?? -Infinity) < recentMs;
  return isEnding(plan) && lowering && recent
    ? tell('ScalingDown', `The floor goes from ${floor} down to ${lowest}.`)
    : null;
}

/** The floor of a sale that ended longer ago is somebody else's matter. */
const recentMs = 86_400_000;

export function tellStalled(input: SaleInput, plan: SalePlan): Told<'Stalled'> | null {
  const { sale, observed, nowMs } = input;
  const { booking, duplicateOf } = observed;
  const forbidden = typeof observed.forbidden === 'string' ? sentence(observed.forbidden) : null;
  if (sale.deletedAtMs !== null) return forbidden === null ? null : tell('Forbidden', forbidden);
  if (duplicateOf !== null)
    return tell(
      'DuplicateEvent',
      `EventSale ${duplicateOf.name} is older and names event ${sale.eventId} as well; it wins.`,
    );
  if (observed.faults.length > 0) return tell('InvalidSpec', observed.faults.map(sentence).join(' '));
  if (observed.refusal !== null) return tell('Refused', sentence(observed.refusal));
  if (forbidden !== null) return tell('Forbidden', forbidden);
  if (sale.management === 'Paused' || plan.stage === 'Scheduled' || isEnding(plan)) return null;
  if (booking.kind === 'unknown-event')
    return tell('UnknownEvent', `Booking does not know event ${sale.eventId}.`);
  if (observed.pool === null)
    return tell(
      'TargetNotFound',
      `There is no HorizontalPodAutoscaler ${sale.targetName} in namespace ${sale.namespace}.`,
    );
  const neverArmed = booking.kind === 'unreachable' && sale.recorded.epoch === null;
  return neverArmed && nowMs >= sale.opensAtMs ? tell('DeadlineMissed', sentence(booking.why)) : null;
}

/** In words of the sale's own zone, which moves nothing; a zone that Intl does not know is shown as UTC. */
export function showTime(atMs: number, timeZone: string): string {
  const shown = (zone: string): string => {
    const format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      dateStyle: 'medium',
      timeStyle: 'medium',
    });
    return `${format.format(atMs)} (${zone})`;
  };
  try {
    return shown(timeZone);
  } catch (error) {
    if (error instanceof RangeError) return shown('UTC');
    throw error;
  }
}

function sentence(text: string): string {
  const trimmed = text.trim();
  const begun = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
