import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createFixture, type Fixture } from './fixture.ts';

let f: Fixture;
beforeAll(async () => {
  f = await createFixture();
});
afterAll(() => f.close());
afterEach(async () => expect(await f.broken()).toEqual([]));

async function reserve(eventId: string, token: string, body: Record<string, unknown> = {}) {
  return f.call('POST', '/api/v1/bookings/reserve', {
    token,
    body: { event_id: eventId, quantity: 1, idempotency_key: randomUUID(), ...body },
  });
}

test('300 buyers for 299 seats sell exactly 299', async () => {
  const { eventId } = await f.publish({ capacity: 299 });
  const tokens = await Promise.all(Array.from({ length: 300 }, () => f.tokens.user()));
  const answers = await Promise.all(tokens.map((token) => reserve(eventId, token)));
  expect(answers.filter((answer) => answer.status === 200)).toHaveLength(299);
  const [refused] = answers.filter((answer) => answer.status !== 200);
  expect(refused).toMatchObject({
    status: 409,
    body: { code: 'sold_out', waitlist: { position: 1, status: 'waiting' } },
  });
  expect(JSON.stringify(refused?.body)).not.toContain('reservation_id');
});

test('a reservation is answered as clients rely on', async () => {
  const { eventId } = await f.publish();
  const answer = await reserve(eventId, await f.tokens.user(), { quantity: 2 });
  expect(answer).toMatchObject({
    status: 200,
    body: { total_amount: 999, currency: 'INR', status: 'pending' },
  });
  expect(answer.body['booking_reference']).toMatch(/^EV-[0-9A-Z]{10}$/);
  const check = await f.call('GET', `/api/v1/bookings/check-availability?event_id=${eventId}&quantity=1`);
  expect(check).toMatchObject({
    status: 200,
    body: { available: true, available_seats: 8, max_per_booking: 10, base_price: 499.5 },
  });
});

test('a repeated key gives the same answer, also when the house is sold out', async () => {
  const { eventId } = await f.publish({ capacity: 1, waitlist: 'off' });
  const [winner, loser] = await Promise.all([f.tokens.user(), f.tokens.user()]);
  const key = 'a key with spaces';
  const first = await reserve(eventId, winner, { idempotency_key: key });
  expect((await reserve(eventId, loser)).body).toMatchObject({ code: 'sold_out' });
  expect((await reserve(eventId, loser)).body).toMatchObject({ code: 'sold_out' });
  const again = await reserve(eventId, winner, { idempotency_key: key });
  expect(again.body).toEqual(first.body);
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  expect(await reserve(eventId, winner, { idempotency_key: key, quantity: 2 })).toMatchObject({
    status: 422,
    body: { code: 'idempotency_key_reused' },
  });
  expect((await reserve(eventId, loser, { idempotency_key: key })).status).toBe(409);
});

test('the key comes in its header, quoted or bare, or in the body; the header wins', async () => {
  const { eventId } = await f.publish({ capacity: 9 });
  const token = await f.tokens.user();
  const ask = (header: string | null, inBody?: string) =>
    f.call('POST', '/api/v1/bookings/reserve', {
      token,
      body: { event_id: eventId, quantity: 1, idempotency_key: inBody },
      headers: header === null ? {} : { 'idempotency-key': header },
    });
  const first = await ask('"one key"');
  expect(first.status).toBe(200);
  for (const again of [await ask('one key'), await ask(null, 'one key'), await ask('"one key"', 'other')]) {
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  }
  const second = await ask(null, 'other');
  expect(second.body['reservation_id']).not.toBe(first.body['reservation_id']);
  for (const missing of [await ask(null), await ask(''), await ask('x'.repeat(256)), await ask('""')])
    expect(missing).toMatchObject({ status: 400, body: { errors: [{ field: 'idempotency_key' }] } });
});

test('an id is the same in capitals', async () => {
  const { eventId, tierIds } = await f.publish({ capacity: 2 });
  const token = await f.tokens.user();
  const answer = await reserve(eventId.toUpperCase(), token, {
    tier_id: tierIds[0]?.toUpperCase(),
    idempotency_key: 'capitals',
  });
  expect(answer.status).toBe(200);
  const again = await reserve(eventId, token, { idempotency_key: 'capitals' });
  expect([again.status, again.body]).toEqual([200, answer.body]);
});

test('requests that arrive together with one key take one seat', async () => {
  const { eventId } = await f.publish({ capacity: 5 });
  const token = await f.tokens.user();
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => reserve(eventId, token, { idempotency_key: 'same' })),
  );
  expect(new Set(answers.map((answer) => answer.body['reservation_id'])).size).toBe(1);
  expect(
    (await f.call('GET', `/api/v1/bookings/check-availability?event_id=${eventId}`)).body['available_seats'],
  ).toBe(4);
});

test('a limit for each buyer holds across keys and parallel requests', async () => {
  const { eventId } = await f.publish({ capacity: 100, max_per_buyer: 3 });
  const token = await f.tokens.user();
  const answers = await Promise.all(Array.from({ length: 10 }, () => reserve(eventId, token)));
  expect(answers.filter((answer) => answer.status === 200)).toHaveLength(3);
  expect(answers.find((answer) => answer.status !== 200)?.body).toMatchObject({
    code: 'limit_reached',
    max_per_buyer: 3,
  });
});

test('several tiers are reserved all or nothing', async () => {
  const [a, b] = [randomUUID(), randomUUID()];
  const { eventId } = await f.publish({
    tiers: [
      { tier_id: a, name: 'A', capacity: 2, price_minor: 1_000 },
      { tier_id: b, name: 'B', capacity: 1, price_minor: 250 },
    ],
  });
  const token = await f.tokens.user();
  const items = [
    { tier_id: a, quantity: 1 },
    { tier_id: b, quantity: 1 },
  ];
  const body = { quantity: undefined, items };
  expect(await reserve(eventId, token, body)).toMatchObject({ status: 200, body: { total_amount: 12.5 } });
  expect(await reserve(eventId, token, body)).toMatchObject({ status: 409, body: { code: 'sold_out' } });
  expect((await reserve(eventId, token)).body).toMatchObject({ code: 'tier_required' });
  expect((await reserve(eventId, token, { tier_id: randomUUID() })).body).toMatchObject({
    code: 'unknown_tier',
  });
  expect(await reserve(eventId, token, { tier_id: a })).toMatchObject({ status: 200 });
});

test('a sale is open only inside its window, by the clock of the database', async () => {
  const token = await f.tokens.user();
  const soon = new Date(Date.now() + 60_000).toISOString();
  const before = new Date(Date.now() - 60_000).toISOString();
  const future = await f.publish({ sale: { mode: 'window', opens_at: soon, closes_at: null } });
  expect(await reserve(future.eventId, token)).toMatchObject({
    status: 409,
    body: { code: 'sale_not_open', opens_at: soon },
  });
  const past = await f.publish({ sale: { mode: 'window', opens_at: null, closes_at: before } });
  expect(await reserve(past.eventId, token)).toMatchObject({ status: 409, body: { code: 'sale_closed' } });
  const managed = await f.publish({ sale: { mode: 'managed', opens_at: null, closes_at: null } });
  expect(await reserve(managed.eventId, token)).toMatchObject({
    status: 409,
    body: { code: 'sale_not_open', opens_at: null },
  });
  const arm = { epoch: 1, uid: 'u', generation: 1, opens_at: before, closes_at: null, intent: 'Run' };
  expect((await f.internal('PUT', `/internal/sales/${managed.eventId}`, arm)).status).toBe(200);
  expect((await reserve(managed.eventId, token)).status).toBe(200);
  expect(await f.internal('PUT', `/internal/sales/${managed.eventId}`, { ...arm, epoch: 0 })).toMatchObject({
    status: 409,
    body: { code: 'stale_epoch', epoch: 1 },
  });
  expect(
    (await f.internal('DELETE', `/internal/sales/${managed.eventId}?epoch=1&uid=u&generation=2`)).status,
  ).toBe(200);
  expect((await reserve(managed.eventId, token)).body).toMatchObject({ code: 'sale_not_open' });
});

test('bad input changes nothing and says what is wrong', async () => {
  const { eventId } = await f.publish({ capacity: 4 });
  const token = await f.tokens.user();
  const bad: unknown[] = [
    { quantity: 0 },
    { quantity: -1 },
    { quantity: 1.5 },
    { quantity: '1' },
    { quantity: 1e9 },
    { event_id: 'x' },
    { unknown: 1 },
    { idempotency_key: '' },
    { idempotency_key: 'x'.repeat(256) },
    { idempotency_key: 'a\u0001b' },
    { items: [] },
    { tier_id: 7 },
  ];
  for (const body of bad) {
    const answer = await f.call('POST', '/api/v1/bookings/reserve', {
      token,
      body: { event_id: eventId, quantity: 1, idempotency_key: 'k', ...Object(body) },
    });
    expect([JSON.stringify(body), answer.status]).toEqual([JSON.stringify(body), 400]);
    expect(typeof answer.body['error']).toBe('string');
  }
  expect(
    (
      await f.call('POST', '/api/v1/bookings/reserve', {
        token,
        body: '{"event_id":',
        headers: { 'content-type': 'application/json' },
      })
    ).status,
  ).toBe(400);
  expect((await f.call('POST', '/api/v1/bookings/reserve', { body: {} })).status).toBe(401);
  expect((await reserve(randomUUID(), token)).status).toBe(404);
  expect((await reserve(eventId, token, { quantity: 11 })).body).toMatchObject({
    code: 'over_booking_limit',
  });
  expect((await reserve(eventId, token, { quantity: 5 })).body).toMatchObject({
    code: 'not_enough_seats',
    available_seats: 4,
  });
});
