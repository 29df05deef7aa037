/** Reconciles one EventSale: look at everything, plan, change what differs, write down what was seen, come back. */
import type { Logger } from '@evently/kit/log';
import { finalizer } from '../api/names.ts';
import type { EventSaleStatus } from '../api/event-sale-status.ts';
import type { ParsedEventSale } from '../api/parse-event-sale.ts';
import type { Reconcile, ReconcileResult } from '../kube/controller.ts';
import { isForbidden } from '../kube/errors.ts';
import type { Recorder } from '../kube/recorder.ts';
import type { OperatorMetrics } from '../metrics.ts';
import { splitKey } from '../world.ts';
import {
  addFinalizer,
  armSale,
  disarmSale,
  removeFinalizer,
  type ApplyDeps,
  type CommandResult,
} from './apply.ts';
import { saleReference } from './events.ts';
import type { Sale } from './model.ts';
import { observeSale, statusTopicOf, type ObserveDeps } from './observe.ts';
import { pauseAfter } from './pauses.ts';
import { planSale } from './plan.ts';
import type { Observed, SalePlan } from './sale-plan.ts';
import { statusOf } from './status.ts';
import type { Warmer } from './warm.ts';
import type { StatusWriter, Written } from './write-status.ts';

export type SaleDeps = ApplyDeps &
  ObserveDeps & {
    warmer: Warmer;
    writer: StatusWriter;
    recorder: Recorder;
    metrics: Pick<OperatorMetrics, 'sale' | 'saleGone'>;
    log: Logger;
  };

/** What was seen and what follows from it. */
type Look = { observed: Observed; plan: SalePlan };

/** A change of ours is seen by the watch; this is for the case that it is not. */
const afterChangeMs = 1_000;
/** Until autoscalers and pods are known too; a deleted sale is not to wait for them. */
const incompletePauseMs = 5_000;

export function createSaleReconcile(deps: SaleDeps): Reconcile {
  const known = new Map<string, { uid: string; eventId: string | null }>();
  return async (key, { signal }) => {
    const parsed = deps.writer.newest(key, deps.world.sale(key));
    if (parsed === null || isLetGo(parsed)) {
      forget(deps, key, known.get(key));
      known.delete(key);
      return {};
    }
    const before = known.get(key);
    if (before !== undefined && before.uid !== parsed.metadata.uid) forget(deps, key, before);
    known.set(key, { uid: parsed.metadata.uid, eventId: parsed.sale?.eventId ?? null });
    return reconcileSale(deps, parsed, signal);
  };
}

async function reconcileSale(
  deps: SaleDeps,
  parsed: ParsedEventSale,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const { sale, metadata } = parsed;
  if (metadata.deletedAtMs === null && !deps.world.isWhole()) return { requeueAfterMs: incompletePauseMs };
  if (sale === null) return reportUnreadable(deps, parsed, signal);
  if (needsFinalizer(parsed, sale)) {
    const kept = await protect(deps, parsed, sale, signal);
    if (kept === null) return { requeueAfterMs: afterChangeMs };
    deps.writer.note(kept);
    return reconcileSale(deps, kept, signal);
  }
  const first = await look(deps, parsed, sale, signal);
  const changed = await commandBooking(deps, sale, first, signal);
  const { observed, plan } = changed ? await look(deps, parsed, sale, signal) : first;
  deps.warmer.start({ sale, due: plan.warm, pods: observed.pods });
  const status = statusOf({ sale, observed, previous: parsed.status, nowMs: nowMsOf(deps) }, plan);
  const written = await report(deps, parsed, status, { observed, plan }, signal);
  reportMetrics(deps, sale, plan, status);
  if (plan.finalize.kind === 'release' && metadata.finalizers.includes(finalizer)) {
    await letGo(deps, parsed, plan.finalize.left, signal);
    return { requeueAfterMs: afterChangeMs };
  }
  const failures = deps.knowledge.failures.get(sale.uid) ?? 0;
  const pauseMs = pauseAfter({ sale, plan, failures, nowMs: nowMsOf(deps) });
  return { requeueAfterMs: Math.min(written.againAfterMs ?? Infinity, pauseMs) };
}

/** Booking is told of nothing that could be deleted behind our back; that it may not be protected is said. */
async function protect(
  deps: SaleDeps,
  parsed: ParsedEventSale,
  sale: Sale,
  signal: AbortSignal,
): Promise<ParsedEventSale | null> {
  try {
    return await addFinalizer(deps, parsed, signal);
  } catch (error) {
    if (!isForbidden(error)) throw error;
    const { observed, plan } = await look(deps, parsed, sale, signal);
    const status = statusOf({ sale, observed, previous: parsed.status, nowMs: nowMsOf(deps) }, plan);
    await deps.writer.write(parsed, status, plan.events, signal);
    throw error;
  }
}

async function look(deps: SaleDeps, parsed: ParsedEventSale, sale: Sale, signal: AbortSignal): Promise<Look> {
  const observed = await observeSale(deps, parsed, sale, signal);
  const plan = planSale({ sale, observed, previous: parsed.status, nowMs: nowMsOf(deps) });
  return { observed, plan };
}

/** Tells booking what it does not hold yet; true when it may hold something else now. */
async function commandBooking(
  deps: SaleDeps,
  sale: Sale,
  { observed, plan }: Look,
  signal: AbortSignal,
): Promise<boolean> {
  if (plan.arm !== null) {
    const warmsAtMs = sale.opensAtMs - observed.leadTimeMs;
    noteResult(deps, sale, await armSale(deps, sale, plan.arm, warmsAtMs, signal));
    return true;
  }
  if (plan.disarm !== null) {
    noteResult(deps, sale, await disarmSale(deps, sale, plan.disarm, signal));
    return true;
  }
  return false;
}

function noteResult({ knowledge }: SaleDeps, { uid }: Sale, result: CommandResult): void {
  if (result === 'failed') knowledge.failures.set(uid, (knowledge.failures.get(uid) ?? 0) + 1);
  else knowledge.failures.delete(uid);
}

/** The Role of a namespace that is deleted goes before its sales: what may not be written keeps none of them. */
async function report(
  deps: SaleDeps,
  parsed: ParsedEventSale,
  status: EventSaleStatus,
  { observed, plan }: Look,
  signal: AbortSignal,
): Promise<Written> {
  const topic = statusTopicOf(parsed.metadata);
  const mustAsk = plan.finalize.kind === 'wait' && observed.booking.kind === 'unreachable';
  try {
    const written = await deps.writer.write(parsed, status, plan.events, signal, mustAsk);
    deps.knowledge.forbidden.delete(topic);
    return written;
  } catch (error) {
    if (parsed.metadata.deletedAtMs === null || !isForbidden(error)) throw error;
    deps.knowledge.forbidden.set(topic, error.message);
    return { againAfterMs: null };
  }
}

/** A spec that no API server with our schema accepts: said, and let go at once when it is deleted. */
async function reportUnreadable(
  deps: SaleDeps,
  parsed: ParsedEventSale,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  if (parsed.metadata.deletedAtMs !== null) {
    await letGo(deps, parsed, `its spec cannot be read: ${parsed.faults.join(' ')}`, signal);
    return { requeueAfterMs: afterChangeMs };
  }
  await deps.writer.writeUnreadable(parsed, nowMsOf(deps), signal);
  return {};
}

async function letGo(
  deps: SaleDeps,
  parsed: ParsedEventSale,
  left: string | null,
  signal: AbortSignal,
): Promise<void> {
  if (left !== null) {
    // The event may not be written in a namespace that goes.
    deps.log.warn({ sale: `${parsed.metadata.namespace}/${parsed.metadata.name}`, left }, 'a sale is let go');
    deps.recorder.record(saleReference(parsed.metadata), {
      type: 'Warning',
      reason: 'LeftBehind',
      action: 'CloseSale',
      note: `The EventSale was let go although ${left}`,
    });
  }
  const released = await removeFinalizer(deps, parsed, signal);
  // The cache shows it until the watch says that it is gone.
  if (released !== null) deps.writer.note(released);
}

function reportMetrics(deps: SaleDeps, sale: Sale, plan: SalePlan, status: EventSaleStatus): void {
  const isArmed = status.conditions?.some((one) => one.type === 'Armed' && one.status === 'True') === true;
  deps.metrics.sale(
    { namespace: sale.namespace, sale: sale.name },
    { stage: plan.stage, opensAtMs: sale.opensAtMs, latenessMs: plan.facts.openLatenessMs, isArmed },
  );
}

function isLetGo({ metadata }: ParsedEventSale): boolean {
  return metadata.deletedAtMs !== null && !metadata.finalizers.includes(finalizer);
}

function needsFinalizer({ metadata }: ParsedEventSale, sale: Sale): boolean {
  return (
    sale.deletedAtMs === null && sale.management === 'Managed' && !metadata.finalizers.includes(finalizer)
  );
}

function nowMsOf({ clock }: SaleDeps): number {
  return clock.now().getTime();
}

function forget(
  deps: SaleDeps,
  key: string,
  gone: { uid: string; eventId: string | null } | undefined,
): void {
  deps.writer.forget(key);
  if (gone === undefined) return;
  const [namespace = '', name = ''] = key.split('/');
  deps.metrics.saleGone({ namespace, sale: name });
  deps.warmer.forget(gone.uid);
  deps.knowledge.views.delete(gone.uid);
  deps.knowledge.refusals.delete(gone.uid);
  deps.knowledge.failures.delete(gone.uid);
  deps.knowledge.troubles.delete(gone.uid);
  for (const topic of [`finalizer of ${key}`, statusTopicOf(splitKey(key))])
    deps.knowledge.forbidden.delete(topic);
  const { eventId } = gone;
  if (eventId !== null && !deps.world.sales().some((sale) => sale.eventId === eventId))
    deps.knowledge.epochs.forget(eventId);
}
