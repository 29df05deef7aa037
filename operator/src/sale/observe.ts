/** Looks at everything that a sale's plan is made from: the caches, booking's answer, what was warmed. */
import type { Clock } from '@evently/kit/clock';
import type { ParsedEventSale } from '../api/parse-event-sale.ts';
import type { BookingClient } from '../dataplane/booking.ts';
import type { FloorBoard } from '../floor/observe.ts';
import type { PodsOfTarget } from '../floor/target-pods.ts';
import type { Knowledge, SeenView } from '../knowledge.ts';
import type { Lease } from '../kube/lease.ts';
import type { World } from '../world.ts';
import { refusalOf } from './arming.ts';
import type { BookingView, Sale } from './model.ts';
import type { Observed } from './sale-plan.ts';
import type { Warmer } from './warm.ts';
import { duplicateOf } from './window.ts';

export type ObserveDeps = {
  world: World;
  knowledge: Knowledge;
  board: FloorBoard;
  booking: BookingClient;
  warmer: Pick<Warmer, 'resultsOf'>;
  lease: Pick<Lease, 'epochBase'>;
  clock: Clock;
  /** A deleted sale waits at most so long for booking. */
  deletionLimitMs: number;
};

/** Beyond this distance from its window a sale is asked about rarely: nothing can happen to it by itself. */
const nearMs = 3_600_000;
const farViewMs = 60_000;
/** Near its window: young enough to see a sale open, old enough for a burst of changes to cost one question. */
const nearViewMs = 500;

/** Never throws for what booking or a pod does not answer; that is part of what was observed. */
export async function observeSale(
  deps: ObserveDeps,
  parsed: ParsedEventSale,
  sale: Sale,
  signal: AbortSignal,
): Promise<Observed> {
  const autoscaler = deps.world.autoscaler(sale.namespace, sale.targetName);
  const [booking, ofTarget] = await Promise.all([
    viewOf(deps, sale, signal),
    autoscaler === null ? noPods : deps.world.targetPods.podsOf(autoscaler, signal),
  ]);
  const { pods } = ofTarget;
  return {
    booking,
    pool: autoscaler?.pool ?? null,
    pods,
    warm: deps.warmer.resultsOf(sale.uid, pods),
    duplicateOf: duplicateOf(sale, deps.world.sales()),
    targetPlan: deps.board.planOf(sale.namespace, sale.targetName),
    leader: {
      keptEpoch: deps.knowledge.epochs.kept(sale.eventId),
      leaseTransitions: deps.lease.epochBase,
    },
    leadTimeMs: deps.board.leadTimeMsOf(sale),
    faults: parsed.faults,
    refusal: refusalOf(deps.knowledge.refusals.get(sale.uid), sale, deps.clock.now().getTime()),
    forbidden: forbiddenOf(deps, sale, ofTarget),
    deletion: {
      limitMs: deps.deletionLimitMs,
      isOutcast: deps.knowledge.forbidden.has(statusTopicOf(sale)),
    },
    trouble: deps.knowledge.troubles.get(sale.uid) ?? null,
  };
}

const noPods: PodsOfTarget = { pods: [], fault: null, isForbidden: false };

/** Under which the knowledge of what is forbidden keeps that of the status. */
export function statusTopicOf({ namespace, name }: { namespace: string; name: string }): string {
  return `status of ${namespace}/${name}`;
}

/** Everything that the API server forbids around the sale: one missing rule often comes with another. */
function forbiddenOf(
  { knowledge }: ObserveDeps,
  sale: Sale,
  { fault, isForbidden }: PodsOfTarget,
): string | null {
  const { namespace, name, targetName } = sale;
  const topics = [`finalizer of ${namespace}/${name}`, `floor of ${namespace}/${targetName}`];
  const found = [...topics.map((topic) => knowledge.forbidden.get(topic)), isForbidden ? fault : null];
  const told = found.filter((text) => typeof text === 'string');
  return told.length === 0 ? null : told.join('; ');
}

/** What booking says, at most as old as the sale can bear. An answer that did not come is never kept. */
async function viewOf(deps: ObserveDeps, sale: Sale, signal: AbortSignal): Promise<BookingView> {
  const known = deps.knowledge.views.get(sale.uid);
  const nowMs = deps.clock.now().getTime();
  const isNear = sale.opensAtMs - deps.board.leadTimeMsOf(sale) - nowMs < nearMs;
  const maxAgeMs = isNear ? nearViewMs : farViewMs;
  if (known !== undefined && nowMs - known.atMs < maxAgeMs && !hasClosedSince(known, nowMs))
    return known.view;
  const view = await deps.booking.read(sale.eventId, signal);
  if (view.kind === 'unreachable') deps.knowledge.views.delete(sale.uid);
  else deps.knowledge.views.set(sale.uid, { view, atMs: nowMs });
  return view;
}

/** What was held before the close is no answer to whether anything is held after it. */
function hasClosedSince({ view, atMs }: SeenView, nowMs: number): boolean {
  if (view.kind !== 'armed') return false;
  const { closesAtMs } = view.sale;
  return closesAtMs !== null && atMs < closesAtMs && closesAtMs <= nowMs;
}
