import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { receiveWebhook } from '../src/actions/receive-webhook.ts';
import { signBody } from '../src/domain/signature.ts';
import { createFixture, orderOf, webhookSecrets, type Fixture } from './fixture.ts';

let fixture: Fixture;
const logLines: string[] = [];
beforeAll(async () => {
  fixture = await createFixture({
    env: { PAYMENT_MAX_IN_FLIGHT: '1', EVENTLY_READS_PER_MINUTE: '2' },
    logLines,
  });
});
afterAll(() => fixture.close());

test('an attempt beyond those that may wait is refused at once and leaves nothing behind', async () => {
  const slow = fixture.pay('tok_late_500');
  const order = orderOf();
  const refused = await fixture.internal('POST', '/internal/payments', order);
  expect(refused).toMatchObject({ status: 503, body: { code: 'payment_busy' } });
  expect(refused.headers.get('retry-after')).toBe('1');
  const path = `/internal/payments?booking_id=${String(order['booking_id'])}&attempt=1`;
  expect((await fixture.internal('GET', path)).status).toBe(404);
  expect((await slow).body['status']).toBe('succeeded');
  const next = await fixture.internal('POST', '/internal/payments', order);
  expect(next.body['status']).toBe('succeeded');
});

test('reads of one address are limited', async () => {
  const path = `/api/v1/payments/${randomUUID()}`;
  const token = await fixture.tokens.user();
  const statuses = [];
  for (let read = 0; read < 3; read += 1) statuses.push((await fixture.call('GET', path, { token })).status);
  expect(statuses).toEqual([404, 404, 429]);
});

test('an event is refused, to come again, while the provider does not say what is so', async () => {
  const payment = await fixture.pay('tok_error_after_success');
  const { provider } = fixture.actions;
  const away = { ...provider, retrieve: () => Promise.reject(new Error('away')) };
  const rawBody = JSON.stringify({
    id: randomUUID(),
    type: 'charge.updated',
    mode: 'test',
    object: {
      key: payment.body['payment_id'],
      refund_id: null,
      amount_minor: 1,
      currency: 'INR',
      status: 'succeeded',
    },
  });
  const signature = signBody(webhookSecrets[0] ?? '', rawBody, Math.floor(Date.now() / 1000));
  const rules = { secrets: webhookSecrets, toleranceSeconds: 300 };
  const refused = await receiveWebhook({ ...fixture.actions, provider: away }, rules, { rawBody, signature });
  expect(refused).toMatchObject({ ok: false, refusal: { kind: 'provider-away' } });
  const accepted = await receiveWebhook(fixture.actions, rules, { rawBody, signature });
  expect(accepted).toEqual({ ok: true, effect: 'processed' });
});

test('neither a token nor a key nor a method reaches a log line', async () => {
  await fixture.pay('tok_canary_in_a_log', { payment_method: 'canary@upi' });
  await fixture.internal('POST', '/internal/payments', { payment_token: 'tok_canary_in_a_log' });
  expect(logLines.length).toBeGreaterThan(0);
  expect(logLines.filter((line) => /canary|test-api-key|webhook-secret/.test(line))).toEqual([]);
});

test('while the database is away every route answers 503 and when to come again', async () => {
  const lone = await createFixture();
  await lone.database.db.close();
  const answers = [
    await lone.pay('tok_any'),
    await lone.internal('POST', '/internal/payments/void', {
      booking_id: randomUUID(),
      event_id: randomUUID(),
      attempt: 1,
    }),
    await lone.internal('GET', `/internal/payments?booking_id=${randomUUID()}&attempt=1`),
    await lone.internal('GET', '/internal/verify'),
  ];
  for (const answer of answers) {
    expect(answer).toMatchObject({ status: 503, body: { code: 'database_unavailable' } });
    expect(answer.headers.get('retry-after')).not.toBeNull();
  }
  expect((await lone.call('GET', '/health/ready')).status).toBe(503);
});
