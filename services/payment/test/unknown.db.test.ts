import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reconcile } from '../src/actions/reconcile.ts';
import { takePayment } from '../src/actions/take-payment.ts';
import { createFixture, orderOf, reconcileNow, type Fixture } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture();
});
afterAll(async () => {
  expect(await fixture.broken()).toEqual([]);
  await fixture.close();
});

async function statusOf(bookingId: unknown): Promise<unknown> {
  const path = `/internal/payments?booking_id=${String(bookingId)}&attempt=1`;
  return (await fixture.internal('GET', path)).body['status'];
}
function voidOf(order: Record<string, unknown>): Record<string, unknown> {
  return { booking_id: order['booking_id'], event_id: order['event_id'], attempt: 1 };
}

test('a provider that never answers leaves the outcome unknown, and asking it later finds the money', async () => {
  const unknown = await fixture.pay('tok_timeout');
  expect(unknown).toMatchObject({ status: 200, body: { status: 'unknown', transaction_id: null } });
  await fixture.reconcileNow();
  expect(await statusOf(unknown.body['booking_id'])).toBe('succeeded');
  expect(await fixture.sent(String(unknown.body['booking_id']))).toMatchObject([
    {
      type: 'payment.settled',
      payload: {
        payment_id: unknown.body['payment_id'],
        status: 'succeeded',
        attempt: 1,
        amount_minor: 49_950,
      },
    },
  ]);
});

test('a time-out after which nothing was taken becomes a decline, announced once', async () => {
  const unknown = await fixture.pay('tok_timeout_declined');
  expect(unknown.body['status']).toBe('unknown');
  await fixture.reconcileNow();
  await fixture.reconcileNow();
  expect(await fixture.sent(String(unknown.body['booking_id']))).toMatchObject([
    { type: 'payment.settled', payload: { status: 'declined', transaction_id: null } },
  ]);
});

test('a request that never reached the provider is given up after the grace, not before', async () => {
  const lost = await fixture.pay('tok_timeout_lost');
  await fixture.reconcileNow({ graceMs: 600_000 });
  expect(await statusOf(lost.body['booking_id'])).toBe('unknown');
  await fixture.reconcileNow({ graceMs: 0 });
  expect(await statusOf(lost.body['booking_id'])).toBe('void');
  expect(await fixture.sent(String(lost.body['booking_id']))).toMatchObject([
    { payload: { status: 'void' } },
  ]);
  const { provider } = fixture.actions;
  const late = {
    key: String(lost.body['payment_id']),
    amountMinor: 49_950,
    currency: 'INR',
    token: 'tok_any',
    method: 'card',
  };
  const answer = await provider.capture(late, new AbortController().signal);
  expect(answer.status).toBe('voided');
});

test('a repeated request while the outcome is unknown goes to the provider under the same key', async () => {
  const order = orderOf({ payment_token: 'tok_timeout_lost' });
  const lost = await fixture.internal('POST', '/internal/payments', order);
  expect(lost.body['status']).toBe('unknown');
  const again = await fixture.internal('POST', '/internal/payments', { ...order, payment_token: 'tok_any' });
  expect(again.body).toMatchObject({ payment_id: lost.body['payment_id'], status: 'succeeded' });
  const taken = orderOf({ payment_token: 'tok_error_after_success' });
  await fixture.internal('POST', '/internal/payments', taken);
  const found = await fixture.internal('POST', '/internal/payments', { ...taken, payment_token: 'tok_any' });
  expect(found.body['status']).toBe('succeeded');
});

test('an answer within the deadline is a plain success, however late', async () => {
  const late = await fixture.pay('tok_late_100');
  expect(late.body['status']).toBe('succeeded');
});

test('an answer after the deadline is found by asking, and by its webhook, once', async () => {
  const late = await fixture.pay('tok_late_900');
  expect(late.body['status']).toBe('unknown');
  await expect
    .poll(
      async () => {
        await fixture.reconcileNow();
        return statusOf(late.body['booking_id']);
      },
      { timeout: 15_000 },
    )
    .toBe('succeeded');
  await fixture.deliverNow();
  expect(await fixture.sent(String(late.body['booking_id']))).toHaveLength(1);
});

test('a provider that answers 500 after taking the money is not believed', async () => {
  const broken = await fixture.pay('tok_error_after_success');
  expect(broken.body['status']).toBe('unknown');
  await fixture.deliverNow();
  expect(await statusOf(broken.body['booking_id'])).toBe('succeeded');
});

test('a tombstone stops a payment that comes after it from reaching the provider', async () => {
  const order = orderOf();
  const buried = await fixture.internal('POST', '/internal/payments/void', voidOf(order));
  expect(buried).toMatchObject({ status: 200, body: { status: 'void', attempt: 1 } });
  const late = await fixture.internal('POST', '/internal/payments', order);
  expect(late.body).toMatchObject({ status: 'void', payment_id: buried.body['payment_id'] });
  const again = await fixture.internal('POST', '/internal/payments/void', voidOf(order));
  expect(again.body).toEqual(buried.body);
  const { rows } = await fixture.database.db.query('select 1 from fake_provider_charges where key = $1', [
    buried.body['payment_id'],
  ]);
  expect(rows).toEqual([]);
});

test('giving up an unknown attempt cancels it at the provider when no money was taken', async () => {
  const order = orderOf({ payment_token: 'tok_timeout_lost' });
  await fixture.internal('POST', '/internal/payments', order);
  const voided = await fixture.internal('POST', '/internal/payments/void', voidOf(order));
  expect(voided.body['status']).toBe('void');
  const late = await fixture.internal('POST', '/internal/payments', { ...order, payment_token: 'tok_any' });
  expect(late.body['status']).toBe('void');
});

test('giving up an attempt whose money was taken answers succeeded and announces it', async () => {
  for (const token of ['tok_error_after_success', 'tok_any']) {
    const order = orderOf({ payment_token: token });
    await fixture.internal('POST', '/internal/payments', order);
    const kept = await fixture.internal('POST', '/internal/payments/void', voidOf(order));
    expect(kept.body['status']).toBe('succeeded');
    expect(await fixture.sent(String(order['booking_id']))).toMatchObject([
      { type: 'payment.settled', payload: { status: 'succeeded' } },
    ]);
  }
});

test('an attempt given up while the provider works takes no money', async () => {
  // It works for longer than a slow machine needs to give up, and is waited for longer than it works.
  const patient = await createFixture({ deadlineMs: 20_000 });
  const order = orderOf({ payment_token: 'tok_late_3000' });
  const paying = patient.internal('POST', '/internal/payments', order);
  const pending = 'select 1 from fake_provider_charges where settles_at > clock_timestamp()';
  await expect.poll(async () => (await patient.database.db.query(pending)).rowCount).toBe(1);
  const voided = await patient.internal('POST', '/internal/payments/void', voidOf(order));
  expect(voided.body['status']).toBe('void');
  expect((await paying).body['status']).toBe('void');
  expect(await patient.broken()).toEqual([]);
  await patient.close();
});

test('giving up while the provider is away is remembered and carried out when it is back', async () => {
  const order = orderOf({ payment_token: 'tok_timeout_lost' });
  await fixture.internal('POST', '/internal/payments', order);
  const away = {
    ...fixture.actions,
    provider: { ...fixture.actions.provider, void: () => Promise.reject(new Error('away')) },
  };
  await fixture.database.db.query(
    'update payments set void_requested_at = clock_timestamp() where booking_id = $1',
    [order['booking_id']],
  );
  await reconcileNow(away, 0);
  expect(await statusOf(order['booking_id'])).toBe('unknown');
  const barred = await fixture.internal('POST', '/internal/payments', { ...order, payment_token: 'tok_any' });
  expect(barred.body['status']).toBe('unknown');
  await fixture.reconcileNow({ graceMs: 600_000 });
  expect(await statusOf(order['booking_id'])).toBe('void');
});

test('a capture of another amount than asked is never booked and goes to a person', async () => {
  const { provider } = fixture.actions;
  const wrong = {
    ...fixture.actions,
    provider: {
      ...provider,
      capture: async (...args: Parameters<typeof provider.capture>) => ({
        ...(await provider.capture(...args)),
        amountMinor: 1,
      }),
    },
  };
  const input = {
    bookingId: randomUUID(),
    eventId: randomUUID(),
    userId: randomUUID(),
    attempt: 1,
    amountMinor: 500,
    currency: 'INR',
    token: 'tok_any',
    method: 'card',
  };
  const outcome = await takePayment(wrong, input);
  expect(outcome).toMatchObject({ ok: true, payment: { status: 'capturing' } });
  const cases = await fixture.database.db.query('select kind from manual_cases where payment_id = $1', [
    outcome.ok ? outcome.payment.id : '',
  ]);
  expect(cases.rows).toEqual([{ kind: 'amount-mismatch' }]);
  await fixture.reconcileNow();
  expect(await statusOf(input.bookingId)).toBe('succeeded');
});

test('an outcome that stays unknown for a quarter of an hour is shown to a person until it is known', async () => {
  const lost = await fixture.pay('tok_error_after_success');
  const { db } = fixture.database;
  await db.query("update payments set created_at = created_at - interval '16 minutes' where id = $1", [
    lost.body['payment_id'],
  ]);
  const away = {
    ...fixture.actions,
    provider: { ...fixture.actions.provider, retrieve: () => Promise.reject(new Error('away')) },
  };
  const open = () =>
    db.query('select closed_at is null as open from manual_cases where payment_id = $1', [
      lost.body['payment_id'],
    ]);
  await reconcileNow(away, 10_000);
  await reconcileNow(away, 10_000);
  expect((await open()).rows).toEqual([{ open: true }]);
  await fixture.reconcileNow();
  expect((await open()).rows).toEqual([{ open: false }]);
});

test('two reconcilers at once ask about each attempt once', async () => {
  const lost = await Promise.all(Array.from({ length: 12 }, () => fixture.pay('tok_error_after_success')));
  await fixture.database.db.query(
    'update payments set next_check_at = clock_timestamp() where next_check_at is not null',
  );
  const deps = { ...fixture.actions, notFoundGraceMs: 10_000, isStopping: () => false };
  const asked = await Promise.all([reconcile(deps), reconcile(deps)]);
  expect(asked[0] + asked[1]).toBe(lost.length);
  for (const one of lost) {
    expect(await fixture.sent(String(one.body['booking_id']))).toHaveLength(1);
  }
});
