/** Takes money for one attempt: commit the row, ask the provider, commit what it said. */
import { newId } from '@evently/kit/ids';
import { isSameAttempt, mayCaptureAgain, type Payment, type PaymentRefusal } from '../domain/payment.ts';
import { askProvider } from '../provider/ask.ts';
import { findAttempt } from '../store/payments.ts';
import { settleAtOnce, settleAttempt } from './settle-attempt.ts';
import type { PaymentActionDeps } from './deps.ts';

export type TakePaymentInput = {
  bookingId: string;
  eventId: string;
  userId: string;
  attempt: number;
  amountMinor: number;
  currency: string;
  /** Goes to the provider and nowhere else: neither stored nor logged. */
  token: string;
  method: string;
};
export type PaymentOutcome = { ok: true; payment: Payment } | { ok: false; refusal: PaymentRefusal };

/** The reconciler leaves an attempt alone while its request may still be waiting for the provider. */
const marginMs = 1_000;

/**
 * Idempotent by (booking, attempt): a settled attempt is answered as it is, an open one goes to the provider
 * again under the same key. `unknown` means that the provider has not said; it is asked until it has, and
 * `payment.settled` tells the end. Refused when the pair was asked for other money.
 */
export async function takePayment(deps: PaymentActionDeps, input: TakePaymentInput): Promise<PaymentOutcome> {
  const { bookingId, eventId, userId, attempt, amountMinor, currency } = input;
  const inserted = await deps.books.record({
    bookingId,
    eventId,
    userId,
    attempt,
    amountMinor,
    currency,
    id: newId(deps.clock.now().getTime()),
    provider: deps.provider.name,
    firstCheckAfterMs: deps.providerDeadlineMs + marginMs,
  });
  if (inserted !== null) return { ok: true, payment: await capture(deps, inserted, input) };
  const existing = await findAttempt(deps.db, input.bookingId, input.attempt);
  if (existing === null) throw new Error(`attempt ${input.attempt} of booking ${input.bookingId} is gone`);
  if (!isSameAttempt(existing, input)) {
    return { ok: false, refusal: { kind: 'request-differs', what: 'this booking_id and attempt' } };
  }
  if (!mayCaptureAgain(existing)) return { ok: true, payment: existing };
  return { ok: true, payment: await capture(deps, existing, input) };
}

async function capture(deps: PaymentActionDeps, payment: Payment, input: TakePaymentInput): Promise<Payment> {
  const { amountMinor, currency, token, method } = input;
  const answer = await askProvider(deps, 'capture', (signal) =>
    deps.provider.capture({ key: payment.id, amountMinor, currency, token, method }, signal),
  );
  if (answer.kind === 'no-answer') {
    deps.log.warn(
      { payment_id: payment.id, reason: answer.reason },
      'the outcome of a payment is not known yet',
    );
    return markUnknown(deps, payment, input);
  }
  const charge = answer.value;
  if (charge.status === 'pending') {
    return markUnknown(deps, payment, input);
  }
  const settled = await settleAtOnce(deps, payment, charge);
  if (settled !== null) return settled;
  return deps.db.transaction((client) => settleAttempt(deps, client, payment.id, charge, 'asker'));
}

async function markUnknown(
  deps: PaymentActionDeps,
  payment: Payment,
  input: TakePaymentInput,
): Promise<Payment> {
  const marked = await deps.books.settle({ paymentId: payment.id, status: 'unknown' });
  return marked ?? requireAttempt(deps, input);
}

async function requireAttempt(deps: PaymentActionDeps, input: TakePaymentInput): Promise<Payment> {
  const payment = await findAttempt(deps.db, input.bookingId, input.attempt);
  if (payment === null) throw new Error(`attempt ${input.attempt} of booking ${input.bookingId} is gone`);
  return payment;
}
