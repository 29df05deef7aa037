/** The messages that payment sends, in the shapes of the contracts. */
import type { Clock } from '@evently/kit/clock';
import { newId } from '@evently/kit/ids';
import type { OutgoingMessage } from '@evently/kit/outbox';
import { paymentSettled, refundSettled, topics } from '@evently/contracts/messages';
import type { z } from 'zod';
import type { Payment, Refund } from '../domain/payment.ts';

/** ISO 4217 for "no currency": a tombstone never had one. */
export const noCurrency = 'XXX';

/** `payment.settled` of a settled attempt. */
export function settledMessage(clock: Clock, payment: Payment): OutgoingMessage {
  const payload: z.input<typeof paymentSettled> = {
    payment_id: payment.id,
    booking_id: payment.bookingId,
    event_id: payment.eventId,
    attempt: payment.attempt,
    status: settledStatusOf(payment),
    transaction_id: payment.transactionId,
    amount_minor: payment.amountMinor ?? 0,
    currency: payment.currency ?? noCurrency,
  };
  return {
    id: newId(clock.now().getTime()),
    topic: topics.payment,
    key: payment.bookingId,
    type: 'payment.settled',
    payload: paymentSettled.parse(payload),
  };
}

function settledStatusOf(payment: Payment): 'succeeded' | 'declined' | 'void' {
  if (payment.status === 'capturing' || payment.status === 'unknown') {
    throw new Error(`payment ${payment.id} is ${payment.status}, not settled`);
  }
  return payment.status;
}

/** `payment.refund_settled`. */
export function refundSettledMessage(
  clock: Clock,
  payment: Payment,
  refund: Refund,
  status: 'succeeded' | 'failed',
): OutgoingMessage {
  const payload: z.input<typeof refundSettled> = {
    refund_id: refund.id,
    booking_id: payment.bookingId,
    event_id: payment.eventId,
    status,
    amount_minor: refund.amountMinor,
  };
  return {
    id: newId(clock.now().getTime()),
    topic: topics.payment,
    key: payment.bookingId,
    type: 'payment.refund_settled',
    payload: refundSettled.parse(payload),
  };
}
