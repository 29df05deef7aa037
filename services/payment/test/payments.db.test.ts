import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { documentFaults } from '@evently/testkit/open-api';
import { createFixture, orderOf, type Fixture } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture({ deadlineMs: 4_000 });
});
afterAll(async () => {
  expect(await fixture.broken()).toEqual([]);
  await fixture.close();
});

test('a payment succeeds, and a repeated request gets the same answer and takes nothing more', async () => {
  const order = orderOf();
  const first = await fixture.internal('POST', '/internal/payments', order);
  expect(first).toMatchObject({
    status: 200,
    body: { status: 'succeeded', amount_minor: 49_950, currency: 'INR', attempt: 1, decline_code: null },
  });
  const again = await fixture.internal('POST', '/internal/payments', {
    ...order,
    payment_token: 'tok_decline',
  });
  expect(again.body).toEqual(first.body);
  const { rows } = await fixture.database.db.query('select 1 from fake_provider_charges where key = $1', [
    first.body['payment_id'],
  ]);
  expect(rows).toHaveLength(1);
  expect(await fixture.sent(String(order['booking_id']))).toEqual([]);
});

test('twenty requests for one attempt at once take the money once', async () => {
  const order = orderOf();
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => fixture.internal('POST', '/internal/payments', order)),
  );
  expect(new Set(answers.map((answer) => answer.body['payment_id'])).size).toBe(1);
  expect(answers.map((answer) => answer.body['status'])).toEqual(Array(20).fill('succeeded'));
});

test('the same booking and attempt with another amount or currency is refused', async () => {
  const order = orderOf();
  await fixture.internal('POST', '/internal/payments', order);
  for (const changed of [{ amount_minor: 1 }, { currency: 'USD' }]) {
    const refused = await fixture.internal('POST', '/internal/payments', { ...order, ...changed });
    expect(refused).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
  }
});

test('a declined card says why, and the next attempt may succeed', async () => {
  const order = orderOf({ payment_token: 'tok_decline' });
  const declined = await fixture.internal('POST', '/internal/payments', order);
  expect(declined.body).toMatchObject({
    status: 'declined',
    decline_code: 'card_declined',
    transaction_id: null,
  });
  const funds = await fixture.pay('tok_insufficient_funds');
  expect(funds.body).toMatchObject({ status: 'declined', decline_code: 'insufficient_funds' });
  const next = await fixture.internal('POST', '/internal/payments', {
    ...order,
    attempt: 2,
    payment_token: 'tok_any',
  });
  expect(next.body).toMatchObject({ status: 'succeeded', attempt: 2 });
  expect(await fixture.sent(String(order['booking_id']))).toEqual([]);
});

test('booking can ask how an attempt stands, and is told when there is none', async () => {
  const order = orderOf();
  const path = `/internal/payments?booking_id=${String(order['booking_id'])}&attempt=1`;
  expect((await fixture.internal('GET', path)).status).toBe(404);
  const taken = await fixture.internal('POST', '/internal/payments', order);
  expect((await fixture.internal('GET', path)).body).toEqual(taken.body);
  expect((await fixture.internal('GET', '/internal/payments?booking_id=x&attempt=0')).status).toBe(400);
});

test('a buyer sees the payment with its refunds in major units, and nobody else sees that it exists', async () => {
  const userId = randomUUID();
  const taken = await fixture.pay('tok_any', { user_id: userId });
  const path = `/api/v1/payments/${String(taken.body['payment_id'])}`;
  const refundId = randomUUID();
  await fixture.internal('POST', `/internal/payments/${String(taken.body['payment_id'])}/refunds`, {
    refund_id: refundId,
    amount_minor: 12_050,
    reason: 'cancelled',
  });
  const own = await fixture.call('GET', path, { token: await fixture.tokens.user(userId) });
  expect(own).toMatchObject({
    status: 200,
    body: {
      payment_id: taken.body['payment_id'],
      booking_id: taken.body['booking_id'],
      status: 'succeeded',
      amount: 499.5,
      currency: 'INR',
      transaction_id: taken.body['transaction_id'],
      refunds: [{ refund_id: refundId, amount: 120.5, currency: 'INR', status: 'succeeded' }],
    },
  });
  const foreign = await fixture.call('GET', path, { token: await fixture.tokens.user() });
  const missing = await fixture.call('GET', `/api/v1/payments/${randomUUID()}`, {
    token: await fixture.tokens.user(),
  });
  expect([foreign.status, foreign.body['detail']]).toEqual([404, missing.body['detail']]);
  expect((await fixture.call('GET', path, { token: await fixture.tokens.admin() })).status).toBe(200);
  expect((await fixture.call('GET', path)).status).toBe(401);
  const malformed = await fixture.call('GET', '/api/v1/payments/x', { token: await fixture.tokens.user() });
  expect(malformed.status).toBe(400);
});

test('every internal route refuses a missing or wrong key before anything else', async () => {
  const routes = [
    ['POST', '/internal/payments'],
    ['GET', '/internal/payments?booking_id=x&attempt=1'],
    ['POST', '/internal/payments/void'],
    ['POST', `/internal/payments/${randomUUID()}/refunds`],
    ['GET', '/internal/verify'],
    ['GET', '/internal/dead-letters'],
    ['POST', '/internal/dead-letters/replay'],
  ] as const;
  for (const [method, path] of routes) {
    const body = method === 'POST' ? { body: {} } : {};
    expect((await fixture.call(method, path, body)).status).toBe(401);
    const wrong = await fixture.call(method, path, { ...body, headers: { 'x-api-key': 'wrong' } });
    expect(wrong.status).toBe(401);
  }
});

test('malformed requests are refused field by field and leave no row', async () => {
  const wrong: Record<string, unknown>[] = [
    { amount_minor: 0 },
    { amount_minor: -5 },
    { amount_minor: 1.5 },
    { amount_minor: 1e15 },
    { amount_minor: '5' },
    { currency: 'inr' },
    { booking_id: 'x' },
    { attempt: 0 },
    { payment_token: '' },
    { surprise: 1 },
  ];
  for (const fields of wrong) {
    const order = orderOf(fields);
    const refused = await fixture.internal('POST', '/internal/payments', order);
    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(typeof refused.body['error']).toBe('string');
  }
  for (const [path, body] of [
    ['/internal/payments', '{'],
    ['/internal/payments/void', { booking_id: randomUUID() }],
    [`/internal/payments/${randomUUID()}/refunds`, { refund_id: randomUUID(), amount_minor: 0, reason: 'x' }],
    ['/internal/payments/x/refunds', { refund_id: randomUUID(), amount_minor: 5, reason: 'x' }],
  ] as const) {
    expect((await fixture.internal('POST', path, body)).status).toBe(400);
  }
  expect((await fixture.internal('POST', '/internal/payments', 'x'.repeat(100_000))).status).toBe(413);
});

test('neither the token nor the method of a payment is kept anywhere, nor is anything else of a person', async () => {
  const canary = 'tok_canary_4242424242424242';
  await fixture.pay(canary, { payment_method: 'canary@upi' });
  const tables = await fixture.database.db.query<{ name: string }>(
    "select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'",
  );
  for (const { name } of tables.rows) {
    const { rows } = await fixture.database.db.query<{ found: string }>(
      `select count(*) as found from ${name} t where t::text like '%canary%'`,
    );
    expect([name, rows[0]?.found]).toEqual([name, '0']);
  }
});

test('the ledger can neither be changed nor unbalanced', async () => {
  const { db } = fixture.database;
  await fixture.pay('tok_any');
  await expect(db.query('update ledger_entries set amount_minor = 1')).rejects.toThrow('append-only');
  await expect(db.query('delete from ledger_entries')).rejects.toThrow('append-only');
  await expect(db.query('truncate ledger_entries')).rejects.toThrow('append-only');
  const lone = db.query(
    `insert into ledger_entries (movement_id, account, payment_id, amount_minor, currency)
     values ($1, 'provider_balance', $1, 5, 'INR')`,
    [randomUUID()],
  );
  await expect(lone).rejects.toThrow('sum to zero');
});

test('every route is in the document, with every status that follows from what it needs', async () => {
  expect(await documentFaults(fixture.service.app)).toEqual([]);
});

test('a wrong method is answered 405 with what is allowed', async () => {
  const refused = await fixture.internal('PUT', '/internal/payments/void', {});
  expect(refused).toMatchObject({ status: 405, body: { code: 'method_not_allowed' } });
});
