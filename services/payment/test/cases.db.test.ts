import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { settleAttempt } from '../src/actions/settle-attempt.ts';
import { listCapturedPayments } from '../src/store/verify.ts';
import { openUnknownCase } from '../src/store/cases.ts';
import { createFixture, type Answer, type Fixture } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture({ deadlineMs: 4_000 });
});
afterAll(async () => {
  expect(await fixture.broken()).toEqual([]);
  await fixture.close();
});

const listed = z.object({
  total: z.int(),
  cases: z.array(z.looseObject({ case_id: z.string(), kind: z.string(), payment_id: z.string() })),
});

/** The open cases of a payment, as the interface lists them. */
async function openCases(payment: Answer): Promise<{ case_id: string; kind: string }[]> {
  const { cases, total } = listed.parse((await fixture.internal('GET', '/internal/cases')).body);
  expect(total).toBe(cases.length);
  return cases.filter((one) => one.payment_id === payment.body['payment_id']);
}
const kindsOf = async (payment: Answer): Promise<string[]> =>
  (await openCases(payment)).map(({ kind }) => kind);
const close = (id: string, body: unknown): Promise<Answer> =>
  fixture.internal('POST', `/internal/cases/${id}/close`, body);

function refund(payment: Answer, amountMinor: number): Promise<Answer> {
  const path = `/internal/payments/${String(payment.body['payment_id'])}/refunds`;
  return fixture.internal('POST', path, {
    refund_id: randomUUID(),
    amount_minor: amountMinor,
    reason: 'cancelled',
  });
}

/** From now on the provider refuses, or pays, what it is asked to give back of this payment. */
async function letRefundsFail(payment: Answer, fails: boolean): Promise<void> {
  const { rowCount } = await fixture.database.db.query(
    'update fake_provider_charges set refund_fails = $2 where key = $1',
    [payment.body['payment_id'], fails],
  );
  expect(rowCount).toBe(1);
}

async function failRefund(payment: Answer, amountMinor: number): Promise<void> {
  await letRefundsFail(payment, true);
  const asked = await refund(payment, amountMinor);
  await fixture.database.db.query(
    'update fake_provider_refunds set settles_at = clock_timestamp() where id = $1',
    [asked.body['refund_id']],
  );
  await fixture.reconcileNow();
  await letRefundsFail(payment, false);
}

/** What the provider holds of this payment from now on, and its event that says so. */
async function providerHolds(payment: Answer, outcome: 'succeeded' | 'voided'): Promise<void> {
  await fixture.database.db.query('update fake_provider_charges set outcome = $2 where key = $1', [
    payment.body['payment_id'],
    outcome,
  ]);
  const event = await fixture.webhook({
    id: `evt_${randomUUID()}`,
    type: 'charge.updated',
    mode: 'test',
    object: {
      key: payment.body['payment_id'],
      refund_id: null,
      amount_minor: 49_950,
      currency: 'INR',
      status: outcome,
    },
  });
  expect(event.body).toEqual({ received: true, duplicate: false });
}

test('the case of a refund that failed closes when all of its money has gone back, and not for a part of it', async () => {
  const payment = await fixture.pay('tok_any');
  await failRefund(payment, 30_000);
  await failRefund(payment, 10_000);
  expect(await kindsOf(payment)).toEqual(['refund-failed', 'refund-failed']);
  // Enough for the larger or for the smaller, but nobody says for which.
  expect((await refund(payment, 30_000)).body['status']).toBe('succeeded');
  expect(await kindsOf(payment)).toEqual(['refund-failed', 'refund-failed']);
  expect((await refund(payment, 10_000)).body['status']).toBe('succeeded');
  expect(await kindsOf(payment)).toEqual([]);
});

test('what was given back before a refund failed is not its money; nothing left of the payment is', async () => {
  const payment = await fixture.pay('tok_any');
  expect((await refund(payment, 20_000)).body['status']).toBe('succeeded');
  await failRefund(payment, 20_000);
  expect((await refund(payment, 5_000)).body['status']).toBe('succeeded');
  expect(await kindsOf(payment)).toEqual(['refund-failed']);
  await failRefund(payment, 24_950);
  expect((await refund(payment, 24_950)).body['status']).toBe('succeeded');
  expect(await kindsOf(payment)).toEqual([]);
});

test('a case that a person closes keeps the first note, and its money counts as given back', async () => {
  const payment = await fixture.pay('tok_any');
  await failRefund(payment, 49_950);
  const inCase = async (): Promise<number | undefined> => {
    for await (const page of listCapturedPayments(fixture.database.db)) {
      const found = page.find((one) => one.payment_id === payment.body['payment_id']);
      if (found !== undefined) return found.in_case_minor;
    }
    return undefined;
  };
  expect(await inCase()).toBe(49_950);
  const [found] = await openCases(payment);
  const id = found?.case_id ?? '';
  expect(found).toMatchObject({
    booking_id: payment.body['booking_id'],
    detail: 'the provider refused to give back 49950 INR (minor units): refund_refused',
    closed_at: null,
  });
  expect((await close(id, { note: '  ' })).body).toMatchObject({ code: 'invalid_request' });
  const closed = await close(id, { note: 'transfer 4711' });
  expect(closed).toMatchObject({ status: 200, body: { closed_now: true, note: 'transfer 4711' } });
  expect(await close(id, { note: 'another' })).toMatchObject({
    status: 200,
    body: { closed_now: false, note: 'transfer 4711', closed_at: closed.body['closed_at'] },
  });
  expect(await kindsOf(payment)).toEqual([]);
  expect(await inCase()).toBe(49_950);
  expect(await close(randomUUID(), { note: 'x' })).toMatchObject({
    status: 404,
    body: { code: 'not_found' },
  });
  expect((await fixture.call('GET', '/internal/cases')).status).toBe(401);
  expect((await fixture.call('POST', `/internal/cases/${id}/close`, { body: { note: 'x' } })).status).toBe(
    401,
  );
});

test('money after the end is a case until the provider holds it no more, and again when it does', async () => {
  const payment = await fixture.pay('tok_decline');
  expect(payment.body['status']).toBe('declined');
  await providerHolds(payment, 'succeeded');
  expect(await kindsOf(payment)).toEqual(['captured-after-end']);
  await providerHolds(payment, 'voided');
  expect(await kindsOf(payment)).toEqual([]);
  await providerHolds(payment, 'succeeded');
  const [again] = await openCases(payment);
  expect(again?.kind).toBe('captured-after-end');
  // What a person has seen to does not come back with the provider's next event about it.
  expect((await close(again?.case_id ?? '', { note: 'given back in its dashboard' })).status).toBe(200);
  await providerHolds(payment, 'succeeded');
  expect(await kindsOf(payment)).toEqual([]);
});

test('another amount than asked is a case until the attempt has an outcome', async () => {
  const payment = await fixture.pay('tok_error_after_success');
  const { actions, database } = fixture;
  const paymentId = String(payment.body['payment_id']);
  const charge = await actions.provider.retrieve(paymentId, AbortSignal.timeout(5_000));
  if (charge === null) throw new Error('the provider does not know the payment');
  await database.db.transaction((client) =>
    settleAttempt(actions, client, paymentId, { ...charge, amountMinor: 1 }),
  );
  expect(await kindsOf(payment)).toEqual(['amount-mismatch']);
  await fixture.reconcileNow();
  expect(await kindsOf(payment)).toEqual([]);
});

test('an attempt that is settled while its case is being opened gets none', async () => {
  const { actions, database } = fixture;
  const open = (payment: Answer) =>
    openUnknownCase(database.db, {
      id: randomUUID(),
      paymentId: String(payment.body['payment_id']),
      detail: 'the provider has not told the outcome',
    });
  const settled = await fixture.pay('tok_error_after_success');
  const settledId = String(settled.body['payment_id']);
  const charge = await actions.provider.retrieve(settledId, AbortSignal.timeout(5_000));
  if (charge === null) throw new Error('the provider does not know the payment');
  const opening = await database.db.transaction(async (client) => {
    await settleAttempt(actions, client, settledId, charge);
    const waiting = open(settled);
    // The other connection waits for the row that this transaction has; only then does it end.
    await expect
      .poll(
        async () => {
          const { rows } = await database.db.query<{ waits: number }>(
            `select count(*)::int as waits from pg_stat_activity
              where datname = current_database() and wait_event_type = 'Lock' and query like '%outcome-unknown%'`,
          );
          return rows[0]?.waits;
        },
        { timeout: 20_000 },
      )
      .toBe(1);
    return { waiting };
  });
  expect(await opening.waiting).toBe(false);
  expect(await kindsOf(settled)).toEqual([]);
  // The control: one that is not settled gets its case, which its outcome closes.
  const lost = await fixture.pay('tok_error_after_success');
  expect(await open(lost)).toBe(true);
  expect(await kindsOf(lost)).toEqual(['outcome-unknown']);
  await fixture.reconcileNow();
  expect(await kindsOf(lost)).toEqual([]);
});
