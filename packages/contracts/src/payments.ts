/** Calls from booking to payment. Amounts are minor units. */
import { z } from 'zod';
import { currency, id, minorAmount } from './common.ts';

/** `POST /internal/payments`: idempotent by (booking_id, attempt). */
export const paymentRequest = z.strictObject({
  booking_id: id,
  event_id: id,
  user_id: id,
  attempt: z.int().min(1).max(1_000),
  amount_minor: minorAmount.min(1),
  currency,
  payment_token: z.string().min(1).max(500),
  payment_method: z.string().min(1).max(60),
});
export type PaymentRequest = z.output<typeof paymentRequest>;

/** `unknown`: the provider has not said; it will be asked until it has. `void`: given up before money moved. */
export const paymentStatus = z.enum(['succeeded', 'declined', 'unknown', 'void']);
export type PaymentStatus = z.output<typeof paymentStatus>;

export const paymentAnswer = z.object({
  payment_id: id,
  booking_id: id,
  attempt: z.int(),
  status: paymentStatus,
  transaction_id: z.string().nullable(),
  amount_minor: z.int(),
  currency: z.string(),
  decline_code: z.string().nullable(),
});
export type PaymentAnswer = z.output<typeof paymentAnswer>;

/**
 * `POST /internal/payments/void` leaves a tombstone for (booking_id, attempt): a request that arrives later
 * never reaches the provider; money that was taken already is reported as `succeeded`.
 */
export const voidRequest = z.strictObject({ booking_id: id, event_id: id, attempt: z.int().min(1) });

/** `POST /internal/payments/{paymentId}/refunds`: idempotent by refund_id; never above what was captured. */
export const refundRequest = z.strictObject({
  refund_id: id,
  amount_minor: minorAmount.min(1),
  reason: z.string().min(1).max(200),
});
export const refundAnswer = z.object({
  refund_id: id,
  payment_id: id,
  status: z.enum(['pending', 'succeeded', 'failed']),
  amount_minor: z.int(),
  currency: z.string(),
});
