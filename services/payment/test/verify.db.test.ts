import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyPayments, listCapturedPayments, type CapturedPayment } from '../src/store/verify.ts';
import { createFixture, type Fixture } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture({ deadlineMs: 4_000 });
});
afterAll(() => fixture.close());

class Undo extends Error {}

/** The invariants that `damage` breaks; everything is rolled back afterwards. */
async function brokenBy(damage: string, values: unknown[]): Promise<string[]> {
  let found: string[] = [];
  await fixture.database.db
    .transaction(async (client) => {
      // Damage gets past the constraints and triggers that would have refused it.
      await client.query("set local session_replication_role = 'replica'");
      for (const constraint of [
        'payments_refunds_within_capture',
        'payments_transaction_when_captured',
        'payments_asked_until_settled',
      ]) {
        await client.query(`alter table payments drop constraint ${constraint}`);
      }
      await client.query(damage, values);
      const checks = await verifyPayments(client);
      found = checks.filter((check) => check.violations.count > 0).map((check) => check.invariant);
      throw new Undo();
    })
    .catch((error: unknown) => {
      if (!(error instanceof Undo)) throw error;
    });
  return found;
}

test('each kind of damage to the books is found, and named by its invariant', async () => {
  const payment = await fixture.pay('tok_any');
  const id = payment.body['payment_id'];
  const refundId = randomUUID();
  const refunded = await fixture.internal('POST', `/internal/payments/${String(id)}/refunds`, {
    refund_id: refundId,
    amount_minor: 500,
    reason: 'x',
  });
  expect(refunded.body['status']).toBe('succeeded');
  expect((await fixture.internal('GET', '/internal/verify')).body['ok']).toBe(true);
  const ledger = 'ledger_entries where movement_id = $1';
  expect(await brokenBy(`delete from ${ledger}`, [id])).toContain('I21');
  expect(await brokenBy("update payments set status = 'void' where id = $1", [id])).toContain('I21');
  expect(await brokenBy('update payments set refunded_minor = 0 where id = $1', [id])).toEqual(['I22']);
  expect(
    await brokenBy('update payments set refunded_minor = amount_minor + 1 where id = $1', [id]),
  ).toContain('I22');
  expect(await brokenBy("update refunds set status = 'failed' where id = $1", [refundId])).toContain('I23');
  expect(await brokenBy(`delete from ${ledger} and account = 'sales_clearing'`, [id])).toEqual(['I24']);
  expect(await brokenBy(`delete from ${ledger}`, [refundId])).toEqual(['I24']);
  expect(await brokenBy('update fake_provider_charges set amount_minor = 1 where key = $1', [id])).toEqual([
    'I24',
  ]);
  expect(await brokenBy('delete from fake_provider_charges where key = $1', [id])).toEqual(['I24']);
  expect(
    await brokenBy("insert into provider_events (provider, event_id, payment_id) values ('fake', 'x', $1)", [
      randomUUID(),
    ]),
  ).toEqual(['I25']);
});

test('two attempts that both keep the money of one booking are found', async () => {
  const first = await fixture.pay('tok_any');
  const second = await fixture.pay('tok_any', { booking_id: first.body['booking_id'], attempt: 2 });
  const checks = await verifyPayments(fixture.database.db);
  const broken = checks.filter((check) => check.violations.count > 0);
  expect(broken).toMatchObject([{ invariant: 'I21', violations: { count: 1 } }]);
  expect(broken[0]?.violations.rows[0]).toContain(String(first.body['booking_id']));
  await fixture.internal('POST', `/internal/payments/${String(second.body['payment_id'])}/refunds`, {
    refund_id: randomUUID(),
    amount_minor: 49_950,
    reason: 'twice',
  });
  expect((await fixture.internal('GET', '/internal/verify')).body['ok']).toBe(true);
});

test('captured payments come ordered by booking, each once, and nothing that took no money', async () => {
  await fixture.pay('tok_decline');
  await Promise.all(Array.from({ length: 5 }, () => fixture.pay('tok_any')));
  const listed: CapturedPayment[] = [];
  for await (const page of listCapturedPayments(fixture.database.db)) listed.push(...page);
  const { rows } = await fixture.database.db.query("select id from payments where status = 'succeeded'");
  expect(listed).toHaveLength(rows.length);
  const ids = listed.map((payment) => payment.booking_id);
  expect(ids).toEqual(ids.toSorted());
});
