/** A payment and its refunds as the rules see them, and what may be asked of them. */
import type { PaymentState, RefundState } from './life.ts';

/** One attempt. Amounts are minor units; amount, currency and user are null in a tombstone. */
export type Payment = {
  id: string;
  bookingId: string;
  eventId: string;
  userId: string | null;
  attempt: number;
  status: Exclude<PaymentState, 'created'>;
  amountMinor: number | null;
  currency: string | null;
  refundedMinor: number;
  transactionId: string | null;
  declineCode: string | null;
  voidRequested: boolean;
  createdAt: Date;
};

export type Refund = {
  id: string;
  paymentId: string;
  amountMinor: number;
  currency: string;
  reason: string;
  status: RefundState;
  createdAt: Date;
};

/** The same booking and attempt must be asked for the same money. */
export function isSameAttempt(payment: Payment, asked: { amountMinor: number; currency: string }): boolean {
  if (payment.amountMinor === null) return true; // A tombstone answers `void` to whatever comes.
  return payment.amountMinor === asked.amountMinor && payment.currency === asked.currency;
}

/**
 * A repeated request goes to the provider again, with the same key, only while the outcome is open and
 * nobody has given the attempt up.
 */
export function mayCaptureAgain(payment: Payment): boolean {
  return (payment.status === 'capturing' || payment.status === 'unknown') && !payment.voidRequested;
}

export type PaymentRefusal =
  | { kind: 'payment-not-found' }
  | { kind: 'request-differs'; what: string }
  | { kind: 'payment-not-captured'; status: string }
  | { kind: 'refund-exceeds-payment'; refundableMinor: number; currency: string }
  | { kind: 'provider-busy'; retryAfterSeconds: number };

export type RefundAsk = { refundId: string; paymentId: string; amountMinor: number; currency: string | null };
export type RefundDecision =
  | { ok: true; kind: 'create'; currency: string }
  | { ok: true; kind: 'replay'; refund: Refund }
  | { ok: false; refusal: PaymentRefusal };

/**
 * Decides a refund of `payment`, whose row the caller has locked: never above what was captured (I22),
 * once per refund id. `ask.currency` is null when the asker did not name one.
 */
export function decideRefund(payment: Payment, existing: Refund | null, ask: RefundAsk): RefundDecision {
  if (existing !== null) {
    const same = existing.paymentId === ask.paymentId && existing.amountMinor === ask.amountMinor;
    return same
      ? { ok: true, kind: 'replay', refund: existing }
      : { ok: false, refusal: { kind: 'request-differs', what: 'this refund_id' } };
  }
  if (payment.status !== 'succeeded' || payment.amountMinor === null || payment.currency === null) {
    return { ok: false, refusal: { kind: 'payment-not-captured', status: payment.status } };
  }
  if (ask.currency !== null && ask.currency !== payment.currency) {
    return { ok: false, refusal: { kind: 'request-differs', what: 'the currency of this payment' } };
  }
  const refundableMinor = payment.amountMinor - payment.refundedMinor;
  if (ask.amountMinor > refundableMinor) {
    const { currency } = payment;
    return { ok: false, refusal: { kind: 'refund-exceeds-payment', refundableMinor, currency } };
  }
  return { ok: true, kind: 'create', currency: payment.currency };
}

const firstPauseSeconds = 1;
const longestPauseSeconds = 60;
const doublingsAtMost = 6;

/** Pause before the provider is asked again after `checks` answers that settled nothing: 1, 2, 4 ... 60 s. */
export function pauseBeforeCheckSeconds(checks: number): number {
  return Math.min(longestPauseSeconds, firstPauseSeconds * 2 ** Math.min(checks, doublingsAtMost));
}
