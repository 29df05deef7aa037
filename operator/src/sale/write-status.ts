/** Writes the status of a sale by server-side apply: only when it says something else, and not too often. */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '@evently/kit/clock';
import { statusFieldManager, toStatusBody, type EventSaleStatus } from '../api/event-sale-status.ts';
import { parseEventSale, type ParsedEventSale } from '../api/parse-event-sale.ts';
import { eventSales } from '../api/resource.ts';
import type { Effects } from '../effects.ts';
import type { KubeApi } from '../kube/api.ts';
import { isConflict, isNotFound } from '../kube/errors.ts';
import { compareVersions } from '../kube/object-cache.ts';
import type { EventNote, Recorder } from '../kube/recorder.ts';
import { saleReference } from './events.ts';
import { eventsBetween, unreadableStatus } from './status.ts';

/** When to come again with what was not written yet; null when there is nothing. */
export type Written = { againAfterMs: number | null };

export type StatusWriter = {
  /** The newer one of what the cache has and what this process wrote itself. */
  newest: (key: string, cached: ParsedEventSale | null) => ParsedEventSale | null;
  /** Something else of this process changed the sale: that is the newest known of it. */
  note: (parsed: ParsedEventSale) => void;
  /**
   * `events` are told with the status that they belong to, after it was written. `evenIfSame` writes also what is
   * stored already, which changes nothing and shows whether it still may be written.
   */
  write: (
    parsed: ParsedEventSale,
    status: EventSaleStatus,
    events: readonly EventNote[],
    signal: AbortSignal,
    evenIfSame?: boolean,
  ) => Promise<Written>;
  writeUnreadable: (parsed: ParsedEventSale, nowMs: number, signal: AbortSignal) => Promise<Written>;
  forget: (key: string) => void;
};

export type StatusWriterDeps = {
  api: Pick<KubeApi, 'apply'>;
  effects: Effects;
  recorder: Recorder;
  clock: Clock;
};

const deadlineMs = 10_000;
/** Numbers that move wait so long after a write; a condition that flips does not. */
const shortestPauseMs = 2_000;

/** `writtenAtMs` is when the status was written; null for another change. */
type Own = { parsed: ParsedEventSale; writtenAtMs: number | null };

export function createStatusWriter(deps: StatusWriterDeps): StatusWriter {
  const own = new Map<string, Own>();
  async function write(
    parsed: ParsedEventSale,
    status: EventSaleStatus,
    events: readonly EventNote[],
    signal: AbortSignal,
    evenIfSame = false,
  ): Promise<Written> {
    const key = keyOf(parsed);
    if (!evenIfSame && isSame(parsed.status, status)) return { againAfterMs: null };
    const nowMs = deps.clock.now().getTime();
    const sinceMs = nowMs - (own.get(key)?.writtenAtMs ?? -Infinity);
    if (sinceMs >= 0 && sinceMs < shortestPauseMs && !flips(parsed.status, status))
      return { againAfterMs: shortestPauseMs - sinceMs };
    const stored = await applyStatus(deps, parsed, status, signal);
    if (stored === null) return { againAfterMs: shortestPauseMs };
    own.set(key, { parsed: stored, writtenAtMs: nowMs });
    const reference = saleReference(parsed.metadata);
    for (const note of [...events, ...eventsBetween(parsed.status, status)])
      deps.recorder.record(reference, note);
    return { againAfterMs: null };
  }
  return {
    newest: (key, cached) => {
      const mine = own.get(key)?.parsed;
      if (cached === null || mine === undefined || mine.metadata.uid !== cached.metadata.uid) return cached;
      const order = compareVersions(mine.metadata.resourceVersion, cached.metadata.resourceVersion);
      // A sale that is gone with its last finalizer was given no version for that.
      return order !== null && order >= 0 ? mine : cached;
    },
    note: (parsed) => {
      const key = keyOf(parsed);
      own.set(key, { parsed, writtenAtMs: own.get(key)?.writtenAtMs ?? null });
    },
    write,
    writeUnreadable: (parsed, nowMs, signal) => write(parsed, unreadableStatus(parsed, nowMs), [], signal),
    forget: (key) => void own.delete(key),
  };
}

/** Null when the sale is not there any more, or is another one: nothing was written. */
async function applyStatus(
  deps: StatusWriterDeps,
  parsed: ParsedEventSale,
  status: EventSaleStatus,
  signal: AbortSignal,
): Promise<ParsedEventSale | null> {
  const { namespace, name } = parsed.metadata;
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  try {
    const stored = await deps.effects.perform(
      {
        name: 'apply-status',
        on: keyOf(parsed),
        deadlineMs,
        detail: { stage: ready?.reason, ready: ready?.status },
        run: (ends) =>
          deps.api.apply(eventSales, { namespace, name }, toStatusBody(parsed.metadata, status), {
            fieldManager: statusFieldManager,
            force: true,
            subresource: 'status',
            signal: ends,
            deadlineMs,
          }),
      },
      signal,
    );
    return parseEventSale(stored);
  } catch (error) {
    if (isNotFound(error) || isConflict(error)) return null;
    throw error;
  }
}

function keyOf({ metadata }: ParsedEventSale): string {
  return `${metadata.namespace}/${metadata.name}`;
}

/** The same words and numbers, whatever is absent and in whatever order members stand. */
export function isSame(a: EventSaleStatus | null, b: EventSaleStatus): boolean {
  return a !== null && isDeepStrictEqual(plain(a), plain(b));
}

function plain(status: EventSaleStatus): unknown {
  const text: unknown = JSON.parse(JSON.stringify(status));
  return text;
}

/** Whether a condition comes, goes, or changes its status or reason. */
function flips(before: EventSaleStatus | null, after: EventSaleStatus): boolean {
  const shown = (status: EventSaleStatus | null): string[] =>
    (status?.conditions ?? []).map((one) => `${one.type} ${one.status} ${one.reason}`).toSorted();
  return !isDeepStrictEqual(shown(before), shown(after));
}
