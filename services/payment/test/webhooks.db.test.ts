import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFixture, webhookSecrets, type Answer, type Fixture } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture();
});
afterAll(async () => {
  expect(await fixture.broken()).toEqual([]);
  await fixture.close();
});

function eventOf(payment: Answer, fields: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: `evt_${randomUUID()}`,
    type: 'charge.updated',
    mode: 'test',
    object: {
      key: payment.body['payment_id'],
      refund_id: null,
      amount_minor: 49_950,
      currency: 'INR',
      status: 'succeeded',
      ...fields,
    },
  };
}
async function statusOf(payment: Answer): Promise<unknown> {
  const path = `/internal/payments?booking_id=${String(payment.body['booking_id'])}&attempt=1`;
  return (await fixture.internal('GET', path)).body['status'];
}

test('a webhook that comes before the answer to our request settles the payment, once', async () => {
  const payment = await fixture.pay('tok_error_after_success');
  const event = eventOf(payment);
  expect(await fixture.webhook(event)).toMatchObject({
    status: 200,
    body: { received: true, duplicate: false },
  });
  expect(await statusOf(payment)).toBe('succeeded');
  for (let delivery = 0; delivery < 10; delivery += 1) {
    expect((await fixture.webhook(event)).body).toEqual({ received: true, duplicate: true });
  }
  expect(await fixture.sent(String(payment.body['booking_id']))).toHaveLength(1);
});

test('ten deliveries of one event at the same time take effect once', async () => {
  const payment = await fixture.pay('tok_error_after_success');
  const event = eventOf(payment);
  const answers = await Promise.all(Array.from({ length: 10 }, () => fixture.webhook(event)));
  expect(answers.every((answer) => answer.status === 200)).toBe(true);
  expect(answers.filter((answer) => answer.body['duplicate'] === false)).toHaveLength(1);
  expect(await fixture.sent(String(payment.body['booking_id']))).toHaveLength(1);
});

test('an event of a payment that is not known here is refused until it is', async () => {
  const stranger = { status: 0, body: { payment_id: randomUUID() }, headers: new Headers() };
  const refused = await fixture.webhook(eventOf(stranger));
  expect(refused).toMatchObject({ status: 503, body: { code: 'webhook_payment_unknown' } });
  expect(refused.headers.get('retry-after')).not.toBeNull();
  const payment = await fixture.pay('tok_any');
  const unknownRefund = await fixture.webhook(eventOf(payment, { refund_id: randomUUID() }));
  expect(unknownRefund.status).toBe(503);
});

test('the claims of an event are never believed: a wrong amount or a false success changes nothing', async () => {
  const declined = await fixture.pay('tok_timeout_declined');
  expect((await fixture.webhook(eventOf(declined, { status: 'succeeded' }))).status).toBe(200);
  expect(await statusOf(declined)).toBe('declined');
  const wrong = await fixture.pay('tok_wrong_amount');
  expect(await fixture.deliverNow()).toBeGreaterThan(0);
  const path = `/internal/payments?booking_id=${String(wrong.body['booking_id'])}&attempt=1`;
  expect((await fixture.internal('GET', path)).body).toEqual(wrong.body);
  expect(wrong.body).toMatchObject({ status: 'succeeded', amount_minor: 49_950 });
});

test('an event signed wrongly, too long ago or with a retired secret is refused', async () => {
  const event = eventOf(await fixture.pay('tok_error_after_success'));
  const now = Date.now() / 1000;
  for (const options of [
    { secret: 'a-secret-of-somebody-else' },
    { atSeconds: now - 302 },
    { atSeconds: now + 302 },
  ]) {
    const refused = await fixture.webhook(event, options);
    expect(refused).toMatchObject({ status: 400, body: { code: 'webhook_signature_invalid' } });
  }
  const unsigned = await fixture.call('POST', '/webhooks/fake', { body: event });
  expect(unsigned.body['code']).toBe('webhook_signature_invalid');
  expect((await fixture.webhook(event, { secret: webhookSecrets[1] ?? '' })).status).toBe(200);
});

test('a live event at a test system, or a body that is no event, is refused', async () => {
  const event = eventOf(await fixture.pay('tok_error_after_success'));
  expect((await fixture.webhook({ ...event, mode: 'live' })).body['code']).toBe('webhook_wrong_mode');
  for (const body of ['not json', {}, { ...event, object: {} }, [], 'null']) {
    expect((await fixture.webhook(body)).body['code']).toBe('webhook_not_understood');
  }
});

test('a provider that is not set up here has no webhook route', async () => {
  expect((await fixture.call('POST', '/webhooks/stripe', { body: {} })).status).toBe(404);
});

test('a success webhook that is sent twice leaves one event and one payment', async () => {
  const payment = await fixture.pay('tok_twice');
  await fixture.deliverNow();
  const { rowCount } = await fixture.database.db.query(
    'select 1 from provider_events where payment_id = $1',
    [payment.body['payment_id']],
  );
  expect(rowCount).toBe(1);
  expect(await statusOf(payment)).toBe('succeeded');
});

test('a webhook that comes three days late changes nothing of what is settled', async () => {
  const payment = await fixture.pay('tok_webhook_late_259200000');
  expect(payment.body['status']).toBe('succeeded');
  await fixture.deliverNow();
  expect(await statusOf(payment)).toBe('succeeded');
  expect(await fixture.sent(String(payment.body['booking_id']))).toEqual([]);
});

test('a webhook is sent again until it is accepted', async () => {
  const payment = await fixture.pay('tok_error_after_success');
  const { db } = fixture.database;
  await db.query('alter table provider_events rename to provider_events_away');
  await fixture.deliverNow();
  await db.query('alter table provider_events_away rename to provider_events');
  expect(await statusOf(payment)).toBe('unknown');
  await fixture.deliverNow();
  expect(await statusOf(payment)).toBe('succeeded');
});

test('any order and number of events, questions and give-ups ends where the provider ended', async () => {
  const step = fc.constantFrom('event', 'repeat', 'reconcile', 'retry', 'void');
  const token = fc.constantFrom('tok_timeout', 'tok_timeout_declined', 'tok_error_after_success');
  await fc.assert(
    fc.asyncProperty(token, fc.array(step, { minLength: 1, maxLength: 8 }), async (used, steps) => {
      const payment = await fixture.pay(used);
      const { booking_id } = payment.body;
      const order = { booking_id, event_id: randomUUID(), attempt: 1 };
      const event = eventOf(payment);
      const seen: unknown[] = ['unknown'];
      for (const one of steps) {
        if (one === 'event') await fixture.webhook(eventOf(payment));
        if (one === 'repeat') await fixture.webhook(event);
        if (one === 'reconcile') await fixture.reconcileNow();
        if (one === 'retry') await fixture.pay('tok_any', { booking_id, user_id: randomUUID() });
        if (one === 'void') await fixture.internal('POST', '/internal/payments/void', order);
        seen.push(await statusOf(payment));
      }
      const settled = used === 'tok_timeout_declined' ? 'declined' : 'succeeded';
      expect(seen.slice(1)).toEqual(Array(steps.length).fill(settled));
    }),
    { numRuns: 6 },
  );
});
