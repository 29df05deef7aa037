/** How payments and refunds look in answers. */
import { z } from '@hono/zod-openapi';
import { id } from '@evently/contracts/common';
import { toMajor } from '@evently/contracts/money';
import type { PaymentAnswer } from '@evently/contracts/payments';
import { noCurrency } from '../actions/messages.ts';
import type { Payment, Refund } from '../domain/payment.ts';

/** The contract's form. An attempt that is still `capturing` has no outcome: `unknown`. */
export function paymentAnswerOf(payment: Payment): PaymentAnswer {
  return {
    payment_id: payment.id,
    booking_id: payment.bookingId,
    attempt: payment.attempt,
    status: publicStatusOf(payment),
    transaction_id: payment.transactionId,
    amount_minor: payment.amountMinor ?? 0,
    currency: payment.currency ?? noCurrency,
    decline_code: payment.declineCode,
  };
}

function publicStatusOf(payment: Payment): PaymentAnswer['status'] {
  return payment.status === 'capturing' ? 'unknown' : payment.status;
}

export function refundAnswerOf(refund: Refund) {
  return {
    refund_id: refund.id,
    payment_id: refund.paymentId,
    status: refund.status,
    amount_minor: refund.amountMinor,
    currency: refund.currency,
  };
}

/** What the buyer sees: major units, as everywhere outside. */
export const paymentView = z.object({
  payment_id: id,
  booking_id: id,
  status: z.enum(['succeeded', 'declined', 'unknown', 'void']),
  amount: z.number(),
  currency: z.string(),
  transaction_id: z.string().nullable(),
  refunds: z.array(
    z.object({
      refund_id: id,
      status: z.enum(['pending', 'succeeded', 'failed']),
      amount: z.number(),
      currency: z.string(),
      created_at: z.string(),
    }),
  ),
  created_at: z.string(),
});

export function paymentViewOf(payment: Payment, refunds: readonly Refund[]): z.output<typeof paymentView> {
  const shown = payment.currency ?? noCurrency;
  return {
    payment_id: payment.id,
    booking_id: payment.bookingId,
    status: publicStatusOf(payment),
    amount: toMajor(payment.amountMinor ?? 0, shown),
    currency: shown,
    transaction_id: payment.transactionId,
    refunds: refunds.map((refund) => ({
      refund_id: refund.id,
      status: refund.status,
      amount: toMajor(refund.amountMinor, refund.currency),
      currency: refund.currency,
      created_at: refund.createdAt.toISOString(),
    })),
    created_at: payment.createdAt.toISOString(),
  };
}

export const idParam = z.object({ id });
export const attemptQuery = z.strictObject({
  booking_id: id,
  attempt: z.coerce.number().int().min(1).max(1_000_000),
});
