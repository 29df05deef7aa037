import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createCatalog, inHours, type Answer, type Catalog } from './catalog.ts';

let catalog: Catalog;
beforeAll(async () => {
  catalog = await createCatalog();
});
afterAll(() => catalog.close());
beforeEach(() => {
  catalog.line.state = 'up';
  catalog.line.calls = [];
});

const put = (eventId: unknown, body: object): Promise<Answer> =>
  catalog.ask('PUT', `/api/v1/admin/events/${String(eventId)}`, { token: catalog.admin, body });
const read = (eventId: unknown): Promise<Answer> =>
  catalog.ask('GET', `/api/v1/admin/events/${String(eventId)}`, { token: catalog.admin });
const post = (eventId: unknown, verb: string, body?: object): Promise<Answer> =>
  catalog.ask('POST', `/api/v1/admin/events/${String(eventId)}/${verb}`, {
    token: catalog.admin,
    ...(body === undefined ? {} : { body }),
  });
const remove = (eventId: unknown): Promise<Answer> =>
  catalog.ask('DELETE', `/api/v1/admin/events/${String(eventId)}`, { token: catalog.admin });

async function stockOf(eventId: unknown): Promise<Record<string, unknown> | undefined> {
  const path = `/internal/inventory?event_ids=${String(eventId)}`;
  const { body } = await catalog.askBooking('GET', path, { service: true });
  const { inventories } = body;
  return Array.isArray(inventories) ? inventories[0] : undefined;
}

async function waitingMessages(eventId: unknown): Promise<number> {
  const { rows } = await catalog.eventDatabase.db.query<{ waiting: number }>(
    'select count(*)::int as waiting from outbox where key = $1 and published_at is null',
    [eventId],
  );
  return rows[0]?.waiting ?? 0;
}

test('an event is sellable when its publishing has answered', async () => {
  const event = await catalog.publishEvent({ total_capacity: 3, max_tickets_per_booking: 2 });
  expect(event).toMatchObject({ status: 'published', version: 2, available_seats: 3 });
  expect(await catalog.reserve(String(event['event_id']), 2)).toMatchObject({
    status: 200,
    body: { total_amount: 999, currency: 'INR' },
  });
});

test('whoever names the version that was seen is told of a later one, and of fields that are unknown', async () => {
  const { event_id: eventId } = await catalog.publishEvent();
  expect(await post(eventId, 'cancel', { version: 1 })).toMatchObject({
    status: 409,
    body: { code: 'version_conflict', version: 2 },
  });
  expect((await post(eventId, 'cancel', { because: 'rain' })).status).toBe(400);
  expect((await read(eventId)).body).toMatchObject({ status: 'published', version: 2 });
  expect(await post(eventId, 'cancel', { version: 2 })).toMatchObject({ body: { status: 'cancelled' } });
});

test('publishing twice answers the same event and tells booking nothing new', async () => {
  const event = await catalog.publishEvent();
  catalog.line.calls = [];
  expect(await post(event['event_id'], 'publish')).toMatchObject({
    status: 200,
    body: { status: 'published', version: 2 },
  });
  expect(catalog.line.calls.filter((call) => call.startsWith('PUT'))).toEqual([]);
});

test('an edit of what is sold reaches booking before it is answered', async () => {
  const { event_id: eventId } = await catalog.publishEvent();
  const edited = await put(eventId, { version: 2, total_capacity: 150, base_price: 600 });
  expect(edited).toMatchObject({
    status: 200,
    body: { version: 3, total_capacity: 150, available_seats: 150, base_price: 600 },
  });
  expect(await stockOf(eventId)).toMatchObject({ capacity: 150, catalog_version: 3 });
});

test('an edit that changes nothing that is sold leaves booking alone', async () => {
  const { event_id: eventId } = await catalog.publishEvent();
  catalog.line.calls = [];
  expect((await put(eventId, { version: 2, description: 'With an interval.' })).status).toBe(200);
  expect(catalog.line.calls.filter((call) => call.startsWith('PUT'))).toEqual([]);
  expect(await stockOf(eventId)).toMatchObject({ catalog_version: 2 });
});

test('a capacity below what is held is the 409 of booking, and nothing is changed', async () => {
  const { event_id: eventId } = await catalog.publishEvent();
  expect((await catalog.reserve(String(eventId), 5)).status).toBe(200);
  const refusal = await put(eventId, { version: 2, total_capacity: 4 });
  expect(refusal).toMatchObject({ status: 409, body: { code: 'capacity_below_sold', minimum: 5 } });
  expect(refusal.body['error']).toBe(refusal.body['detail']);
  expect((await read(eventId)).body).toMatchObject({ version: 2, total_capacity: 100 });
  expect(await stockOf(eventId)).toMatchObject({ capacity: 100, catalog_version: 2 });
});

test('a tier with bookings cannot be left out, and one without can', async () => {
  const tiers = [
    { name: 'Stalls', capacity: 60, price: 500 },
    { name: 'Balcony', capacity: 40, price: 300 },
  ];
  const event = await catalog.publishEvent({ tiers });
  const [stalls, balcony] = tierIds(event);
  const eventId = String(event['event_id']);
  expect((await catalog.reserve(eventId, 1, undefined, { tier_id: stalls })).status).toBe(200);
  const without = (tierId: string | undefined, name: string): Promise<Answer> =>
    put(eventId, { version: 2, tiers: [{ tier_id: tierId, name, capacity: 100, price: 400 }] });
  expect(await without(balcony, 'Balcony')).toMatchObject({ status: 409, body: { code: 'tier_in_use' } });
  const kept = await without(stalls, 'Stalls');
  expect(kept).toMatchObject({ status: 200, body: { total_capacity: 100, available_seats: 99 } });
  expect(tierIds(kept.body)).toEqual([stalls]);
});

function tierIds(event: Record<string, unknown>): string[] {
  const { tiers } = event;
  return Array.isArray(tiers) ? tiers.map((tier: { tier_id: string }) => tier.tier_id) : [];
}

test('tiers keep their ids and may change places', async () => {
  const tiers = [
    { name: 'Stalls', capacity: 60, price: 500 },
    { name: 'Balcony', capacity: 40, price: 300 },
  ];
  const event = await catalog.publishEvent({ tiers });
  const [stalls, balcony] = tierIds(event);
  const swapped = await put(event['event_id'], {
    version: 2,
    tiers: [
      { tier_id: balcony, name: 'Upper circle', capacity: 45, price: 300 },
      { tier_id: stalls, name: 'Stalls', capacity: 60, price: 500 },
    ],
  });
  expect(swapped).toMatchObject({ status: 200, body: { total_capacity: 105 } });
  expect(tierIds(swapped.body)).toEqual([balcony, stalls]);
});

test('of two edits of one version exactly one is applied, the other is told the present version', async () => {
  const { event_id: eventId } = await catalog.publishEvent();
  const answers = await Promise.all([
    put(eventId, { version: 2, base_price: 700 }),
    put(eventId, { version: 2, base_price: 800 }),
  ]);
  expect(answers.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([200, 409]);
  expect(answers.find((answer) => answer.status === 409)?.body).toMatchObject({
    code: 'version_conflict',
    version: 3,
  });
});

test('with booking away publishing succeeds, and the message makes the event sellable', async () => {
  const event = await catalog.makeEvent({ total_capacity: 5 });
  const eventId = String(event['event_id']);
  catalog.line.state = 'away';
  expect(await post(eventId, 'publish')).toMatchObject({
    status: 200,
    body: { status: 'published', available_seats: 5 },
  });
  catalog.line.state = 'up';
  expect((await catalog.reserve(eventId, 1)).status).toBe(404);
  await catalog.deliver();
  expect((await catalog.reserve(eventId, 1)).status).toBe(200);
});

test('a lost answer of booking changes nothing: the message arrives and is not applied twice', async () => {
  const event = await catalog.makeEvent();
  catalog.line.state = 'answers-lost';
  expect((await post(event['event_id'], 'publish')).status).toBe(200);
  catalog.line.state = 'up';
  const before = await stockOf(event['event_id']);
  await catalog.deliver();
  expect(await waitingMessages(event['event_id'])).toBe(0);
  expect(await stockOf(event['event_id'])).toMatchObject({
    stock_version: before?.['stock_version'],
    revision: before?.['revision'],
  });
});

test('an edit made while booking was away and refused afterwards never sells below what is held', async () => {
  const { event_id: eventId } = await catalog.publishEvent();
  expect((await catalog.reserve(String(eventId), 5)).status).toBe(200);
  catalog.line.state = 'away';
  expect((await put(eventId, { version: 2, total_capacity: 2 })).status).toBe(200);
  catalog.line.state = 'up';
  await catalog.deliver();
  expect(await stockOf(eventId)).toMatchObject({ capacity: 5, available: 0, held: 5, catalog_version: 3 });
});

test('cancelling refuses new buyers at once and is final', async () => {
  const { event_id: eventId } = await catalog.publishEvent();
  expect(await post(eventId, 'cancel')).toMatchObject({ status: 200, body: { status: 'cancelled' } });
  expect(await catalog.reserve(String(eventId), 1)).toMatchObject({
    status: 409,
    body: { code: 'event_cancelled' },
  });
  expect(await post(eventId, 'publish')).toMatchObject({ status: 409, body: { code: 'invalid_transition' } });
  expect(await put(eventId, { version: 3, name: 'Again' })).toMatchObject({
    status: 409,
    body: { code: 'event_closed' },
  });
  expect((await catalog.ask('GET', `/api/v1/events/${String(eventId)}`)).body).toMatchObject({
    status: 'cancelled',
  });
});

test('a draft is not cancelled, and a sold-out status cannot be asked for', async () => {
  const { event_id: eventId } = await catalog.makeEvent();
  expect(await post(eventId, 'cancel')).toMatchObject({ status: 409, body: { code: 'invalid_transition' } });
  expect(await put(eventId, { version: 1, status: 'sold_out' })).toMatchObject({
    status: 409,
    body: { code: 'invalid_transition' },
  });
  expect(await put(eventId, { version: 1, status: 'published' })).toMatchObject({
    status: 200,
    body: { status: 'published', version: 2 },
  });
});

test('an event that has ended is not published', async () => {
  const { event_id: eventId } = await catalog.makeEvent({
    start_datetime: inHours(-5),
    end_datetime: inHours(-2),
  });
  expect(await post(eventId, 'publish')).toMatchObject({ status: 409, body: { code: 'event_over' } });
});

test('a sale window is kept by booking', async () => {
  const opensAt = inHours(2);
  const event = await catalog.publishEvent({ sale: { opens_at: opensAt } });
  expect(event['sale']).toEqual({ opens_at: opensAt, closes_at: null, mode: 'window' });
  expect(await catalog.reserve(String(event['event_id']), 1)).toMatchObject({
    status: 409,
    body: { code: 'sale_not_open', opens_at: opensAt },
  });
});

test('the window of an armed sale is not edited here', async () => {
  const event = await catalog.publishEvent({ sale: { mode: 'managed' } });
  const armed = await catalog.askBooking('PUT', `/internal/sales/${String(event['event_id'])}`, {
    service: true,
    body: {
      epoch: 1,
      uid: crypto.randomUUID(),
      generation: 1,
      opens_at: inHours(1),
      closes_at: null,
      intent: 'Run',
    },
  });
  expect(armed.status).toBe(200);
  expect(await put(event['event_id'], { version: 2, sale: { opens_at: inHours(3) } })).toMatchObject({
    status: 409,
    body: { code: 'sale_managed' },
  });
});

test('a draft is deleted freely, an event with bookings never', async () => {
  const draft = await catalog.makeEvent();
  catalog.line.state = 'away';
  expect((await remove(draft['event_id'])).status).toBe(200);
  catalog.line.state = 'up';
  expect((await read(draft['event_id'])).status).toBe(404);
  const { event_id: eventId } = await catalog.publishEvent();
  expect((await catalog.reserve(String(eventId), 1)).status).toBe(200);
  expect(await remove(eventId)).toMatchObject({ status: 409, body: { code: 'event_has_bookings' } });
  expect((await catalog.reserve(String(eventId), 1)).status).toBe(200);
});

test('a published event that nobody booked is deleted, and nothing of it is sold afterwards', async () => {
  const { event_id: eventId } = await catalog.publishEvent();
  catalog.line.state = 'away';
  expect(await remove(eventId)).toMatchObject({ status: 503, body: { code: 'booking_unavailable' } });
  catalog.line.state = 'up';
  expect((await remove(eventId)).status).toBe(200);
  expect((await read(eventId)).status).toBe(404);
  expect((await catalog.reserve(String(eventId), 1)).status).toBe(409);
  await catalog.deliver();
  expect((await catalog.reserve(String(eventId), 1)).status).toBe(409);
});

test('however many edits wait for a silent booking, the pages go on, and no edit is lost', async () => {
  const events = await Promise.all(Array.from({ length: 12 }, () => catalog.publishEvent()));
  catalog.line.state = 'silent';
  catalog.line.calls = [];
  const edits = events.map((event) => put(event['event_id'], { version: 2, base_price: 5 }));
  const asking = (): number => catalog.line.calls.filter((call) => call.startsWith('PUT')).length;
  // Of a pool of six, four edits may wait for booking.
  await expect.poll(asking, { interval: 5 }).toBe(4);
  const lists = Array.from({ length: 10 }, (_, page) => `/api/v1/admin/venues?page=${page + 1}`);
  const pages = await Promise.all(lists.map((path) => catalog.ask('GET', path, { token: catalog.admin })));
  expect(pages.map((page) => page.status)).toEqual(pages.map(() => 200));
  expect(asking()).toBe(4);
  catalog.line.state = 'up';
  expect((await Promise.all(edits)).map((edit) => edit.status)).toEqual(edits.map(() => 200));
  await catalog.deliver();
  const told = await Promise.all(events.map((event) => stockOf(event['event_id'])));
  expect(told.map((stock) => stock?.['catalog_version'])).toEqual(events.map(() => 3));
});
