import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { actsOf, until, type Acts } from './buyers.ts';
import { createFixture, specOf, type Fixture } from './fixture.ts';

let f: Fixture;
let acts: Acts;
beforeAll(async () => {
  f = await createFixture({ BOOKING_MAX_WAITING: '3' });
  acts = actsOf(f);
});
afterAll(() => f.close());
afterEach(async () => expect(await f.broken()).toEqual([]));

const sweep = () => f.internal('POST', '/internal/bookings/expire-reservations');
const twoTiers = () => [
  { tier_id: randomUUID(), name: 'A', capacity: 1, price_minor: 1_000 },
  { tier_id: randomUUID(), name: 'B', capacity: 1, price_minor: 250 },
];

test('a lapsed hold goes to the first who waits and fits, as a real reservation, and then to the next', async () => {
  const { eventId } = await f.publish({ capacity: 2 });
  const [holder, big, small, last] = await Promise.all([
    acts.buyer(),
    acts.buyer(),
    acts.buyer(),
    acts.buyer(),
  ]);
  const [one, two] = [await acts.reserve(eventId, holder), await acts.reserve(eventId, holder)];
  expect((await acts.join(eventId, big, 2)).body).toMatchObject({ position: 1, status: 'waiting' });
  expect((await acts.join(eventId, big, 2)).body).toMatchObject({ code: 'already_waiting' });
  expect((await acts.join(eventId, small)).body).toMatchObject({ position: 2 });
  expect((await acts.join(eventId, last)).body).toMatchObject({ position: 3 });
  expect((await acts.join(eventId, await acts.buyer())).body).toMatchObject({ code: 'waitlist_full' });
  expect((await acts.ask(eventId, await acts.buyer())).body).not.toHaveProperty('waitlist');
  await acts.lapse(one);
  await sweep();
  const offered = await acts.position(eventId, small);
  expect(offered).toMatchObject({ status: 'offered', quantity_requested: 1 });
  expect(await acts.position(eventId, big)).toMatchObject({
    status: 'waiting',
    position: 1,
    total_waiting: 2,
  });
  const again = await acts.ask(eventId, small);
  expect(again.body['reservation_id']).toBe(offered['reservation_id']);
  expect((await acts.confirm(String(offered['reservation_id']), small)).status).toBe(200);
  expect(await acts.position(eventId, small)).toMatchObject({ status: 'converted' });
  await acts.lapse(two);
  await sweep();
  const next = await acts.position(eventId, last);
  expect(next).toMatchObject({ status: 'offered' });
  await acts.lapse(String(next['reservation_id']));
  await sweep();
  expect(await acts.position(eventId, last)).toMatchObject({ status: 'expired' });
  expect(await acts.left(eventId)).toBe(1);
  expect((await acts.leave(eventId, big)).status).toBe(200);
  expect((await acts.leave(eventId, big)).body).toMatchObject({ code: 'not_waiting' });
  expect((await acts.join(eventId, last)).body).toMatchObject({ code: 'seats_available' });
});

test('more capacity goes to who waits before it is public', async () => {
  const tier = { tier_id: randomUUID(), name: 'General', capacity: 1, price_minor: 0 };
  const { eventId } = await f.publish({ tiers: [tier] });
  const [holder, waiting] = await Promise.all([acts.buyer(), acts.buyer()]);
  const free = await acts.reserve(eventId, holder);
  f.payments.calls = [];
  expect((await acts.confirm(free, holder)).status).toBe(200);
  expect(f.payments.calls).toHaveLength(0);
  expect((await acts.ask(eventId, waiting)).body).toMatchObject({ waitlist: { position: 1 } });
  const spec = { ...specOf(1, 1_000), tiers: [{ ...tier, capacity: 2 }] };
  expect((await f.internal('PUT', `/internal/inventory/${eventId}`, spec)).body).toMatchObject({
    available: 0,
    held: 1,
    sold: 1,
  });
});

test('a window that opens by the clock serves who waits before anybody new', async () => {
  const spec = specOf(1, 3_000);
  const { eventId } = await f.publish(spec);
  const [holder, waiting, quick] = await Promise.all([acts.buyer(), acts.buyer(), acts.buyer()]);
  const held = await acts.reserve(eventId, holder);
  expect((await acts.join(eventId, waiting)).status).toBe(200);
  // The sale pauses, the seat comes back while it is shut, and then only time passes.
  const opens = new Date(Date.now() + 3_600_000).toISOString();
  const paused = { ...spec, revision: 3_001, sale: { mode: 'window', opens_at: opens, closes_at: null } };
  expect((await f.internal('PUT', `/internal/inventory/${eventId}`, paused)).status).toBe(200);
  expect((await acts.cancel(held, holder)).status).toBe(200);
  expect(await acts.position(eventId, waiting)).toMatchObject({ status: 'waiting' });
  await f.database.db.query(
    "update event_details set opens_at = date_trunc('milliseconds', clock_timestamp()) where event_id = $1",
    [eventId],
  );
  await f.database.db.query(
    `update event_sales s set sells_from = d.opens_at from event_details d
      where d.event_id = s.event_id and s.event_id = $1`,
    [eventId],
  );
  expect((await acts.ask(eventId, quick)).body).toMatchObject({ code: 'sold_out' });
  expect(await acts.position(eventId, waiting)).toMatchObject({ status: 'offered' });
});

test('offers of two tiers in one change keep the limit of their buyer', async () => {
  const tiers = twoTiers();
  const [a, b] = tiers.map((tier) => tier.tier_id);
  const { eventId } = await f.publish({ tiers, max_per_buyer: 1 });
  const [first, second, waiting] = await Promise.all([acts.buyer(), acts.buyer(), acts.buyer()]);
  await acts.reserve(eventId, first, 1, a);
  await acts.reserve(eventId, second, 1, b);
  expect((await acts.join(eventId, waiting, 1, a)).status).toBe(200);
  expect((await acts.join(eventId, waiting, 1, b)).status).toBe(200);
  const more = { ...specOf(1, 4_000), max_per_buyer: 1, tiers: tiers.map((t) => ({ ...t, capacity: 2 })) };
  expect((await f.internal('PUT', `/internal/inventory/${eventId}`, more)).body).toMatchObject({
    available: 1,
    held: 3,
  });
  expect(await acts.position(eventId, waiting, a)).toMatchObject({ status: 'offered' });
  expect(await acts.position(eventId, waiting, b)).toMatchObject({ status: 'expired' });
  expect((await acts.join(eventId, first, 1, a)).body).toMatchObject({ code: 'limit_reached' });
});

test('nobody leaves while an offer is being paid for; afterwards it is a booking like any other', async () => {
  const { eventId } = await f.publish({ capacity: 1 });
  const [holder, waiting] = await Promise.all([acts.buyer(), acts.buyer()]);
  const held = await acts.reserve(eventId, holder);
  await acts.join(eventId, waiting);
  await acts.cancel(held, holder);
  const offer = String((await acts.position(eventId, waiting))['reservation_id']);
  Object.assign(f.payments, { next: 'unknown' });
  expect((await acts.confirm(offer, waiting)).status).toBe(202);
  expect((await acts.leave(eventId, waiting)).body).toMatchObject({ code: 'payment_in_progress' });
  expect(await acts.position(eventId, waiting)).toMatchObject({ status: 'offered', reservation_id: offer });
  f.payments.next = 'succeeded';
  await acts.settle(eventId, offer);
  expect(
    await until(
      () => acts.look(offer, waiting),
      (body) => body['status'] === 'confirmed',
    ),
  ).toMatchObject({ status: 'confirmed' });
});

test('leaving gives an open offer back to the next in line', async () => {
  const { eventId } = await f.publish({ capacity: 1 });
  const [holder, first, second] = await Promise.all([acts.buyer(), acts.buyer(), acts.buyer()]);
  const held = await acts.reserve(eventId, holder);
  await acts.join(eventId, first);
  await acts.join(eventId, second);
  await acts.cancel(held, holder);
  const offer = String((await acts.position(eventId, first))['reservation_id']);
  expect((await acts.leave(eventId, first)).status).toBe(200);
  expect(await acts.position(eventId, second)).toMatchObject({ status: 'offered' });
  expect((await acts.confirm(offer, first)).body).toMatchObject({ code: 'booking_released' });
});

test('an offer answers a repeated request under its first key, also after it was bought', async () => {
  const { eventId } = await f.publish({ capacity: 1 });
  const [holder, waiting] = await Promise.all([acts.buyer(), acts.buyer()]);
  const held = await acts.reserve(eventId, holder);
  await acts.join(eventId, waiting);
  await acts.cancel(held, holder);
  const first = await acts.ask(eventId, waiting, { idempotency_key: 'first' });
  const second = await acts.ask(eventId, waiting, { idempotency_key: 'second' });
  expect([first.status, second.body]).toEqual([200, first.body]);
  await acts.confirm(String(first.body['reservation_id']), waiting);
  const again = await acts.ask(eventId, waiting, { idempotency_key: 'first' });
  expect([again.status, again.body]).toEqual([200, first.body]);
});

test('joining again with its key gives the same answer; another body with it is refused', async () => {
  const { eventId } = await f.publish({ capacity: 1 });
  const [holder, waiting, stranger] = await Promise.all([acts.buyer(), acts.buyer(), acts.buyer()]);
  const held = await acts.reserve(eventId, holder);
  const join = (who: typeof holder, quantity: number, key: string) =>
    f.call('POST', '/api/v1/waitlist/join', {
      token: who.token,
      body: { event_id: eventId, quantity },
      headers: { 'idempotency-key': key },
    });
  const first = await join(waiting, 1, '"my key"');
  expect(first.status).toBe(200);
  const again = await join(waiting, 1, 'my key');
  expect([again.status, again.body]).toEqual([200, first.body]);
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  expect(await join(waiting, 2, 'my key')).toMatchObject({
    status: 422,
    body: { code: 'idempotency_key_reused' },
  });
  expect((await join(waiting, 1, 'another')).body).toMatchObject({ code: 'already_waiting' });
  expect((await join(waiting, 1, '')).status).toBe(400);
  // A refusal is not remembered: the same key works once the reason is gone.
  expect((await join(stranger, 11, 'mine')).body).toMatchObject({ code: 'over_booking_limit' });
  await acts.cancel(held, holder);
  expect((await join(stranger, 1, 'mine')).status).toBe(200);
});

test('a join says why it is refused', async () => {
  const who = await acts.buyer();
  const closed = await f.publish({ capacity: 1, waitlist: 'off' });
  await acts.reserve(closed.eventId, await acts.buyer());
  expect((await acts.join(closed.eventId, who)).body).toMatchObject({ code: 'waitlist_closed' });
  const tiers = twoTiers();
  const several = await f.publish({ tiers });
  expect((await acts.join(several.eventId, who)).body).toMatchObject({ code: 'tier_required' });
  expect((await acts.join(several.eventId, who, 1, randomUUID())).body).toMatchObject({
    code: 'unknown_tier',
  });
  expect((await acts.join(randomUUID(), who)).status).toBe(404);
  expect((await acts.leave(randomUUID(), who)).status).toBe(404);
  expect(await acts.position(closed.eventId, who)).toMatchObject({ code: 'not_waiting' });
});

test('nobody waits for more than a tier can ever have', async () => {
  const { eventId } = await f.publish({ capacity: 2 });
  const [holder, greedy] = await Promise.all([acts.buyer(), acts.buyer()]);
  await acts.reserve(eventId, holder, 2);
  expect(await acts.join(eventId, greedy, 3)).toMatchObject({
    status: 400,
    body: { code: 'over_booking_limit' },
  });
  const refused = await acts.ask(eventId, greedy, { quantity: 3 });
  expect(refused).toMatchObject({ status: 409, body: { code: 'sold_out' } });
  expect(refused.body).not.toHaveProperty('waitlist');
});

test('stock for everybody who waits is offered in one change, however long the line is', async () => {
  const { eventId, tierIds } = await f.publish({ capacity: 1 });
  await acts.reserve(eventId, await acts.buyer());
  await f.database.db.query(
    `insert into waitlist_entries (id, event_id, tier_id, user_id, quantity, status, joined_at)
     select gen_random_uuid(), $1, $2, gen_random_uuid(), 1, 'waiting', clock_timestamp() from generate_series(1, 1200)`,
    [eventId, tierIds[0]],
  );
  await f.database.db.query('update event_sales set waitlist_used = true where event_id = $1', [eventId]);
  const spec = specOf(1, 50_000);
  const tiers = spec.tiers.map((tier) => ({ ...tier, tier_id: tierIds[0], capacity: 1_300 }));
  const answer = await f.internal('PUT', `/internal/inventory/${eventId}`, { ...spec, tiers });
  expect(answer.body).toMatchObject({ held: 1_201, available: 99 });
});
