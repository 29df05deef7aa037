import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { eventStock, eventStockList } from '@evently/contracts/inventory';
import { actsOf, type Acts } from './buyers.ts';
import { createFixture, specOf, type Fixture } from './fixture.ts';

let f: Fixture;
let acts: Acts;
beforeAll(async () => {
  f = await createFixture();
  acts = actsOf(f);
});
afterAll(() => f.close());
afterEach(async () => expect(await f.broken()).toEqual([]));

const stockOf = async (eventId: string) => {
  const { body } = await f.internal('GET', `/internal/inventory?event_ids=${eventId}`);
  const [stock] = eventStockList.parse(body).inventories;
  if (stock === undefined) throw new Error('the event is not known');
  return stock;
};

test('what can be sold is put once for each revision; an older one or the same again changes nothing', async () => {
  const eventId = randomUUID();
  const spec = specOf(5, 10);
  const put = (body: unknown) => f.internal('PUT', `/internal/inventory/${eventId}`, body);
  const first = eventStock.parse((await put(spec)).body);
  expect(first).toMatchObject({ capacity: 5, available: 5, revision: 10, stock_version: 1 });
  const [tier] = spec.tiers;
  const larger = { ...spec, tiers: [{ ...tier, capacity: 50 }] };
  for (const old of [larger, { ...larger, revision: 9 }])
    expect((await put(old)).body).toMatchObject({ capacity: 5, revision: 10, stock_version: 1 });
  expect((await put({ ...larger, revision: 11 })).body).toMatchObject({ capacity: 50, stock_version: 2 });
});

test('an edit that would take something away from buyers is refused and changes nothing', async () => {
  const spec = specOf(3, 1);
  const [general] = spec.tiers;
  if (general === undefined) throw new Error('a spec has a tier');
  const { eventId } = await f.publish(spec);
  const who = await acts.buyer();
  await acts.reserve(eventId, who, 2);
  const before = await stockOf(eventId);
  const put = (changes: Record<string, unknown>) =>
    f.internal('PUT', `/internal/inventory/${eventId}`, {
      ...spec,
      revision: before.revision + 1,
      ...changes,
    });
  expect(await put({ tiers: [{ ...general, capacity: 1 }] })).toMatchObject({
    status: 409,
    body: { code: 'capacity_below_sold', minimum: 2 },
  });
  expect(await put({ tiers: [{ ...general, tier_id: randomUUID() }] })).toMatchObject({
    status: 409,
    body: { code: 'tier_in_use', tier_id: general.tier_id },
  });
  expect(await put({ currency: 'EUR' })).toMatchObject({ status: 409, body: { code: 'currency_fixed' } });
  expect((await put({ tiers: [general, general] })).status).toBe(400);
  expect({ ...(await stockOf(eventId)), updated_at: '' }).toEqual({ ...before, updated_at: '' });
  expect((await put({ tiers: [{ ...general, capacity: 2 }] })).body).toMatchObject({ available: 0, held: 2 });
});

test('the catalog that speaks late is carried out as far as buyers allow', async () => {
  const spec = { ...specOf(3, 1), waitlist: 'off' as const };
  const [general] = spec.tiers;
  const { eventId } = await f.publish(spec);
  await acts.reserve(eventId, await acts.buyer(), 2);
  const late = { ...spec, revision: 1_000, tiers: [{ ...general, capacity: 1 }] };
  await f.bus.publish({
    id: randomUUID(),
    topic: 'event',
    key: eventId,
    type: 'event.inventory_changed',
    createdAt: new Date(),
    attempt: 1,
    payload: { event_id: eventId, spec: late },
  });
  expect(await stockOf(eventId)).toMatchObject({ revision: 1_000, capacity: 2, held: 2, available: 0 });
  // This process knows at once: the next buyer is told from what it remembers.
  expect((await acts.ask(eventId, await acts.buyer())).body).toMatchObject({ code: 'sold_out' });
});

test('stock of many events is asked for at once, up to a hundred', async () => {
  const { eventId } = await f.publish();
  const ids = [eventId, ...Array.from({ length: 100 }, () => randomUUID())];
  const list = (some: string[]) => f.internal('GET', `/internal/inventory?event_ids=${some.join(',')}`);
  expect(eventStockList.parse((await list(ids.slice(0, 100))).body).inventories).toHaveLength(1);
  for (const bad of [ids, [], ['x']]) expect((await list(bad)).status).toBe(400);
});

test('seats are kept back and returned on the version that was read, and never those of buyers', async () => {
  const { eventId } = await f.publish({ capacity: 4, waitlist: 'off' });
  const path = `/internal/inventory/${eventId}`;
  await acts.reserve(eventId, await acts.buyer());
  const { stock_version: version } = await stockOf(eventId);
  expect(await f.internal('POST', `${path}/block`, { quantity: 4, version })).toMatchObject({
    status: 409,
    body: { code: 'not_enough_seats', available_seats: 3 },
  });
  expect((await f.internal('POST', `${path}/block`, { quantity: 2, version })).body).toMatchObject({
    available: 1,
    blocked: 2,
    stock_version: version + 1,
  });
  expect(await f.internal('POST', `${path}/block`, { quantity: 1, version })).toMatchObject({
    status: 409,
    body: { code: 'version_conflict', version: version + 1 },
  });
  expect(await f.internal('POST', `${path}/unblock`, { quantity: 3, version: version + 1 })).toMatchObject({
    status: 409,
    body: { code: 'not_enough_seats' },
  });
  expect(
    (await f.internal('POST', `${path}/unblock`, { quantity: 2, version: version + 1 })).body,
  ).toMatchObject({ available: 3, blocked: 0 });
  const nowhere = await f.internal('POST', `/internal/inventory/${randomUUID()}/block`, {
    quantity: 1,
    version: 0,
  });
  expect(nowhere.status).toBe(404);
});

test('the report adds up what was sold, given back and lost', async () => {
  const { eventId } = await f.publish({ capacity: 10 });
  const who = await acts.buyer();
  const [kept, gone, released] = [
    await acts.reserve(eventId, who, 2),
    await acts.reserve(eventId, who),
    await acts.reserve(eventId, who),
  ];
  await acts.reserve(eventId, who);
  await acts.confirm(kept, who);
  await acts.confirm(gone, who);
  await acts.cancel(gone, who);
  await acts.giveBack(released, who);
  const report = await f.internal('GET', `/internal/inventory/${eventId}/report`);
  expect(report.body).toMatchObject({
    capacity: 10,
    available: 7,
    held: 1,
    sold: 2,
    revenue_minor: 99_900,
    refunded_minor: 49_950,
    bookings: { total: 4, pending: 1, confirmed: 1, cancelled: 1, expired: 1 },
    conversion: 0.25,
    currency: 'INR',
  });
  expect((await f.internal('GET', `/internal/inventory/${randomUUID()}/report`)).status).toBe(404);
});

test('a booking and the bookings of a buyer are told to other services', async () => {
  const { eventId } = await f.publish();
  const who = await acts.buyer();
  const ids = [await acts.reserve(eventId, who), await acts.reserve(eventId, who)];
  await acts.confirm(ids[0] ?? '', who);
  expect((await f.internal('GET', `/internal/bookings/${ids[0]}`)).body).toMatchObject({
    booking_id: ids[0],
    user_id: who.id,
    status: 'confirmed',
  });
  expect((await f.internal('GET', `/internal/bookings/${randomUUID()}`)).status).toBe(404);
  const list = (query: string) => f.internal('GET', `/internal/bookings?user_id=${who.id}${query}`);
  expect((await list('')).body).toMatchObject({ total: 2, bookings: [{ booking_id: ids[1] }, {}] });
  expect((await list('&status=confirmed')).body).toMatchObject({ total: 1 });
  expect((await list('&limit=1&page=2')).body).toMatchObject({
    bookings: [{ booking_id: ids[0] }],
    total_pages: 2,
  });
  for (const bad of ['&limit=101', '&page=0', '&status=lost', '&page=x'])
    expect((await list(bad)).status).toBe(400);
});

test('every pending hold can be ended at once, paid bookings stay', async () => {
  const [a, b] = [await f.publish({ capacity: 2 }), await f.publish({ capacity: 2 })];
  const who = await acts.buyer();
  const paid = await acts.reserve(a.eventId, who);
  await acts.confirm(paid, who);
  await acts.reserve(a.eventId, who);
  await acts.reserve(b.eventId, who, 2);
  const answer = z
    .object({ processed: z.int().min(2), total: z.int() })
    .parse((await f.internal('POST', '/internal/bookings/force-expire-all')).body);
  expect(answer.total).toBe(answer.processed);
  expect(await stockOf(a.eventId)).toMatchObject({ available: 1, held: 0, sold: 1 });
  expect(await stockOf(b.eventId)).toMatchObject({ available: 2, held: 0 });
  expect((await f.internal('POST', '/internal/bookings/force-expire-all')).body).toEqual({
    processed: 0,
    total: 0,
  });
});

test('offers that ending all holds makes stay, however many holds there were', async () => {
  // One more than a round takes.
  const holds = 501;
  const { eventId } = await f.publish({ capacity: holds });
  const [holder, waiting] = await Promise.all([acts.buyer(), acts.buyer()]);
  await Promise.all(Array.from({ length: holds }, () => acts.reserve(eventId, holder)));
  expect((await acts.join(eventId, waiting)).status).toBe(200);
  expect((await f.internal('POST', '/internal/bookings/force-expire-all')).body).toMatchObject({
    processed: holds,
  });
  expect(await acts.position(eventId, waiting)).toMatchObject({ status: 'offered' });
  expect(await acts.left(eventId)).toBe(holds - 1);
});

test('the invariants are told, with what breaks them', async () => {
  expect((await f.internal('GET', '/internal/verify')).body).toMatchObject({ ok: true });
  const { eventId } = await f.publish();
  const shift = (by: number): Promise<unknown> =>
    f.database.db.query(
      'update inventory set held = held + $2, available = available - $2 where event_id = $1',
      [eventId, by],
    );
  await shift(1);
  const { body } = await f.internal('GET', '/internal/verify');
  expect(body['ok']).toBe(false);
  expect(JSON.stringify(body)).toContain(eventId);
  await shift(-1);
});

const arm = (changes: Record<string, unknown> = {}) => ({
  epoch: 1,
  uid: 'a',
  generation: 1,
  opens_at: new Date(Date.now() - 60_000).toISOString(),
  closes_at: null,
  intent: 'Run',
  ...changes,
});
const managed = { mode: 'managed', opens_at: null, closes_at: null } as const;

test('an armed sale opens by its own window, and holds or stops by its intent', async () => {
  const { eventId } = await f.publish({ sale: managed });
  const path = `/internal/sales/${eventId}`;
  const who = await acts.buyer();
  expect(await f.internal('GET', path)).toMatchObject({ status: 404, body: { code: 'sale_not_armed' } });
  const unknown = await f.internal('GET', `/internal/sales/${randomUUID()}`);
  expect(unknown).toMatchObject({ status: 404, body: { code: 'not_found' } });
  expect((await f.internal('PUT', path, arm())).body).toMatchObject({
    armed: true,
    intent: 'Run',
    held: 0,
    sold: 0,
    available: 10,
  });
  expect((await acts.ask(eventId, who)).status).toBe(200);
  expect((await f.internal('PUT', path, arm({ generation: 2, intent: 'Hold' }))).body).toMatchObject({
    opened_at: null,
  });
  expect((await acts.ask(eventId, who)).body).toMatchObject({ code: 'sale_not_open' });
  await f.internal('PUT', path, arm({ generation: 3, intent: 'Stop' }));
  expect((await acts.ask(eventId, who)).body).toMatchObject({ code: 'sale_closed' });
  expect((await f.internal('GET', path)).body).toMatchObject({ generation: 3, held: 1, available: 9 });
  expect((await f.internal('PUT', `/internal/sales/${randomUUID()}`, arm())).status).toBe(404);
});

test('a window that is moved into the past opens when it was moved, not before', async () => {
  const { eventId } = await f.publish({ sale: { mode: 'managed', opens_at: null, closes_at: null } });
  const path = `/internal/sales/${eventId}`;
  const hourMs = 3_600_000;
  const ahead = arm({ opens_at: new Date(Date.now() + hourMs).toISOString() });
  const before = await f.internal('PUT', path, ahead);
  const past = arm({ generation: 2, opens_at: new Date(Date.now() - hourMs).toISOString() });
  const { body } = await f.internal('PUT', path, past);
  expect(body['opened_at']).toBe(body['armed_at']);
  expect(Date.parse(String(body['armed_at']))).toBeGreaterThan(Date.parse(String(before.body['armed_at'])));
  // Once open it has opened: the end is moved without another beginning.
  const longer = await f.internal('PUT', path, { ...past, generation: 3, closes_at: ahead['opens_at'] });
  expect(longer.body).toMatchObject({ armed_at: body['armed_at'], opened_at: body['armed_at'] });
});

test('a window that ends before it begins is refused, and says what is expected', async () => {
  const { eventId } = await f.publish({ sale: managed });
  const ends = new Date(Date.now() - 120_000).toISOString();
  const refused = await f.internal('PUT', `/internal/sales/${eventId}`, arm({ closes_at: ends }));
  expect(refused).toMatchObject({
    status: 400,
    body: { errors: [{ field: 'closes_at', message: 'must be after opens_at; null leaves the end open' }] },
  });
});

test('while a sale is armed its window is not the catalog’s to edit', async () => {
  const spec = { ...specOf(3, 1), sale: managed };
  const { eventId } = await f.publish(spec);
  await f.internal('PUT', `/internal/sales/${eventId}`, arm());
  const open = { mode: 'open', opens_at: null, closes_at: null };
  const edit = { ...spec, revision: 1_000, sale: open };
  expect(await f.internal('PUT', `/internal/inventory/${eventId}`, edit)).toMatchObject({
    status: 409,
    body: { code: 'sale_managed' },
  });
  expect((await f.internal('PUT', `/internal/inventory/${eventId}`, { ...edit, sale: managed })).status).toBe(
    200,
  );
});

test('a late command to arm finds the tombstone, whether or not anything was armed before', async () => {
  for (const armedBefore of [true, false]) {
    const { eventId } = await f.publish({ sale: managed });
    const path = `/internal/sales/${eventId}`;
    if (armedBefore) expect((await f.internal('PUT', path, arm())).status).toBe(200);
    const fence = 'epoch=1&uid=a&generation=2';
    expect((await f.internal('DELETE', `${path}?${fence}`)).status).toBe(200);
    expect((await f.internal('DELETE', `${path}?${fence}`)).status).toBe(200);
    expect((await f.internal('GET', path)).body).toMatchObject({ armed: false, opened_at: null });
    expect(await f.internal('PUT', path, arm())).toMatchObject({
      status: 409,
      body: { code: 'stale_epoch', epoch: 1, uid: 'a', generation: 2 },
    });
    expect((await acts.ask(eventId, await acts.buyer())).body).toMatchObject({ code: 'sale_not_open' });
    expect(await f.internal('DELETE', `${path}?epoch=0&uid=a&generation=9`)).toMatchObject({ status: 409 });
    // Another sale of the same event may begin after the tombstone, and a later leader's word counts.
    expect((await f.internal('PUT', path, arm({ uid: 'b' }))).body).toMatchObject({ armed: true, uid: 'b' });
    expect((await f.internal('PUT', path, arm({ uid: 'c' }))).status).toBe(409);
    expect((await f.internal('PUT', path, arm({ uid: 'c', epoch: 2 }))).status).toBe(200);
  }
  expect(
    (await f.internal('DELETE', `/internal/sales/${randomUUID()}?epoch=1&uid=a&generation=1`)).status,
  ).toBe(404);
});
