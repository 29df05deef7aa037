/** What is left to do for a sale that is being deleted: close it in booking, and never wait for long. Pure. */
import type { Fence } from '../dataplane/booking.ts';
import { epochFor } from './arming.ts';
import type { Finalize, SaleInput } from './sale-plan.ts';

/**
 * What booking is waited for by a sale whose status may not be written any more. Mostly its namespace goes, and booking
 * with it; a booking that only restarts answers again within this.
 */
const outcastWaitMs = 30_000;

export type Deletion = { finalize: Finalize; disarm: Fence | null };

/**
 * By `deletionPolicy`. A sale is closed once booking holds its tombstone, or another sale's word; that is asked for
 * also where nothing was armed, because a command to arm may be on its way. After five minutes the finalizer goes, and
 * after half a minute where neither booking nor the API server lets the operator do its work.
 */
export function planDeletion({ sale, observed, nowMs }: SaleInput): Deletion {
  const release = (left: string | null): Deletion => ({ finalize: { kind: 'release', left }, disarm: null });
  if (sale.deletedAtMs === null) return { finalize: { kind: 'keep' }, disarm: null };
  if (sale.deletionPolicy === 'ReleaseOnly' || observed.duplicateOf !== null) return release(null);
  const { booking } = observed;
  if (booking.kind === 'unknown-event') return release(null);
  if (booking.kind === 'armed') {
    const ours = booking.sale.uid === sale.uid;
    // A tombstone of somebody else says nothing against a command of ours that is on its way; a newer sale does.
    if (ours ? !booking.sale.armed : booking.sale.armed) return release(null);
  }
  const { limitMs, isOutcast } = observed.deletion;
  const isHopeless = isOutcast && booking.kind === 'unreachable';
  const waitMs = isHopeless ? Math.min(limitMs, outcastWaitMs) : limitMs;
  const untilMs = sale.deletedAtMs + waitMs;
  if (nowMs >= untilMs)
    return release(whatIsLeft(sale.eventId, waitMs, booking.kind === 'unreachable' ? booking.why : null));
  const fence = { epoch: epochFor(sale, observed), uid: sale.uid, generation: sale.generation };
  return { finalize: { kind: 'wait', untilMs }, disarm: booking.kind === 'unreachable' ? null : fence };
}

/** Continues "The EventSale was let go although ...". */
function whatIsLeft(eventId: string, waitMs: number, why: string | null): string {
  const because = why ?? 'it did not confirm that';
  return `booking was not seen to close event ${eventId} within ${waitMs / 1_000} s (${because}), so it may still sell. Close it with DELETE /internal/sales/${eventId} of booking, or with a new EventSale whose intent is Stop.`;
}
