import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFixture, messageOf, orderOf, type Answer, type Fixture } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture();
});
afterAll(async () => {
  expect(await fixture.broken()).toEqual([]);
  await fixture.close();
});

function refundRequest(payment: Answer, fields: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    refund_id: randomUUID(),
    booking_id: payment.body['booking_id'],
    event_id: randomUUID(),
    attempt: 1,
    amount_minor: 20_000,
    currency: 'INR',
    reason: 'cancelled',
    ...fields,
  };
}

test('a refund that booking asks for is given once, however often the message comes', async () => {
  const payment = await fixture.pay('tok_any');
  const asked = refundRequest(payment);
  const message = messageOf('booking.refund_requested', asked);
  await fixture.bus.publish(message);
  await fixture.bus.publish({ ...message, attempt: 2 });
  await fixture.bus.publish(messageOf('booking.refund_requested', asked));
  await fixture.reconcileNow();
  await fixture.reconcileNow();
  expect(await fixture.sent(String(payment.body['booking_id']))).toMatchObject([
    {
      type: 'payment.refund_settled',
      payload: { refund_id: asked['refund_id'], status: 'succeeded', amount_minor: 20_000 },
    },
  ]);
});

test('a refund of an attempt without an outcome waits, and is never put aside', async () => {
  const payment = await fixture.pay('tok_error_after_success');
  const message = messageOf('booking.refund_requested', refundRequest(payment), 50);
  await expect(fixture.bus.publish(message)).rejects.toThrow('no outcome yet');
  await fixture.reconcileNow();
  await fixture.bus.publish(message);
  await fixture.reconcileNow();
  expect(await fixture.sent(String(payment.body['booking_id']))).toMatchObject([
    { type: 'payment.settled' },
    { type: 'payment.refund_settled', payload: { status: 'succeeded' } },
  ]);
});

test('a refund that can never be given is put aside with its reason, and no money moves', async () => {
  const payment = await fixture.pay('tok_any');
  const impossible = [
    refundRequest(payment, { amount_minor: 49_951 }),
    refundRequest(payment, { attempt: 2 }),
    refundRequest(payment, { currency: 'USD' }),
    refundRequest(await fixture.pay('tok_decline')),
  ];
  for (const asked of impossible) {
    const message = messageOf('booking.refund_requested', asked);
    await expect(fixture.bus.publish(message)).rejects.toThrow();
    await fixture.bus.publish({ ...message, attempt: 5 });
  }
  const listed = await fixture.internal('GET', '/internal/dead-letters');
  expect(listed.body['total']).toBe(impossible.length);
  const replayed = await fixture.internal('POST', '/internal/dead-letters/replay');
  expect(replayed.body).toEqual({ handled: 0, failed: impossible.length });
});

test('refunds of one batch are decided one by one: an impossible one fails alone, a repeated one is none', async () => {
  const payments = [await fixture.pay('tok_any'), await fixture.pay('tok_any'), await fixture.pay('tok_any')];
  const [first, second, third] = payments.map((payment) => refundRequest(payment));
  const possible = [first, third, first].map((asked) => messageOf('booking.refund_requested', { ...asked }));
  const impossible = messageOf('booking.refund_requested', { ...second, amount_minor: 49_951 });
  const [a, b, again] = possible;
  const batch = [a, impossible, b, again].filter((message) => message !== undefined);
  const { handled, failed } = await fixture.bus.publishBatch(batch);
  expect([...handled].toSorted()).toEqual(possible.map((message) => message.id).toSorted());
  expect([...failed.keys()]).toEqual([impossible.id]);
  await fixture.reconcileNow();
  const given = await Promise.all(
    payments.map(async (payment) => (await fixture.sent(String(payment.body['booking_id']))).length),
  );
  expect(given).toEqual([1, 0, 1]);
});

test('a give-up by message leaves a tombstone and says what became of the attempt', async () => {
  const order = orderOf();
  const asked = { booking_id: order['booking_id'], event_id: order['event_id'], attempt: 1 };
  await fixture.bus.publish(messageOf('booking.void_requested', asked));
  expect((await fixture.internal('POST', '/internal/payments', order)).body['status']).toBe('void');
  expect(await fixture.sent(String(order['booking_id']))).toMatchObject([
    { type: 'payment.settled', payload: { status: 'void', event_id: order['event_id'] } },
  ]);
});

test('a give-up by message of an unknown attempt is carried out by the reconciler and announced', async () => {
  for (const [token, status] of [
    ['tok_timeout_lost', 'void'],
    ['tok_error_after_success', 'succeeded'],
  ] as const) {
    const payment = await fixture.pay(token);
    const { booking_id } = payment.body;
    await fixture.bus.publish(
      messageOf('booking.void_requested', { booking_id, event_id: randomUUID(), attempt: 1 }),
    );
    await fixture.reconcileNow({ graceMs: 600_000 });
    expect(await fixture.sent(String(booking_id))).toMatchObject([{ payload: { status } }]);
  }
});

test('messages that are not for payment are passed over without a trace', async () => {
  const message = messageOf('booking.stock_changed', { event_id: randomUUID() });
  await fixture.bus.publish(message);
  const { rowCount } = await fixture.database.db.query('select 1 from inbox where message_id = $1', [
    message.id,
  ]);
  expect(rowCount).toBe(0);
});
