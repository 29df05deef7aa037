/** What a payment's outcome does to a booking. Pure. */
import type { Booking, BookingStatus, Cause } from './booking.ts';

/** `free`: nothing is to be paid, and nobody was asked (I21). */
export type PaymentOutcome =
  | { status: 'succeeded'; attempt: number; paymentId: string; transactionId: string | null }
  | { status: 'declined'; attempt: number; declineCode: string }
  | { status: 'unknown'; attempt: number }
  | { status: 'void'; attempt: number }
  | { status: 'free'; attempt: number };

export type Settlement =
  | { kind: 'move'; to: BookingStatus; cause: Cause; patch: Partial<Booking> }
  /** Money arrived for a hold that is over: take the same stock again, or give the money back. */
  | { kind: 'reinstate-or-refund'; patch: Partial<Booking> }
  | { kind: 'refund'; reason: string }
  | { kind: 'nothing' };

/** A buyer whose card was declined has at least this long to try again, granted once. */
export const graceMs = 10 * 60_000;

/** Decides under the booking's lock; outcomes of earlier attempts and repeated ones change nothing. */
export function settlementOf(booking: Booking, outcome: PaymentOutcome, now: Date): Settlement {
  switch (outcome.status) {
    case 'succeeded':
      return settleMoney(booking, outcome);
    case 'declined':
    case 'void':
      if (!isPaying(booking) || outcome.attempt !== booking.attempt) return { kind: 'nothing' };
      return {
        kind: 'move',
        to: 'pending',
        cause: outcome.status === 'declined' ? 'payment_declined' : 'payment_given_up',
        patch: { ...withGrace(booking, now), payingSince: null },
      };
    case 'free':
      if (booking.status !== 'paying' || outcome.attempt !== booking.attempt) return { kind: 'nothing' };
      return { kind: 'move', to: 'confirmed', cause: 'free', patch: {} };
    case 'unknown':
      if (booking.status !== 'paying' || outcome.attempt !== booking.attempt) return { kind: 'nothing' };
      return { kind: 'move', to: 'payment_unknown', cause: 'payment_unknown', patch: {} };
  }
}

function isPaying(booking: Booking): boolean {
  return booking.status === 'paying' || booking.status === 'payment_unknown';
}

function settleMoney(booking: Booking, outcome: PaymentOutcome & { status: 'succeeded' }): Settlement {
  const patch = {
    paymentId: outcome.paymentId,
    transactionId: outcome.transactionId,
    attempt: outcome.attempt,
  };
  switch (booking.status) {
    case 'paying':
    case 'payment_unknown':
      if (outcome.attempt !== booking.attempt) return { kind: 'refund', reason: 'earlier_attempt' };
      return { kind: 'move', to: 'confirmed', cause: 'payment_succeeded', patch };
    case 'pending':
      return { kind: 'move', to: 'confirmed', cause: 'late_payment', patch };
    case 'expired':
      return { kind: 'reinstate-or-refund', patch };
    case 'confirmed':
      return outcome.attempt === booking.attempt
        ? { kind: 'nothing' }
        : { kind: 'refund', reason: 'paid_twice' };
    case 'cancelled':
      // What was paid before the cancellation was dealt with by it.
      return outcome.attempt === booking.attempt && booking.paymentId !== null
        ? { kind: 'nothing' }
        : { kind: 'refund', reason: 'late_payment' };
  }
}

function withGrace(booking: Booking, now: Date): Partial<Booking> {
  const graceUntil = new Date(now.getTime() + graceMs);
  if (booking.graceGranted || booking.expiresAt >= graceUntil) return {};
  return { expiresAt: graceUntil, graceGranted: true };
}
