import { oneByOne } from '@evently/kit/inbox';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFixture, messageOf, type Fixture } from './fixture.ts';

let fixture: Fixture;
const settled: string[] = [];
beforeAll(async () => {
  fixture = await createFixture({
    env: { PAYMENT_RECONCILE_EVERY_MS: '50', PAYMENT_NOT_FOUND_GRACE_MS: '500' },
  });
  const listen = oneByOne('listener', async (message) => {
    settled.push(`${message.key} ${message.type} ${JSON.stringify(Object(message.payload)['status'])}`);
  });
  fixture.bus.subscribe('payment', 'listener', listen);
  await fixture.service.start();
});
afterAll(async () => {
  expect(await fixture.broken()).toEqual([]);
  await fixture.close();
});

test('a running service finds every outcome by itself, tells it, and gives back what is asked', async () => {
  const expected: string[] = [];
  for (const [token, status] of [
    ['tok_timeout', 'succeeded'],
    ['tok_timeout_declined', 'declined'],
    ['tok_timeout_lost', 'void'],
    ['tok_late_700', 'succeeded'],
    ['tok_error_after_success', 'succeeded'],
  ] as const) {
    const payment = await fixture.pay(token);
    expect(payment.body['status']).toBe('unknown');
    expected.push(`${String(payment.body['booking_id'])} payment.settled "${status}"`);
  }
  const failing = await fixture.pay('tok_refund_fails');
  await fixture.bus.publish(
    messageOf('booking.refund_requested', {
      refund_id: failing.body['payment_id'],
      booking_id: failing.body['booking_id'],
      event_id: failing.body['payment_id'],
      attempt: 1,
      amount_minor: 5,
      currency: 'INR',
      reason: 'cancelled',
    }),
  );
  expected.push(`${String(failing.body['booking_id'])} payment.refund_settled "failed"`);
  await expect.poll(() => settled.toSorted(), { timeout: 15_000 }).toEqual(expected.toSorted());
});
