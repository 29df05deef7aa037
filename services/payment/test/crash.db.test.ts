import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFixture, type Fixture } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture({ deadlineMs: 4_000 });
});
afterAll(async () => {
  expect(await fixture.broken()).toEqual([]);
  await fixture.close();
});

const program = fileURLToPath(new URL('./die-while-paying.ts', import.meta.url));

function dieWhilePaying(moment: string, bookingId: string): Promise<NodeJS.Signals | null> {
  const child = spawn(process.execPath, [program, fixture.database.url, moment, bookingId], {
    stdio: 'ignore',
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (_code, signal) => resolve(signal));
  });
}

for (const { moment, graceMs, status } of [
  { moment: 'before-provider', graceMs: 0, status: 'void' },
  { moment: 'after-provider', graceMs: 600_000, status: 'succeeded' },
] as const) {
  test(`a process killed ${moment.replace('-', ' the ')} leaves a row that ends as ${status}`, async () => {
    const bookingId = randomUUID();
    expect(await dieWhilePaying(moment, bookingId)).toBe('SIGKILL');
    const path = `/internal/payments?booking_id=${bookingId}&attempt=1`;
    expect((await fixture.internal('GET', path)).body['status']).toBe('unknown');
    await fixture.reconcileNow({ graceMs });
    expect((await fixture.internal('GET', path)).body['status']).toBe(status);
    expect(await fixture.sent(bookingId)).toMatchObject([{ type: 'payment.settled', payload: { status } }]);
  });
}

test('a batch killed between its rows and its outcomes leaves one attempt of each, and each ends by itself', async () => {
  for (const { moment, graceMs, status } of [
    { moment: 'before-provider', graceMs: 0, status: 'void' },
    { moment: 'after-provider', graceMs: 600_000, status: 'succeeded' },
  ]) {
    const bookingIds = Array.from({ length: 12 }, () => randomUUID());
    expect(await dieWhilePaying(moment, bookingIds.join(','))).toBe('SIGKILL');
    await fixture.reconcileNow({ graceMs });
    for (const bookingId of bookingIds) {
      const path = `/internal/payments?booking_id=${bookingId}&attempt=1`;
      expect((await fixture.internal('GET', path)).body['status']).toBe(status);
      expect(await fixture.sent(bookingId)).toHaveLength(1);
    }
  }
});

test('a request repeated after the crash takes the money once, under the key of the row that was left', async () => {
  for (const moment of ['before-provider', 'after-provider']) {
    const bookingId = randomUUID();
    await dieWhilePaying(moment, bookingId);
    const again = await fixture.pay('tok_any', { booking_id: bookingId, amount_minor: 700 });
    expect(again.body['status']).toBe('succeeded');
    const { rowCount } = await fixture.database.db.query(
      'select 1 from fake_provider_charges where key = $1',
      [again.body['payment_id']],
    );
    expect(rowCount).toBe(1);
  }
});
