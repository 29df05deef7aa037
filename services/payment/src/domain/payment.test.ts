import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decideRefund,
  isSameAttempt,
  mayCaptureAgain,
  pauseBeforeCheckSeconds,
  type Payment,
} from './payment.ts';

const payment: Payment = {
  id: 'p',
  bookingId: 'b',
  eventId: 'e',
  userId: 'u',
  attempt: 1,
  status: 'succeeded',
  amountMinor: 1_000,
  currency: 'INR',
  refundedMinor: 0,
  transactionId: 't',
  declineCode: null,
  voidRequested: false,
  createdAt: new Date(0),
};

test('refunds never add up to more than was captured, whatever is asked', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 900 })), (amounts) => {
      let refundedMinor = 0;
      for (const amountMinor of amounts) {
        const ask = { refundId: 'r', paymentId: 'p', amountMinor, currency: null };
        const decision = decideRefund({ ...payment, refundedMinor }, null, ask);
        if (decision.ok) refundedMinor += amountMinor;
        else expect(refundedMinor + amountMinor).toBeGreaterThan(1_000);
      }
      expect(refundedMinor).toBeLessThanOrEqual(1_000);
    }),
  );
});

test('a refund in another currency than the payment is refused', () => {
  const ask = { refundId: 'r', paymentId: 'p', amountMinor: 1, currency: 'USD' };
  expect(decideRefund(payment, null, ask)).toMatchObject({ ok: false, refusal: { kind: 'request-differs' } });
});

test('an attempt that was given up is never captured again', () => {
  expect(mayCaptureAgain({ ...payment, status: 'unknown' })).toBe(true);
  expect(mayCaptureAgain({ ...payment, status: 'unknown', voidRequested: true })).toBe(false);
  expect(mayCaptureAgain({ ...payment, status: 'void' })).toBe(false);
});

test('a tombstone stands for every amount, any other attempt for its own only', () => {
  const asked = { amountMinor: 999, currency: 'INR' };
  expect(isSameAttempt({ ...payment, status: 'void', amountMinor: null, currency: null }, asked)).toBe(true);
  expect(isSameAttempt(payment, asked)).toBe(false);
  expect(isSameAttempt(payment, { amountMinor: 1_000, currency: 'USD' })).toBe(false);
});

test('the provider is asked again after 1, 2, 4 and at most 60 seconds', () => {
  expect([0, 1, 2, 3, 10, 1_000].map(pauseBeforeCheckSeconds)).toEqual([1, 2, 4, 8, 60, 60]);
});
