import { createLogger } from '@evently/kit/log';
import { openDatabase } from '@evently/kit/postgres';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { actsOf, until, type Acts } from './buyers.ts';
import { createFixture, specOf, type Fixture } from './fixture.ts';

let f: Fixture;
let acts: Acts;
beforeAll(async () => {
  f = await createFixture({ BOOKING_SWEEP_MS: '50' });
  acts = actsOf(f);
  await f.service.start();
});
afterAll(() => f.close());
afterEach(async () => expect(await f.broken()).toEqual([]));

const statusIs = (status: string) => (body: Record<string, unknown>) => body['status'] === status;

test('cancelling gives the seats back once and refunds by the policy', async () => {
  const soon = new Date(Date.now() + 5 * 3_600_000).toISOString();
  const { eventId } = await f.publish({ capacity: 3, starts_at: soon, ends_at: soon });
  const who = await acts.buyer();
  const id = await acts.reserve(eventId, who, 2);
  await acts.confirm(id, who);
  const answers = await Promise.all([acts.cancel(id, who), acts.cancel(id, who), acts.cancel(id, who)]);
  const [done] = answers.filter((answer) => answer.status === 200);
  expect(done?.body).toMatchObject({ refund_status: 'pending', refund_amount: 499.5 });
  expect(String(done?.body['message'])).toContain('cancelled');
  expect(answers.filter((answer) => answer.body['code'] === 'already_cancelled')).toHaveLength(2);
  expect((await acts.confirm(id, who)).body).toMatchObject({ code: 'already_cancelled' });
  expect((await acts.giveBack(id, who)).body).toMatchObject({ code: 'already_cancelled' });
  expect(await acts.left(eventId)).toBe(3);
  const pending = await acts.reserve(eventId, who);
  expect((await acts.cancel(pending, who)).body).toMatchObject({ refund_status: 'none', refund_amount: 0 });
  expect((await acts.confirm(pending, who)).body).toMatchObject({ code: 'booking_released' });
});

test('a hold that is given back is free at once, and cannot be given back or bought again', async () => {
  const { eventId } = await f.publish({ capacity: 2 });
  const who = await acts.buyer();
  const id = await acts.reserve(eventId, who, 2);
  expect((await acts.giveBack(id, who)).body).toMatchObject({ refund_status: 'none', refund_amount: 0 });
  expect(await acts.left(eventId)).toBe(2);
  for (const again of [await acts.giveBack(id, who), await acts.cancel(id, who), await acts.confirm(id, who)])
    expect(again).toMatchObject({ status: 410, body: { code: 'booking_expired' } });
});

test('a hold is over when the clock of the database says so, before the sweep has come', async () => {
  const slow = await createFixture();
  try {
    const { eventId } = await slow.publish();
    const own = actsOf(slow);
    const who = await own.buyer();
    const id = await own.reserve(eventId, who);
    await own.lapse(id);
    expect(await own.confirm(id, who)).toMatchObject({ status: 410, body: { code: 'booking_expired' } });
    expect(slow.payments.calls).toEqual([]);
  } finally {
    await slow.close();
  }
});

test('one event that cannot be swept does not keep the holds of others', async () => {
  const [bad, good] = [await f.publish({ capacity: 1 }), await f.publish({ capacity: 1 })];
  const who = await acts.buyer();
  const stuck = await acts.reserve(bad.eventId, who);
  // A counter that no longer covers its holds: releasing one is refused by an assertion.
  const damage = (held: number, blocked: number): Promise<unknown> =>
    f.database.db.query('update inventory set held = $2, blocked = $3 where event_id = $1', [
      bad.eventId,
      held,
      blocked,
    ]);
  await damage(0, 1);
  const free = await acts.reserve(good.eventId, who);
  await acts.lapse(stuck);
  await acts.lapse(free);
  expect(await until(() => acts.look(free, who), statusIs('expired'))).toMatchObject({ status: 'expired' });
  await damage(1, 0);
  expect(await until(() => acts.look(stuck, who), statusIs('expired'))).toMatchObject({ status: 'expired' });
});

test('an event whose lock is never free, because it sells all the time, gives lapsed holds back', async () => {
  const { eventId } = await f.publish({ capacity: 1 });
  const who = await acts.buyer();
  const id = await acts.reserve(eventId, who);
  const sellers = 3;
  const url = f.database.url;
  const log = createLogger('test', 'silent');
  // One holds the event for ten milliseconds, and the others wait in its queue: a sweep that skips it never comes.
  const db = openDatabase({ url, name: 'sellers', max: sellers, log, lockTimeoutMs: 10_000 });
  let sells = true;
  const sell = async (): Promise<void> => {
    while (sells)
      await db.transaction(async (client) => {
        await client.query('select 1 from event_sales where event_id = $1 for update', [eventId]);
        await client.query('select pg_sleep(0.01)');
      });
  };
  const selling = Promise.all(Array.from({ length: sellers }, sell));
  try {
    await acts.lapse(id);
    expect(await until(() => acts.look(id, who), statusIs('expired'))).toMatchObject({ status: 'expired' });
  } finally {
    sells = false;
    await selling;
    await db.close();
  }
});

test('a cancelled event cancels every booking, refunds in full and ends its waitlist', async () => {
  const spec = specOf(2, 2_000);
  const { eventId } = await f.publish(spec);
  const [paid, held, waiting] = await Promise.all([acts.buyer(), acts.buyer(), acts.buyer()]);
  const [a, b] = [await acts.reserve(eventId, paid), await acts.reserve(eventId, held)];
  await acts.confirm(a, paid);
  expect((await acts.join(eventId, waiting)).status).toBe(200);
  const cancelledSpec = { ...spec, revision: 2_001, status: 'cancelled' };
  expect((await f.internal('PUT', `/internal/inventory/${eventId}`, cancelledSpec)).status).toBe(200);
  expect(await until(() => acts.look(a, paid), statusIs('cancelled'))).toMatchObject({
    refund_amount: 499.5,
  });
  expect(await until(() => acts.look(b, held), statusIs('cancelled'))).toMatchObject({ status: 'cancelled' });
  expect(await until(() => acts.position(eventId, waiting), statusIs('expired'))).toMatchObject({
    status: 'expired',
  });
  expect((await acts.ask(eventId, held)).body).toMatchObject({ code: 'event_cancelled' });
  const check = await f.call('GET', `/api/v1/bookings/check-availability?event_id=${eventId}&quantity=1`);
  expect(check.body).toMatchObject({ available: false, available_seats: 0 });
  expect((await acts.join(eventId, held)).body).toMatchObject({ code: 'event_cancelled' });
});

test('ending with a key answers the same again, also when the requests race', async () => {
  const { eventId } = await f.publish({ capacity: 3 });
  const who = await acts.buyer();
  const [first, second] = [await acts.reserve(eventId, who), await acts.reserve(eventId, who)];
  await acts.confirm(first, who);
  const headers = { 'idempotency-key': 'end it' };
  const end = (id: string) => f.call('DELETE', `/api/v1/bookings/${id}`, { token: who.token, headers });
  const [once, again] = [await end(first), await end(first)];
  expect(once).toMatchObject({ status: 200, body: { refund_status: 'pending', refund_amount: 499.5 } });
  expect(again).toMatchObject({ status: 200, body: once.body });
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  const giveBack = (id: string, key: string) =>
    f.call('POST', `/api/v1/bookings/${id}/expire`, {
      token: who.token,
      headers: { 'idempotency-key': key },
    });
  const returned = await Promise.all([giveBack(second, 'r'), giveBack(second, 'r'), giveBack(second, 'r')]);
  expect(returned.map((answer) => answer.status)).toEqual([200, 200, 200]);
  expect(await acts.left(eventId)).toBe(3);
});
