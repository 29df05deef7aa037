/** What a plan changes, in a fixed order: booking first, then the warming; each through the one door of effects. */
import type { Clock } from '@evently/kit/clock';
import type { Logger } from '@evently/kit/log';
import { finalizer } from '../api/names.ts';
import { eventSales } from '../api/resource.ts';
import { parseEventSale, type ParsedEventSale } from '../api/parse-event-sale.ts';
import type { ArmCommand, BookingClient, CommandOutcome, Fence } from '../dataplane/booking.ts';
import type { Effects } from '../effects.ts';
import type { Knowledge } from '../knowledge.ts';
import type { JsonPatchOperation, KubeApi } from '../kube/api.ts';
import { isConflict, isForbidden, isNotFound, KubeError } from '../kube/errors.ts';
import type { Lease } from '../kube/lease.ts';
import type { KubeObject } from '../kube/resource.ts';
import type { World } from '../world.ts';
import { mayRaise } from './epoch.ts';
import type { Sale } from './model.ts';
import type { Trouble } from './sale-plan.ts';
import { duplicateOf } from './window.ts';

export type ApplyDeps = {
  world: Pick<World, 'listSales'>;
  knowledge: Knowledge;
  booking: BookingClient;
  api: Pick<KubeApi, 'patchJson'>;
  effects: Effects;
  lease: Pick<Lease, 'untilRenewed'>;
  clock: Clock;
  log: Logger;
};

const kubeDeadlineMs = 10_000;
/** Two tries at booking, and a renewal of the lease between them. */
const commandDeadlineMs = 6_000;
const unprocessable = 422;

/** `changed`: booking holds something else than was observed; look again. `refused`: it would refuse again. */
export type CommandResult = 'done' | 'refused' | 'failed';

/** Tells booking the window. Raises the epoch once when booking knows less than this sale says. */
export async function armSale(
  deps: ApplyDeps,
  sale: Sale,
  command: ArmCommand,
  warmsAtMs: number,
  signal: AbortSignal,
): Promise<CommandResult> {
  const send = (epoch: number): Promise<CommandOutcome<unknown>> =>
    deps.effects.perform(
      {
        name: 'arm',
        on: keyOf(sale),
        deadlineMs: commandDeadlineMs,
        detail: { event_id: sale.eventId, epoch, generation: command.generation, intent: command.intent },
        run: (ends) => deps.booking.arm(sale.eventId, { ...command, epoch, warmsAtMs }, ends),
      },
      signal,
    );
  const outcome = await commandWithFence(deps, sale, command, send, signal);
  if (outcome.kind === 'refused') {
    const { generation } = command;
    deps.knowledge.refusals.set(sale.uid, { generation, why: outcome.why, atMs: deps.clock.now().getTime() });
    return 'refused';
  }
  if (outcome.kind === 'done') deps.knowledge.refusals.delete(sale.uid);
  return outcome.kind === 'done' ? 'done' : 'failed';
}

/** Gives the window back to the catalog; an event that booking does not know has none. */
export async function disarmSale(
  deps: ApplyDeps,
  sale: Sale,
  fence: Fence,
  signal: AbortSignal,
): Promise<CommandResult> {
  const send = (epoch: number): Promise<CommandOutcome<unknown>> =>
    deps.effects.perform(
      {
        name: 'disarm',
        on: keyOf(sale),
        deadlineMs: commandDeadlineMs,
        detail: { event_id: sale.eventId, epoch, generation: fence.generation },
        run: (ends) => deps.booking.disarm(sale.eventId, { ...fence, epoch }, ends),
      },
      signal,
    );
  const outcome = await commandWithFence(deps, sale, fence, send, signal);
  return outcome.kind === 'done' || outcome.kind === 'unknown-event' ? 'done' : 'failed';
}

async function commandWithFence(
  deps: ApplyDeps,
  sale: Sale,
  command: Fence,
  send: (epoch: number) => Promise<CommandOutcome<unknown>>,
  signal: AbortSignal,
): Promise<CommandOutcome<unknown>> {
  // What was seen before is not what booking holds after this, whatever the answer.
  deps.knowledge.views.delete(sale.uid);
  const first = await send(command.epoch);
  if (first.kind === 'done') deps.knowledge.epochs.keep(sale.eventId, command.epoch);
  if (first.kind !== 'stale') return told(deps, sale, first);
  if (!mayRaise(command, first.stored, (uid) => mayKeep(deps, sale, uid))) return told(deps, sale, first);
  // A leader that was replaced without knowing it must not go above its successor.
  await deps.lease.untilRenewed(signal);
  const epoch = first.stored.epoch + 1;
  const second = await send(epoch);
  if (second.kind === 'done') deps.knowledge.epochs.keep(sale.eventId, epoch);
  return told(deps, sale, second);
}

/**
 * Whether the EventSale of this uid is there and may keep the event from `sale`. One that lost to `sale` may not, though
 * it was armed before: creation has whole seconds, so the winner may be the one that was seen later.
 */
function mayKeep({ world }: ApplyDeps, sale: Sale, uid: string): boolean {
  const other = world.listSales().find(({ metadata }) => metadata.uid === uid);
  if (other === undefined) return false;
  return other.sale === null || duplicateOf(other.sale, [sale])?.uid !== sale.uid;
}

function told(deps: ApplyDeps, sale: Sale, outcome: CommandOutcome<unknown>): CommandOutcome<unknown> {
  const trouble = troubleOf(outcome);
  if (trouble === null) deps.knowledge.troubles.delete(sale.uid);
  else deps.knowledge.troubles.set(sale.uid, trouble);
  if (outcome.kind !== 'done')
    deps.log.warn({ sale: keyOf(sale), ...outcome }, 'booking did not take the command');
  return outcome;
}

function troubleOf(outcome: CommandOutcome<unknown>): Trouble | null {
  if (outcome.kind === 'failed') return { reason: 'NotArmed', why: outcome.why };
  if (outcome.kind !== 'stale') return null;
  const { epoch, uid, generation } = outcome.stored;
  const why = `booking was told by epoch ${epoch} for generation ${generation} of the EventSale with uid ${uid}`;
  return { reason: 'StaleEpoch', why };
}

function keyOf({ namespace, name }: { namespace: string; name: string }): string {
  return `${namespace}/${name}`;
}

/** Puts the finalizer at the end of the list that was seen; null when the sale has changed since. */
export function addFinalizer(
  deps: Pick<ApplyDeps, 'api' | 'effects' | 'knowledge'>,
  { metadata }: ParsedEventSale,
  signal: AbortSignal,
): Promise<ParsedEventSale | null> {
  const operations: JsonPatchOperation[] = [
    { op: 'test', path: '/metadata/uid', value: metadata.uid },
    { op: 'test', path: '/metadata/resourceVersion', value: metadata.resourceVersion },
    metadata.finalizers.length === 0
      ? { op: 'add', path: '/metadata/finalizers', value: [finalizer] }
      : { op: 'add', path: '/metadata/finalizers/-', value: finalizer },
  ];
  return patchFinalizers(deps, 'add-finalizer', metadata, operations, signal);
}

/** Takes the finalizer out, tested to be the one at its place; null when the list has changed since. */
export function removeFinalizer(
  deps: Pick<ApplyDeps, 'api' | 'effects' | 'knowledge'>,
  { metadata }: ParsedEventSale,
  signal: AbortSignal,
): Promise<ParsedEventSale | null> {
  const path = `/metadata/finalizers/${metadata.finalizers.indexOf(finalizer)}`;
  const operations: JsonPatchOperation[] = [
    { op: 'test', path: '/metadata/uid', value: metadata.uid },
    { op: 'test', path, value: finalizer },
    { op: 'remove', path },
  ];
  return patchFinalizers(deps, 'remove-finalizer', metadata, operations, signal);
}

async function patchFinalizers(
  deps: Pick<ApplyDeps, 'api' | 'effects' | 'knowledge'>,
  name: 'add-finalizer' | 'remove-finalizer',
  metadata: ParsedEventSale['metadata'],
  operations: readonly JsonPatchOperation[],
  signal: AbortSignal,
): Promise<ParsedEventSale | null> {
  const key = { namespace: metadata.namespace, name: metadata.name };
  const topic = `finalizer of ${keyOf(metadata)}`;
  const run = (ends: AbortSignal): Promise<KubeObject> =>
    deps.api.patchJson(eventSales, key, operations, { signal: ends, deadlineMs: kubeDeadlineMs });
  try {
    const effect = { name, on: keyOf(metadata), deadlineMs: kubeDeadlineMs, run };
    const changed = parseEventSale(await deps.effects.perform(effect, signal));
    deps.knowledge.forbidden.delete(topic);
    return changed;
  } catch (error) {
    // The status says it; the error itself brings the sale back.
    if (isForbidden(error)) deps.knowledge.forbidden.set(topic, error.message);
    // A test operation that does not hold is a 422, as an invalid patch is.
    const isOutdated =
      isConflict(error) ||
      isNotFound(error) ||
      (error instanceof KubeError && error.status === unprocessable);
    if (isOutdated) return null;
    throw error;
  }
}
