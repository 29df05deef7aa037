import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createFixture, type Fixture } from './fixture.ts';

let f: Fixture;
beforeAll(async () => {
  f = await createFixture({
    BOOKING_SWEEP_MS: '50',
    BOOKING_PAYMENT_CHECK_SECONDS: '1',
    BOOKING_PAYMENT_LEASE_SECONDS: '1',
  });
  await f.service.start();
});
afterAll(() => f.close());
beforeEach(() => {
  Object.assign(f.payments, { next: 'succeeded', known: 'missing', voids: 'void', calls: [] });
});
afterEach(async () => expect(await f.broken()).toEqual([]));

type Buyer = { token: string; id: string };
async function buyer(): Promise<Buyer> {
  const id = randomUUID();
  return { id, token: await f.tokens.user(id) };
}
async function reserve(eventId: string, who: Buyer, quantity = 1): Promise<string> {
  const answer = await f.call('POST', '/api/v1/bookings/reserve', {
    token: who.token,
    body: { event_id: eventId, quantity, idempotency_key: randomUUID() },
  });
  expect(answer.status).toBe(200);
  return String(answer.body['reservation_id']);
}
const confirm = (id: string, who: Buyer) =>
  f.call('POST', '/api/v1/bookings/confirm', {
    token: who.token,
    body: { reservation_id: id, payment_token: 'tok', payment_method: 'card' },
  });
const look = async (id: string, who: Buyer) =>
  (await f.call('GET', `/api/v1/bookings/${id}`, { token: who.token })).body;
const cancel = (id: string, who: Buyer) => f.call('DELETE', `/api/v1/bookings/${id}`, { token: who.token });
const left = async (eventId: string) =>
  (await f.call('GET', `/api/v1/bookings/check-availability?event_id=${eventId}`)).body['available_seats'];
const lapse = (id: string) =>
  f.database.db.query(
    "update bookings set expires_at = clock_timestamp() - interval '1 second' where id = $1",
    [id],
  );
async function until<T>(read: () => Promise<T>, done: (value: T) => boolean): Promise<T> {
  const deadline = performance.now() + 8_000;
  for (;;) {
    const value = await read();
    if (done(value) || performance.now() > deadline) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('a confirmed booking is charged once and answers the same again', async () => {
  const { eventId } = await f.publish();
  const who = await buyer();
  const id = await reserve(eventId, who, 2);
  const first = await confirm(id, who);
  expect(first).toMatchObject({
    status: 200,
    body: {
      booking_id: id,
      status: 'confirmed',
      payment: { transaction_id: 'txn_1', status: 'succeeded', amount: 999 },
    },
  });
  expect(await confirm(id, who)).toMatchObject({ status: 200, body: first.body });
  expect(f.payments.calls).toHaveLength(1);
  const tickets = (await f.call('GET', `/api/v1/bookings/${id}/tickets`, { token: who.token })).body;
  expect(tickets['tickets']).toHaveLength(2);
  expect(await look(id, who)).toMatchObject({
    status: 'confirmed',
    payment_status: 'paid',
    ticket_url: `/api/booking/bookings/${id}/tickets`,
  });
});

test('parallel confirmations of one reservation ask payment once', async () => {
  const { eventId } = await f.publish();
  const who = await buyer();
  const id = await reserve(eventId, who);
  const answers = await Promise.all(Array.from({ length: 8 }, () => confirm(id, who)));
  expect(answers.every((answer) => answer.status === 200 || answer.status === 202)).toBe(true);
  expect(f.payments.calls).toHaveLength(1);
});

test('a refused payment keeps the seats for ten minutes at least, granted once', async () => {
  const { eventId } = await f.publish();
  const who = await buyer();
  const id = await reserve(eventId, who);
  await f.database.db.query(
    "update bookings set expires_at = clock_timestamp() + interval '20 seconds' where id = $1",
    [id],
  );
  f.payments.next = 'declined';
  const refused = await confirm(id, who);
  expect(refused).toMatchObject({
    status: 402,
    body: { code: 'payment_refused', decline_code: 'card_declined' },
  });
  const until1 = new Date(String((await look(id, who))['expires_at'])).getTime();
  expect(until1 - Date.now()).toBeGreaterThan(9 * 60_000);
  f.payments.next = 'succeeded';
  expect((await confirm(id, who)).status).toBe(200);
  expect(f.payments.calls.map((call) => Object(call.body).attempt)).toEqual([1, 2]);
});

test('an unknown outcome keeps the seats and is settled by what payment says later', async () => {
  const { eventId } = await f.publish({ capacity: 1, waitlist: 'off' });
  const who = await buyer();
  const id = await reserve(eventId, who);
  Object.assign(f.payments, { next: 'unknown', known: 'unknown' });
  const answer = await confirm(id, who);
  expect(answer.status).toBe(202);
  expect(answer.headers.get('location')).toBe(`/api/booking/bookings/${id}`);
  expect(await look(id, who)).toMatchObject({ status: 'payment_unknown', payment_status: 'unknown' });
  expect(await left(eventId)).toBe(0);
  expect((await cancel(id, who)).body).toMatchObject({ code: 'payment_in_progress' });
  f.payments.known = 'succeeded';
  expect(
    await until(
      () => look(id, who),
      (body) => body['status'] === 'confirmed',
    ),
  ).toMatchObject({ status: 'confirmed' });
});

test('payment that is away is unknown, and an attempt it never heard of is void before the seats are free to pay again', async () => {
  const { eventId } = await f.publish();
  const who = await buyer();
  const id = await reserve(eventId, who);
  f.payments.next = 'away';
  expect((await confirm(id, who)).status).toBe(202);
  expect(
    await until(
      () => look(id, who),
      (body) => body['status'] === 'pending',
    ),
  ).toMatchObject({ status: 'pending' });
  expect(f.payments.calls.some((call) => call.path === '/internal/payments/void')).toBe(true);
  f.payments.next = 'succeeded';
  expect((await confirm(id, who)).status).toBe(200);
});

test('money that arrives after the hold lapsed takes the same seats again, or goes back once', async () => {
  const { eventId } = await f.publish({ capacity: 1, waitlist: 'off' });
  const [late, other] = await Promise.all([buyer(), buyer()]);
  const settle = (bookingId: string, attempt = 1) =>
    f.bus.publish({
      id: randomUUID(),
      topic: 'payment',
      key: bookingId,
      type: 'payment.settled',
      createdAt: new Date(),
      attempt: 1,
      payload: {
        payment_id: randomUUID(),
        booking_id: bookingId,
        event_id: eventId,
        attempt,
        status: 'succeeded',
        transaction_id: 't',
        amount_minor: 49_950,
        currency: 'INR',
      },
    });
  const first = await reserve(eventId, late);
  await lapse(first);
  await until(
    () => look(first, late),
    (body) => body['status'] === 'expired',
  );
  expect(await confirm(first, late)).toMatchObject({ status: 410, body: { code: 'booking_expired' } });
  await settle(first);
  expect(await look(first, late)).toMatchObject({ status: 'confirmed' });
  expect((await cancel(first, late)).status).toBe(200);
  const second = await reserve(eventId, late);
  await lapse(second);
  await until(
    () => look(second, late),
    (body) => body['status'] === 'expired',
  );
  const third = await reserve(eventId, other);
  await settle(second);
  await settle(second);
  expect(await look(second, late)).toMatchObject({ status: 'expired', payment_status: 'refund_pending' });
  await f.call('DELETE', `/api/v1/bookings/${third}`, { token: other.token });
  await settle(second);
  expect(await look(second, late)).toMatchObject({ status: 'expired' });
  const refunds = await f.database.db.query(
    "select 1 from outbox where type = 'booking.refund_requested' and key = $1",
    [second],
  );
  expect(refunds.rowCount).toBe(1);
});

test('cancelling gives the seats back once and refunds by the policy', async () => {
  const soon = new Date(Date.now() + 5 * 3_600_000).toISOString();
  const { eventId } = await f.publish({ capacity: 3, starts_at: soon, ends_at: soon });
  const who = await buyer();
  const id = await reserve(eventId, who, 2);
  await confirm(id, who);
  const answers = await Promise.all([cancel(id, who), cancel(id, who), cancel(id, who)]);
  const [done] = answers.filter((answer) => answer.status === 200);
  expect(done?.body).toMatchObject({ refund_status: 'pending', refund_amount: 499.5 });
  expect(String(done?.body['message'])).toContain('cancelled');
  expect(answers.filter((answer) => answer.body['code'] === 'already_cancelled')).toHaveLength(2);
  expect(await left(eventId)).toBe(3);
  const pending = await reserve(eventId, who);
  expect((await cancel(pending, who)).body).toMatchObject({ refund_status: 'none', refund_amount: 0 });
  expect((await confirm(pending, who)).body).toMatchObject({ code: 'booking_released' });
});

test('a lapsed hold goes to the first who waits and fits, as a real reservation, and then to the next', async () => {
  const { eventId } = await f.publish({ capacity: 2 });
  const [holder, big, small, last] = await Promise.all([buyer(), buyer(), buyer(), buyer()]);
  const [one, two] = [await reserve(eventId, holder), await reserve(eventId, holder)];
  const join = (who: Buyer, quantity: number) =>
    f.call('POST', '/api/v1/waitlist/join', { token: who.token, body: { event_id: eventId, quantity } });
  expect((await join(big, 2)).body).toMatchObject({ position: 1, status: 'waiting' });
  expect((await join(big, 2)).body).toMatchObject({ code: 'already_waiting' });
  expect((await join(small, 1)).body).toMatchObject({ position: 2 });
  expect((await join(last, 1)).body).toMatchObject({ position: 3 });
  await lapse(one);
  const position = async (who: Buyer) =>
    (await f.call('GET', `/api/v1/waitlist/position?event_id=${eventId}`, { token: who.token })).body;
  const offered = await until(
    () => position(small),
    (body) => body['status'] === 'offered',
  );
  expect(offered).toMatchObject({ status: 'offered', quantity_requested: 1 });
  expect(await position(big)).toMatchObject({ status: 'waiting', position: 1, total_waiting: 2 });
  const again = await f.call('POST', '/api/v1/bookings/reserve', {
    token: small.token,
    body: { event_id: eventId, quantity: 1, idempotency_key: 'mine' },
  });
  expect(again.body['reservation_id']).toBe(offered['reservation_id']);
  expect((await confirm(String(offered['reservation_id']), small)).status).toBe(200);
  expect(await position(small)).toMatchObject({ status: 'converted' });
  await lapse(two);
  const next = await until(
    () => position(last),
    (body) => body['status'] === 'offered',
  );
  await lapse(String(next['reservation_id']));
  expect(
    await until(
      () => position(last),
      (body) => body['status'] === 'expired',
    ),
  ).toMatchObject({ status: 'expired' });
  expect(await left(eventId)).toBe(1);
  expect(
    (await f.call('DELETE', '/api/v1/waitlist/leave', { token: big.token, body: { event_id: eventId } }))
      .status,
  ).toBe(200);
  expect(
    (await f.call('DELETE', '/api/v1/waitlist/leave', { token: big.token, body: { event_id: eventId } }))
      .status,
  ).toBe(404);
  expect((await join(last, 1)).body).toMatchObject({ code: 'seats_available' });
});

test('more capacity goes to who waits before it is public', async () => {
  const tierId = randomUUID();
  const tier = { tier_id: tierId, name: 'General', capacity: 1, price_minor: 0 };
  const { eventId } = await f.publish({ tiers: [tier] });
  const [holder, waiting] = await Promise.all([buyer(), buyer()]);
  const free = await reserve(eventId, holder);
  expect((await confirm(free, holder)).status).toBe(200);
  expect(f.payments.calls).toHaveLength(0);
  await f.call('POST', '/api/v1/bookings/reserve', {
    token: waiting.token,
    body: { event_id: eventId, quantity: 1, idempotency_key: 'k' },
  });
  const { specOf } = await import('./fixture.ts');
  const spec = { ...specOf(1, 1_000), tiers: [{ ...tier, capacity: 2 }] };
  expect((await f.internal('PUT', `/internal/inventory/${eventId}`, spec)).body).toMatchObject({
    available: 0,
    held: 1,
    sold: 1,
  });
  expect(
    (
      await f.internal('PUT', `/internal/inventory/${eventId}`, {
        ...spec,
        revision: 1_001,
        tiers: [{ ...tier, capacity: 1 }],
      })
    ).body,
  ).toMatchObject({ code: 'capacity_below_sold', minimum: 2 });
  expect(
    (
      await f.internal('PUT', `/internal/inventory/${eventId}`, {
        ...spec,
        revision: 2,
        tiers: [{ ...tier, capacity: 50 }],
      })
    ).body,
  ).toMatchObject({ capacity: 2 });
});

test('a cancelled event cancels every booking and refunds in full', async () => {
  const { specOf } = await import('./fixture.ts');
  const spec = specOf(5, 2_000);
  const { eventId } = await f.publish(spec);
  const [paid, held] = await Promise.all([buyer(), buyer()]);
  const [a, b] = [await reserve(eventId, paid), await reserve(eventId, held)];
  await confirm(a, paid);
  expect(
    (
      await f.internal('PUT', `/internal/inventory/${eventId}`, {
        ...spec,
        revision: 2_001,
        status: 'cancelled',
      })
    ).status,
  ).toBe(200);
  expect(
    await until(
      () => look(a, paid),
      (body) => body['status'] === 'cancelled',
    ),
  ).toMatchObject({ refund_amount: 499.5 });
  expect(
    await until(
      () => look(b, held),
      (body) => body['status'] === 'cancelled',
    ),
  ).toMatchObject({ status: 'cancelled' });
  const refused = await f.call('POST', '/api/v1/bookings/reserve', {
    token: held.token,
    body: { event_id: eventId, quantity: 1, idempotency_key: 'x' },
  });
  expect(refused.body).toMatchObject({ code: 'event_cancelled' });
});

test('a ticket lets one person in once', async () => {
  const { eventId } = await f.publish();
  const who = await buyer();
  const id = await reserve(eventId, who);
  await confirm(id, who);
  const { tickets } = (await f.call('GET', `/api/v1/bookings/${id}/tickets`, { token: who.token })).body;
  const [ticket] = Array.isArray(tickets) ? tickets : [];
  const door = await f.tokens.admin(['tickets:scan']);
  const scan = (code: string, token = door) =>
    f.call('POST', '/api/v1/tickets/scan', { token, body: { code, where: 'north gate' } });
  expect((await scan(ticket.code, who.token)).status).toBe(403);
  const answers = await Promise.all([scan(ticket.qr), scan(ticket.code)]);
  expect(answers.map((answer) => answer.status).toSorted()).toEqual([200, 409]);
  expect(await scan(ticket.code)).toMatchObject({
    status: 409,
    body: { code: 'ticket_already_used', used_where: 'north gate' },
  });
  expect((await scan('x'.repeat(27))).status).toBe(404);
});

test('what belongs to somebody else is as unknown as what does not exist', async () => {
  const { eventId } = await f.publish();
  const [owner, stranger] = await Promise.all([buyer(), buyer()]);
  const id = await reserve(eventId, owner);
  for (const [method, path, body] of [
    ['GET', `/api/v1/bookings/${id}`],
    ['GET', `/api/v1/bookings/${id}/tickets`],
    ['GET', `/api/v1/bookings/${id}/stream`],
    ['DELETE', `/api/v1/bookings/${id}`],
    ['POST', `/api/v1/bookings/${id}/expire`],
    ['POST', '/api/v1/bookings/confirm', { reservation_id: id, payment_token: 't', payment_method: 'card' }],
    ['GET', `/api/v1/bookings/user/${owner.id}`],
  ] as const) {
    const options = { token: stranger.token, ...(body === undefined ? {} : { body }) };
    expect([path, (await f.call(method, path, options)).status]).toEqual([path, 404]);
    expect([path, (await f.call(method, path, body === undefined ? {} : { body })).status]).toEqual([
      path,
      401,
    ]);
  }
  const admin = await f.tokens.admin();
  expect((await f.call('GET', `/api/v1/bookings/${id}`, { token: admin })).status).toBe(200);
  expect(
    (await f.call('GET', `/api/v1/bookings/user/${owner.id}`, { token: owner.token })).body,
  ).toMatchObject({ total: 1, total_pages: 1 });
});

test('a stream tells each change of status once and resumes after the last seen', async () => {
  const { eventId } = await f.publish();
  const who = await buyer();
  const id = await reserve(eventId, who);
  const listen = async (after: string | null, wanted: number): Promise<string> => {
    const response = await f.service.app.request(`/api/v1/bookings/${id}/stream`, {
      headers: {
        authorization: `Bearer ${who.token}`,
        ...(after === null ? {} : { 'last-event-id': after }),
      },
    });
    const reader = response.body?.getReader();
    let text = '';
    while (reader !== undefined && text.split('event: status').length <= wanted) {
      const { value, done } = await reader.read();
      if (done) break;
      text += new TextDecoder().decode(value);
    }
    await reader?.cancel();
    return text;
  };
  const all = listen(null, 3);
  await confirm(id, who);
  expect([...(await all).matchAll(/"status":"(\w+)"/g)].map((match) => match[1])).toEqual([
    'pending',
    'paying',
    'confirmed',
  ]);
  expect([...(await listen('2', 1)).matchAll(/"status":"(\w+)"/g)].map((match) => match[1])).toEqual([
    'confirmed',
  ]);
});
