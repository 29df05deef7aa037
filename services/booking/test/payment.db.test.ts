import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { actsOf, until, type Acts } from './buyers.ts';
import { createFixture, type Fixture } from './fixture.ts';

let f: Fixture;
let acts: Acts;
beforeAll(async () => {
  f = await createFixture({
    BOOKING_SWEEP_MS: '50',
    BOOKING_PAYMENT_CHECK_SECONDS: '1',
    BOOKING_PAYMENT_LEASE_SECONDS: '1',
  });
  acts = actsOf(f);
  await f.service.start();
});
afterAll(() => f.close());
beforeEach(() => {
  Object.assign(f.payments, { next: 'succeeded', known: 'missing', voids: 'void', calls: [] });
});
afterEach(async () => expect(await f.broken()).toEqual([]));

const statusIs = (status: string) => (body: Record<string, unknown>) => body['status'] === status;
async function refundsOf(bookingId: string): Promise<number | null> {
  const { rowCount } = await f.database.db.query(
    "select 1 from outbox where type = 'booking.refund_requested' and key = $1",
    [bookingId],
  );
  return rowCount;
}

test('a confirmed booking is charged once and answers the same again', async () => {
  const { eventId } = await f.publish();
  const who = await acts.buyer();
  const id = await acts.reserve(eventId, who, 2);
  const first = await acts.confirm(id, who);
  expect(first).toMatchObject({
    status: 200,
    body: {
      booking_id: id,
      status: 'confirmed',
      payment: {
        // What the owner asks payment for, at GET /api/v1/payments/{id}.
        payment_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        transaction_id: 'txn_1',
        status: 'succeeded',
        amount: 999,
      },
    },
  });
  expect(await acts.confirm(id, who)).toMatchObject({ status: 200, body: first.body });
  expect(f.payments.calls).toHaveLength(1);
  const tickets = await f.call('GET', `/api/v1/bookings/${id}/tickets`, { token: who.token });
  expect(tickets.body['tickets']).toHaveLength(2);
  expect(await acts.look(id, who)).toMatchObject({
    status: 'confirmed',
    payment_status: 'paid',
    ticket_url: `/api/booking/bookings/${id}/tickets`,
  });
});

test('parallel confirmations of one reservation ask payment once', async () => {
  const { eventId } = await f.publish();
  const who = await acts.buyer();
  const id = await acts.reserve(eventId, who);
  const answers = await Promise.all(Array.from({ length: 8 }, () => acts.confirm(id, who)));
  expect(answers.every((answer) => answer.status === 200 || answer.status === 202)).toBe(true);
  expect(f.payments.calls).toHaveLength(1);
});

test('confirmations, cancellations and the sweep that race for one hold end it once', async () => {
  const { eventId } = await f.publish({ capacity: 20, waitlist: 'off' });
  const who = await acts.buyer();
  const ids = await Promise.all(Array.from({ length: 10 }, () => acts.reserve(eventId, who)));
  const answers = await Promise.all(
    ids.flatMap((id) => [
      acts.confirm(id, who),
      acts.cancel(id, who),
      acts.lapse(id),
      acts.giveBack(id, who),
    ]),
  );
  expect(answers).toHaveLength(40);
  const settled = await Promise.all(
    ids.map((id) =>
      until(
        () => acts.look(id, who),
        (body) => body['status'] !== 'pending' && body['status'] !== 'paying',
      ),
    ),
  );
  const kept = settled.filter(statusIs('confirmed')).length;
  expect(await acts.left(eventId)).toBe(20 - kept);
});

test('a refused payment keeps the seats for ten minutes at least, granted once', async () => {
  const { eventId } = await f.publish();
  const who = await acts.buyer();
  const id = await acts.reserve(eventId, who);
  await f.database.db.query(
    "update bookings set expires_at = clock_timestamp() + interval '20 seconds' where id = $1",
    [id],
  );
  f.payments.next = 'declined';
  const refused = await acts.confirm(id, who);
  expect(refused).toMatchObject({
    status: 402,
    body: { code: 'payment_refused', decline_code: 'card_declined' },
  });
  const kept = new Date(String((await acts.look(id, who))['expires_at'])).getTime();
  expect(kept - Date.now()).toBeGreaterThan(9 * 60_000);
  f.payments.next = 'succeeded';
  expect((await acts.confirm(id, who)).status).toBe(200);
  expect(f.payments.calls.map((call) => Object(call.body).attempt)).toEqual([1, 2]);
});

test('an unknown outcome keeps the seats and is settled by what payment says later', async () => {
  const { eventId } = await f.publish({ capacity: 1, waitlist: 'off' });
  const who = await acts.buyer();
  const id = await acts.reserve(eventId, who);
  Object.assign(f.payments, { next: 'unknown', known: 'unknown' });
  const answer = await acts.confirm(id, who);
  expect(answer.status).toBe(202);
  expect(answer.headers.get('location')).toBe(`/api/booking/bookings/${id}`);
  expect(await acts.look(id, who)).toMatchObject({ status: 'payment_unknown', payment_status: 'unknown' });
  expect(await acts.left(eventId)).toBe(0);
  expect((await acts.cancel(id, who)).body).toMatchObject({ code: 'payment_in_progress' });
  expect((await acts.giveBack(id, who)).body).toMatchObject({ code: 'payment_in_progress' });
  f.payments.known = 'succeeded';
  expect(await until(() => acts.look(id, who), statusIs('confirmed'))).toMatchObject({ status: 'confirmed' });
  expect((await acts.giveBack(id, who)).body).toMatchObject({ code: 'already_confirmed' });
});

test('payment that is away is unknown, and an attempt it never heard of is void before the seats are free to pay again', async () => {
  const { eventId } = await f.publish();
  const who = await acts.buyer();
  const id = await acts.reserve(eventId, who);
  f.payments.next = 'away';
  expect((await acts.confirm(id, who)).status).toBe(202);
  expect(await until(() => acts.look(id, who), statusIs('pending'))).toMatchObject({ status: 'pending' });
  expect(f.payments.calls.some((call) => call.path === '/internal/payments/void')).toBe(true);
  f.payments.next = 'succeeded';
  expect((await acts.confirm(id, who)).status).toBe(200);
});

test('an outcome that stays unknown is given up at its deadline, also when the first question comes after it', async () => {
  const { eventId } = await f.publish({ capacity: 1, waitlist: 'off' });
  const who = await acts.buyer();
  const id = await acts.reserve(eventId, who);
  // As a process leaves it that dies between the step to paying and the answer, hours ago.
  await f.database.db.query(
    `with paying as (
       update bookings set status = 'paying', revision = 2, attempt = 1, check_at = clock_timestamp(),
              paying_since = clock_timestamp() - interval '2 hours' where id = $1 returning id, event_id)
     insert into booking_transitions (booking_id, revision, event_id, from_status, to_status, cause, at)
     select id, 2, event_id, 'pending', 'paying', 'confirm', clock_timestamp() from paying`,
    [id],
  );
  Object.assign(f.payments, { known: 'unknown', voids: 'unknown' });
  expect(await until(() => acts.look(id, who), statusIs('expired'))).toMatchObject({ status: 'expired' });
  expect(await acts.left(eventId)).toBe(1);
  expect(f.payments.calls.map((call) => call.path)).toContain('/internal/payments/void');
});

test('seats come back at the deadline although payment is away, and a message voids the attempt', async () => {
  const { eventId } = await f.publish({ capacity: 1, waitlist: 'off' });
  const who = await acts.buyer();
  const id = await acts.reserve(eventId, who);
  Object.assign(f.payments, { next: 'away', known: 'away', voids: 'away' });
  expect((await acts.confirm(id, who)).status).toBe(202);
  await f.database.db.query(
    "update bookings set paying_since = paying_since - interval '2 hours', check_at = clock_timestamp() where id = $1",
    [id],
  );
  expect(await until(() => acts.look(id, who), statusIs('expired'))).toMatchObject({ status: 'expired' });
  expect(await acts.left(eventId)).toBe(1);
  const sent = await f.database.db.query(
    "select 1 from outbox where type = 'booking.void_requested' and key = $1",
    [id],
  );
  expect(sent.rowCount).toBe(1);
  await acts.settle(eventId, id);
  expect(await acts.look(id, who)).toMatchObject({ status: 'confirmed' });
});

test('money that arrives after the hold lapsed takes the same seats again, or goes back once', async () => {
  const { eventId } = await f.publish({ capacity: 1, waitlist: 'off' });
  const [late, other] = await Promise.all([acts.buyer(), acts.buyer()]);
  const lapsed = async (id: string): Promise<void> => {
    await acts.lapse(id);
    await until(() => acts.look(id, late), statusIs('expired'));
  };
  const first = await acts.reserve(eventId, late);
  await lapsed(first);
  expect(await acts.confirm(first, late)).toMatchObject({ status: 410, body: { code: 'booking_expired' } });
  await acts.settle(eventId, first);
  expect(await acts.look(first, late)).toMatchObject({ status: 'confirmed' });
  expect(await acts.left(eventId)).toBe(0);
  expect((await acts.cancel(first, late)).status).toBe(200);
  const second = await acts.reserve(eventId, late);
  await lapsed(second);
  const third = await acts.reserve(eventId, other);
  await acts.settle(eventId, second);
  await acts.settle(eventId, second);
  expect(await acts.look(second, late)).toMatchObject({
    status: 'expired',
    payment_status: 'refund_pending',
  });
  await acts.cancel(third, other);
  await acts.settle(eventId, second);
  expect(await acts.look(second, late)).toMatchObject({ status: 'expired' });
  expect(await refundsOf(second)).toBe(1);
});

test('late money goes back when its buyer has as many tickets as one may have', async () => {
  const { eventId } = await f.publish({ capacity: 5, max_per_buyer: 1 });
  const who = await acts.buyer();
  const first = await acts.reserve(eventId, who);
  await acts.lapse(first);
  await until(() => acts.look(first, who), statusIs('expired'));
  const second = await acts.reserve(eventId, who);
  await acts.settle(eventId, first);
  expect(await acts.look(first, who)).toMatchObject({ status: 'expired', payment_status: 'refund_pending' });
  expect((await acts.confirm(second, who)).status).toBe(200);
});

test('money of an earlier attempt that is going back does not confirm the booking when it is told again', async () => {
  const { eventId } = await f.publish();
  const who = await acts.buyer();
  const id = await acts.reserve(eventId, who);
  f.payments.next = 'declined';
  expect((await acts.confirm(id, who)).status).toBe(402);
  Object.assign(f.payments, { next: 'unknown', known: 'unknown' });
  expect((await acts.confirm(id, who)).status).toBe(202);
  await acts.settle(eventId, id, 1);
  expect(await refundsOf(id)).toBe(1);
  f.payments.known = 'declined';
  expect(await until(() => acts.look(id, who), statusIs('pending'))).toMatchObject({ status: 'pending' });
  await acts.settle(eventId, id, 1);
  expect(await acts.look(id, who)).toMatchObject({ status: 'pending' });
  f.payments.next = 'succeeded';
  expect((await acts.confirm(id, who)).status).toBe(200);
  expect(await refundsOf(id)).toBe(1);
});
