import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decideRefund } from '../src/domain/payment.ts';
import { addRefunded, findPayment } from '../src/store/payments.ts';
import { createFixture, reconcileNow, type Answer, type Fixture } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture({ deadlineMs: 4_000 });
});
afterAll(async () => {
  expect(await fixture.broken()).toEqual([]);
  await fixture.close();
});

function refund(payment: Answer, amountMinor: number, refundId: string = randomUUID()): Promise<Answer> {
  const path = `/internal/payments/${String(payment.body['payment_id'])}/refunds`;
  return fixture.internal('POST', path, {
    refund_id: refundId,
    amount_minor: amountMinor,
    reason: 'cancelled',
  });
}

test('a payment can be given back in parts, up to what was taken and no further', async () => {
  const payment = await fixture.pay('tok_any');
  expect((await refund(payment, 40_000)).body).toMatchObject({
    status: 'succeeded',
    amount_minor: 40_000,
    currency: 'INR',
  });
  const refused = await refund(payment, 9_951);
  expect(refused).toMatchObject({
    status: 409,
    body: { code: 'refund_exceeds_payment', refundable_minor: 9_950, currency: 'INR' },
  });
  expect((await refund(payment, 9_950)).body['status']).toBe('succeeded');
  expect(await fixture.sent(String(payment.body['booking_id']))).toMatchObject([
    { type: 'payment.refund_settled', payload: { status: 'succeeded', amount_minor: 40_000 } },
    { type: 'payment.refund_settled', payload: { status: 'succeeded', amount_minor: 9_950 } },
  ]);
});

test('a repeated refund gives the money back once; the id with another amount or payment is refused', async () => {
  const [payment, other] = [await fixture.pay('tok_any'), await fixture.pay('tok_any')];
  const refundId = randomUUID();
  const first = await refund(payment, 10_000, refundId);
  expect((await refund(payment, 10_000, refundId)).body).toEqual(first.body);
  for (const reused of [await refund(payment, 10_001, refundId), await refund(other, 10_000, refundId)]) {
    expect(reused).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
  }
  expect(await fixture.sent(String(payment.body['booking_id']))).toHaveLength(1);
});

test('thirty refunds at once give back no more than was taken', async () => {
  const payment = await fixture.pay('tok_any');
  const answers = await Promise.all(Array.from({ length: 30 }, () => refund(payment, 10_000)));
  const done = answers.filter((answer) => answer.status === 200);
  expect(done.length).toBe(4);
  expect(answers.filter((answer) => answer.status === 409)).toHaveLength(26);
});

test('without the row lock two refunds would both be granted, and only the constraint stops the second', async () => {
  const payment = await fixture.pay('tok_any');
  const { db } = fixture.database;
  const id = String(payment.body['payment_id']);
  const [seenByOne, seenByTwo] = [await findPayment(db, id), await findPayment(db, id)];
  for (const seen of [seenByOne, seenByTwo]) {
    const ask = { refundId: randomUUID(), paymentId: id, amountMinor: 30_000, currency: null };
    expect(seen === null ? null : decideRefund(seen, null, ask)).toMatchObject({ ok: true, kind: 'create' });
  }
  await addRefunded(db, id, 30_000);
  await expect(addRefunded(db, id, 30_000)).rejects.toThrow('payments_refunds_within_capture');
  await addRefunded(db, id, -30_000);
});

test('nothing is given back by a payment that took nothing, or that does not exist', async () => {
  expect(await refund(await fixture.pay('tok_decline'), 1)).toMatchObject({
    status: 409,
    body: { code: 'payment_not_captured' },
  });
  const missing = { status: 0, body: { payment_id: randomUUID() }, headers: new Headers() };
  expect((await refund(missing, 1)).status).toBe(404);
});

test('a refund that the provider refuses later goes to a person and can be asked for anew', async () => {
  const payment = await fixture.pay('tok_refund_fails');
  const pending = await refund(payment, 49_950);
  expect(pending.body['status']).toBe('pending');
  await expect
    .poll(
      async () => {
        await fixture.deliverNow();
        await fixture.reconcileNow();
        return fixture.sent(String(payment.body['booking_id']));
      },
      { timeout: 20_000 },
    )
    .toMatchObject([{ type: 'payment.refund_settled', payload: { status: 'failed', amount_minor: 49_950 } }]);
  const { rows } = await fixture.database.db.query(
    'select kind, closed_at from manual_cases where subject_id = $1',
    [pending.body['refund_id']],
  );
  expect(rows).toEqual([{ kind: 'refund-failed', closed_at: null }]);
  expect((await refund(payment, 49_950)).status).toBe(200);
});

test('a refund whose answer is lost stays pending and is settled by asking, under the same id', async () => {
  const payment = await fixture.pay('tok_any');
  const { provider } = fixture.actions;
  const refundId = randomUUID();
  await fixture.database.db.query(
    `insert into refunds (id, payment_id, amount_minor, currency, reason, status, next_check_at)
     values ($1, $2, 500, 'INR', 'x', 'pending', clock_timestamp())`,
    [refundId, payment.body['payment_id']],
  );
  await fixture.database.db.query('update payments set refunded_minor = 500 where id = $1', [
    payment.body['payment_id'],
  ]);
  const deaf = {
    ...provider,
    refund: async (...args: Parameters<typeof provider.refund>) => {
      await provider.refund(...args);
      throw new Error('the answer was lost');
    },
  };
  await reconcileNow({ ...fixture.actions, provider: deaf }, 0);
  expect(await fixture.sent(String(payment.body['booking_id']))).toEqual([]);
  await fixture.reconcileNow();
  expect(await fixture.sent(String(payment.body['booking_id']))).toMatchObject([
    { payload: { refund_id: refundId, status: 'succeeded', amount_minor: 500 } },
  ]);
  const given = await fixture.database.db.query('select 1 from fake_provider_refunds where id = $1', [
    refundId,
  ]);
  expect(given.rowCount).toBe(1);
});
