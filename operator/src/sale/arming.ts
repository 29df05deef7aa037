/** What booking is to store for a sale, and whether it does. Pure. */
import type { ArmCommand } from '../dataplane/booking.ts';
import type { Refusal } from '../knowledge.ts';
import type { ArmedSale, BookingView, Sale } from './model.ts';
import type { Observed } from './sale-plan.ts';

export type WantedWindow = Pick<ArmCommand, 'opensAtMs' | 'closesAtMs' | 'intent'>;

/** What booking stores for this EventSale; null when it stores nothing, or another's. */
export function ownArmed(sale: Sale, booking: BookingView): ArmedSale | null {
  return booking.kind === 'armed' && booking.sale.armed && booking.sale.uid === sale.uid
    ? booking.sale
    : null;
}

/** Whether booking stores exactly this generation's window with this intent. */
export function isStored(sale: Sale, wanted: WantedWindow, booking: BookingView): boolean {
  const stored = ownArmed(sale, booking);
  return (
    stored !== null &&
    stored.generation === sale.generation &&
    stored.opensAtMs === wanted.opensAtMs &&
    stored.closesAtMs === wanted.closesAtMs &&
    stored.intent === wanted.intent
  );
}

/**
 * Whether booking was told a later generation of this EventSale than this process sees. A new leader's copy may be
 * behind, and its higher epoch would win: what it does not know, such as a Stop, it must not undo.
 */
export function isBehind(sale: Sale, booking: BookingView): boolean {
  return (
    booking.kind === 'armed' && booking.sale.uid === sale.uid && booking.sale.generation > sale.generation
  );
}

/** A refusal is believed for so long: a booking that is being replaced refuses what the next one takes. */
const refusalMs = 60_000;

/** The sentence with which booking refused this generation lately; null when it may be asked again. */
export function refusalOf(refusal: Refusal | undefined, sale: Sale, nowMs: number): string | null {
  if (refusal === undefined || refusal.generation !== sale.generation) return null;
  const ageMs = nowMs - refusal.atMs;
  return ageMs >= 0 && ageMs < refusalMs ? refusal.why : null;
}

/** A leader's epoch for an event: what it took before, or one above everything that was ever seen. */
export function epochFor(sale: Sale, { booking, leader }: Pick<Observed, 'booking' | 'leader'>): number {
  const stored = booking.kind === 'armed' ? booking.sale.epoch : 0;
  return leader.keptEpoch ?? Math.max(leader.leaseTransitions, stored, sale.recorded.epoch ?? 0) + 1;
}

/** The command that is missing in booking; null when nothing is to be told, or nobody is there to be told. */
export function missingCommand(
  sale: Sale,
  wanted: WantedWindow,
  observed: Observed,
  nowMs: number,
): ArmCommand | null {
  const { booking } = observed;
  const handsOff = sale.management === 'Paused' || sale.deletedAtMs !== null;
  if (handsOff || observed.duplicateOf !== null || observed.refusal !== null) return null;
  if (booking.kind !== 'armed' && booking.kind !== 'not-armed') return null;
  if (isStored(sale, wanted, booking) || isBehind(sale, booking)) return null;
  if (sale.closesAtMs !== null && sale.closesAtMs <= nowMs && !stillSells(sale, booking, nowMs)) return null;
  const { uid, generation } = sale;
  return { ...wanted, uid, generation, epoch: epochFor(sale, observed) };
}

/** After its close a sale is told again only when booking would sell on: its close was moved. */
export function stillSells(sale: Sale, booking: BookingView, nowMs: number): boolean {
  const stored = ownArmed(sale, booking);
  return stored !== null && (stored.closesAtMs === null || stored.closesAtMs > nowMs);
}
