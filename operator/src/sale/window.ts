/** When a sale counts: its lead time, its close and its drain, and which of two for one event is meant. Pure. */
import type { Sale } from './model.ts';

/** Without `closesAt` a sale may run for ever; its pods are kept this long after it opened. */
export const longestFloorMs = 30 * 86_400_000;
/** A deleted sale is let go after this at the latest, whether or not booking answered. */
export const deletionDeadlineMs = 300_000;

/** Half-open spans; `Infinity` never occurs. An empty window (`fromMs` = `untilMs`) asks for no pods. */
export type FloorWindow = {
  /** When the lead time begins. */
  fromMs: number;
  /** Until then the floor of the target never falls. */
  closeMs: number;
  /** Until then the sale's pods are needed. */
  untilMs: number;
};

/**
 * The window in which `sale` asks for pods, as far as is known at `nowMs`. `held` is what booking holds for it:
 * 0 ends its drain, null (not known) lets it last as long as it may.
 */
export function floorWindowOf(
  sale: Sale,
  leadTimeMs: number,
  nowMs: number,
  held: number | null,
): FloorWindow {
  const fromMs = sale.opensAtMs - leadTimeMs;
  const byTimeMs =
    sale.closesAtMs === null ? sale.opensAtMs + longestFloorMs : seenCloseMs(sale, sale.closesAtMs, nowMs);
  const closeMs = Math.min(byTimeMs, endedByPersonMs(sale, nowMs) ?? byTimeMs);
  if (closeMs <= fromMs) return { fromMs, closeMs: fromMs, untilMs: fromMs };
  return { fromMs, closeMs, untilMs: drainedMs(sale, closeMs, nowMs, held) };
}

/** An edit may move the close of an open sale into the past: then it closes when that is seen, and drains from then on. */
function seenCloseMs({ recorded }: Sale, closesAtMs: number, nowMs: number): number {
  if (recorded.openedAtMs === null || nowMs < closesAtMs) return closesAtMs;
  return Math.max(closesAtMs, recorded.closedAtMs ?? nowMs);
}

/** When Stop or a deletion ended the sale; null where neither did. */
function endedByPersonMs(sale: Sale, nowMs: number): number | null {
  const { closedAtMs } = sale.recorded;
  if (sale.deletedAtMs !== null) {
    // Until booking has closed it, it sells on and needs its pods.
    return sale.deletionPolicy === 'ReleaseOnly'
      ? sale.deletedAtMs
      : (closedAtMs ?? sale.deletedAtMs + deletionDeadlineMs);
  }
  return sale.intent === 'Stop' ? (closedAtMs ?? nowMs) : null;
}

function drainedMs(sale: Sale, closeMs: number, nowMs: number, held: number | null): number {
  const waitsForHolds = sale.deletedAtMs === null && (sale.closesAtMs !== null || sale.intent === 'Stop');
  if (!waitsForHolds) return closeMs;
  const longestMs = closeMs + sale.scaleDown.afterMs;
  const { drainedAtMs } = sale.recorded;
  // What was recorded before an edit moved the close is no longer true.
  if (drainedAtMs !== null && drainedAtMs >= closeMs) return Math.min(longestMs, drainedAtMs);
  return nowMs >= closeMs && held === 0 ? Math.min(longestMs, nowMs) : longestMs;
}

/** The EventSale that wins over `sale` because it is older and names the same event; null when `sale` wins. */
export function duplicateOf(sale: Sale, sales: readonly Sale[]): Sale | null {
  const oldest = sales
    .filter(({ namespace, eventId }) => namespace === sale.namespace && eventId === sale.eventId)
    .reduce((first, one) => (isOlder(one, first) ? one : first), sale);
  return oldest.uid === sale.uid ? null : oldest;
}

/** Of each event's sales the oldest. */
export function withoutDuplicates(sales: readonly Sale[]): readonly Sale[] {
  const oldest = new Map<string, Sale>();
  for (const sale of sales) {
    const event = `${sale.namespace}/${sale.eventId}`;
    const first = oldest.get(event);
    if (first === undefined || isOlder(sale, first)) oldest.set(event, sale);
  }
  return [...oldest.values()];
}

/** By creation, which has whole seconds; then by uid, which is arbitrary and the same for everyone. */
function isOlder(one: Sale, other: Sale): boolean {
  return one.createdAtMs === other.createdAtMs ? one.uid < other.uid : one.createdAtMs < other.createdAtMs;
}
