/** The life of a payment attempt and of a refund: the only place that says which status may follow which. */

/** `created` is an attempt before its row is committed: it is never stored. */
export type PaymentState = 'created' | 'capturing' | 'unknown' | 'succeeded' | 'declined' | 'void';
export type RefundState = 'pending' | 'succeeded' | 'failed';

const paymentGraph: Readonly<Record<PaymentState, readonly PaymentState[]>> = {
  created: ['capturing', 'void'],
  capturing: ['succeeded', 'declined', 'unknown'],
  unknown: ['succeeded', 'declined', 'void'],
  succeeded: [],
  declined: [],
  void: [],
};

/** True when a payment in `from` may become `to`, directly or by way of other states. */
export function paymentReaches(from: PaymentState, to: PaymentState): boolean {
  return paymentGraph[from].some((next) => next === to || paymentReaches(next, to));
}

/** True when nothing follows `state`. */
export function isSettled(state: PaymentState): boolean {
  return paymentGraph[state].length === 0;
}

/** What the provider holds about one attempt at the moment it is asked. Amounts are minor units. */
export type ProviderCharge = {
  status: 'pending' | 'succeeded' | 'declined' | 'voided';
  transactionId: string | null;
  amountMinor: number | null;
  currency: string | null;
  declineCode: string | null;
};
export type ProviderRefund = {
  status: 'pending' | 'succeeded' | 'failed';
  providerRefundId: string;
  amountMinor: number;
  failureCode: string | null;
};

/** What is known of an attempt when the provider's word is laid beside it. */
export type AttemptFacts = { status: PaymentState; amountMinor: number | null; currency: string | null };

export type ChargeMerge =
  | { kind: 'nothing' }
  | { kind: 'succeed'; transactionId: string }
  | { kind: 'decline'; code: string }
  | { kind: 'void' }
  /** Money and books disagree in a way that no rule settles: a person must look. */
  | { kind: 'case'; problem: 'amount-mismatch' | 'captured-after-end' };

const unnamedDecline = 'declined';

/**
 * Lays the provider's present word beside ours. Monotone: whatever the order and number of the words, a
 * settled attempt stays as it is; money where ours says there is none becomes a case, never silence.
 */
export function mergeCharge(payment: AttemptFacts, charge: ProviderCharge): ChargeMerge {
  switch (charge.status) {
    case 'pending':
      return { kind: 'nothing' };
    case 'declined':
      return paymentReaches(payment.status, 'declined')
        ? { kind: 'decline', code: charge.declineCode ?? unnamedDecline }
        : { kind: 'nothing' };
    case 'voided':
      return paymentReaches(payment.status, 'void') ? { kind: 'void' } : { kind: 'nothing' };
    case 'succeeded': {
      const same = charge.amountMinor === payment.amountMinor && charge.currency === payment.currency;
      if (payment.status === 'succeeded') return { kind: 'nothing' };
      if (isSettled(payment.status)) return { kind: 'case', problem: 'captured-after-end' };
      if (!same || charge.transactionId === null) return { kind: 'case', problem: 'amount-mismatch' };
      return { kind: 'succeed', transactionId: charge.transactionId };
    }
  }
}

export type RefundMerge = { kind: 'nothing' } | { kind: 'succeed' } | { kind: 'fail'; code: string };

/** Lays the provider's word on a refund beside ours: a pending one settles once, a settled one stays. */
export function mergeRefund(
  refund: { status: RefundState; amountMinor: number },
  word: ProviderRefund,
): RefundMerge {
  if (refund.status !== 'pending' || word.status === 'pending') return { kind: 'nothing' };
  if (word.status === 'failed') return { kind: 'fail', code: word.failureCode ?? 'failed' };
  return word.amountMinor === refund.amountMinor
    ? { kind: 'succeed' }
    : { kind: 'fail', code: 'amount_mismatch' };
}
