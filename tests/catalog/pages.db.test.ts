import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Message } from '@evently/kit/bus';
import { createCatalog, inHours, type Answer, type Catalog } from './catalog.ts';

let catalog: Catalog;
beforeAll(async () => {
  catalog = await createCatalog({ EVENT_MAX_STREAMS: '3', EVENT_AVAILABILITY_POLL_MS: '100' });
});
afterAll(() => catalog.close());
beforeEach(() => {
  catalog.line.state = 'up';
  catalog.line.calls = [];
});

const page = (eventId: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  catalog.ask('GET', `/api/v1/events/${String(eventId)}`, { headers });
const internal = (method: string, path: string, body?: unknown): Promise<Answer> =>
  catalog.ask(method, path, { service: true, ...(body === undefined ? {} : { body }) });

/** Asks again until `wanted` holds; what is shown may be half a second old. */
async function eventually(ask: () => Promise<Answer>, wanted: (answer: Answer) => boolean): Promise<Answer> {
  const deadline = Date.now() + 30_000;
  let answer = await ask();
  while (!wanted(answer) && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    answer = await ask();
  }
  return answer;
}

const eventFields = (
  'event_id name description venue_id venue_name venue_address venue_city venue_state venue_country event_type ' +
  'start_datetime end_datetime total_capacity available_seats base_price currency max_tickets_per_booking status ' +
  'version tiers sale created_by created_at updated_at'
).split(' ');

test('the page of an event has every field of the interface', async () => {
  const { event_id: eventId } = await catalog.publishEvent({ total_capacity: 40 });
  const { status, body } = await page(eventId);
  expect(status).toBe(200);
  expect(Object.keys(body)).toEqual(expect.arrayContaining(eventFields));
  expect(body).toMatchObject({
    venue_name: 'Chowdiah Memorial Hall',
    venue_city: 'Bengaluru',
    total_capacity: 40,
    available_seats: 40,
    base_price: 499.5,
    currency: 'INR',
    max_tickets_per_booking: 10,
    tiers: [{ name: 'General', capacity: 40, available_seats: 40, price: 499.5 }],
    sale: { opens_at: null, closes_at: null },
  });
});

test('an unchanged page is not sent again, a changed one is', async () => {
  const { event_id: eventId } = await catalog.publishEvent();
  const etag = (await page(eventId)).headers.get('etag') ?? '';
  expect(etag).toMatch(/^"[^"]+"$/);
  const unchanged = await page(eventId, { 'if-none-match': `"other", W/${etag}` });
  expect(unchanged).toMatchObject({ status: 304, text: '' });
  expect(unchanged.headers.get('etag')).toBe(etag);
  await catalog.reserve(String(eventId), 1);
  const changed = await eventually(
    () => page(eventId, { 'if-none-match': etag }),
    (answer) => answer.status === 200,
  );
  expect(changed.body['available_seats']).toBe(99);
});

test('a draft and an unknown event are one 404 to the public', async () => {
  const { event_id: eventId } = await catalog.makeEvent();
  const [draft, unknown] = [await page(eventId), await page(crypto.randomUUID())];
  expect(draft).toMatchObject({ status: 404, body: { code: 'not_found' } });
  const anonymous = { instance: '', trace_id: '' };
  expect({ ...draft.body, ...anonymous }).toEqual({ ...unknown.body, ...anonymous });
  expect((await page('not-an-id')).status).toBe(400);
});

test('the list is of published events to come, earliest start first', async () => {
  const type = 'exhibition';
  const make = (hours: number, more: object = {}): object => ({
    event_type: type,
    start_datetime: inHours(hours),
    end_datetime: inHours(hours + 2),
    ...more,
  });
  const later = await catalog.publishEvent(make(60));
  const sooner = await catalog.publishEvent(make(50, { total_capacity: 2 }));
  await catalog.makeEvent(make(40));
  const cancelled = await catalog.publishEvent(make(45));
  await catalog.ask('POST', `/api/v1/admin/events/${String(cancelled['event_id'])}/cancel`, {
    token: catalog.admin,
  });
  await catalog.reserve(String(sooner['event_id']), 2);
  const list = (query: string): Promise<Answer> => catalog.ask('GET', `/api/v1/events?${query}`);
  const all = await eventually(
    () => list(`type=${type}`),
    ({ text }) => text.includes('sold_out'),
  );
  expect(all.body).toMatchObject({ total: 2, page: 1, has_more: false });
  expect(idsOf(all)).toEqual([sooner['event_id'], later['event_id']]);
  expect(all.text).toContain('"status":"sold_out"');
  const first = await list(`type=${type}&limit=1&city=BENGALURU`);
  expect(first.body).toMatchObject({ total: 2, limit: 1, has_more: true });
  expect(idsOf(first)).toEqual([sooner['event_id']]);
  expect(idsOf(await list(`type=${type}&limit=1&page=2`))).toEqual([later['event_id']]);
  expect(idsOf(await list(`type=${type}&date_from=${inHours(55)}`))).toEqual([later['event_id']]);
  expect(idsOf(await list(`type=${type}&date_to=${inHours(55)}`))).toEqual([sooner['event_id']]);
  expect(idsOf(await list(`type=${type}&city=Pune`))).toEqual([]);
});

function idsOf({ body }: Answer): unknown[] {
  const { events } = body;
  return Array.isArray(events) ? events.map((event: { event_id: string }) => event.event_id) : [];
}

test.each(['page=0', 'limit=101', 'limit=x', 'type=opera', 'date_from=yesterday', 'city=%00'])(
  'a list asked for with %s is refused with the field',
  async (query) => {
    const answer = await catalog.ask('GET', `/api/v1/events?${query}`);
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  },
);

test('availability is told per tier and follows a reservation within a second', async () => {
  const event = await catalog.publishEvent({
    tiers: [
      { name: 'Stalls', capacity: 60, price: 500 },
      { name: 'Balcony', capacity: 40, price: 300 },
    ],
  });
  const { tiers } = event;
  const [stalls] = Array.isArray(tiers) ? tiers : [];
  const ask = (): Promise<Answer> =>
    catalog.ask('GET', `/api/v1/events/${String(event['event_id'])}/availability`);
  expect((await ask()).body).toMatchObject({ available_seats: 100, status: 'published' });
  await catalog.reserve(String(event['event_id']), 3, undefined, { tier_id: stalls.tier_id });
  const fresh = await eventually(ask, ({ body }) => body['available_seats'] === 97);
  expect(fresh.body).toMatchObject({
    available_seats: 97,
    tiers: [
      { name: 'Stalls', available_seats: 57 },
      { name: 'Balcony', available_seats: 40 },
    ],
  });
  expect(Date.parse(String(fresh.body['last_updated']))).toBeGreaterThan(Date.now() - 1_000);
});

test('while booking is away the pages show the last numbers it told', async () => {
  const { event_id: eventId } = await catalog.publishEvent({ total_capacity: 10 });
  await catalog.reserve(String(eventId), 4);
  catalog.line.state = 'away';
  await catalog.deliver();
  const told = await eventually(
    () => page(eventId),
    ({ body }) => body['available_seats'] === 6,
  );
  expect(told).toMatchObject({ status: 200, body: { available_seats: 6, status: 'published' } });
});

test('an older word of booking never replaces a newer one', async () => {
  const { event_id: eventId } = await catalog.publishEvent({ total_capacity: 10 });
  await catalog.reserve(String(eventId), 4);
  await catalog.deliver();
  const { rows: before } = await keptStock(eventId);
  const tell = (version: number, available: number): Promise<void> =>
    catalog.bus.publish(wordOf(eventId, version, available));
  await tell(0, 9);
  expect((await keptStock(eventId)).rows).toEqual(before);
  await tell(1_000, 1);
  expect((await keptStock(eventId)).rows).toEqual([{ version: 1_000, available: 1 }]);
});

test('of a batch of words the newest on each event is kept, in any order; a wrong one spoils no other', async () => {
  const first = (await catalog.publishEvent({ total_capacity: 10 }))['event_id'];
  const second = (await catalog.publishEvent({ total_capacity: 10 }))['event_id'];
  await catalog.deliver();
  const unreadable = wordOf(second, 300, 3);
  unreadable.payload = { event_id: second };
  const { handled, failed } = await catalog.bus.publishBatch([
    wordOf(first, 201, 9),
    wordOf(second, 200, 8),
    wordOf(first, 203, 7),
    wordOf(first, 202, 6),
    unreadable,
    wordOf(crypto.randomUUID(), 5, 5),
  ]);
  expect([handled.size, [...failed.keys()]]).toEqual([5, [unreadable.id]]);
  expect((await keptStock(first)).rows).toEqual([{ version: 203, available: 7 }]);
  expect((await keptStock(second)).rows).toEqual([{ version: 200, available: 8 }]);
});

/** Booking's message that `available` seats of an event are left. */
function wordOf(eventId: unknown, version: number, available: number): Message {
  return {
    id: crypto.randomUUID(),
    topic: 'booking',
    key: String(eventId),
    type: 'booking.stock_changed',
    createdAt: new Date(),
    attempt: 1,
    payload: {
      event_id: eventId,
      version,
      writer: 'another',
      cause: 'reserve',
      reservations: 1,
      quantity: 1,
      tiers: [{ tier_id: crypto.randomUUID(), available, held: 0, sold: 0, blocked: 0 }],
    },
  };
}

function keptStock(eventId: unknown) {
  return catalog.eventDatabase.db.query(
    'select stock_version::int as version, available from event_stock where event_id = $1',
    [eventId],
  );
}

test('a hundred readers at once cost booking one question', async () => {
  const { event_id: eventId } = await catalog.publishEvent();
  await page(eventId);
  catalog.line.calls = [];
  await Promise.all(Array.from({ length: 100 }, () => page(eventId)));
  expect(catalog.line.calls.length).toBeLessThanOrEqual(1);
});

async function openStream(
  eventId: unknown,
): Promise<{ status: number; next: () => Promise<string>; close: () => Promise<void> }> {
  const response = await catalog.event.app.request(`/api/v1/events/${String(eventId)}/availability/stream`);
  const reader = response.body?.getReader();
  if (reader === undefined) throw new Error('no body');
  const decoder = new TextDecoder();
  let text = '';
  return {
    status: response.status,
    /** The next frame that carries availability, as it was sent. */
    next: async () => {
      for (;;) {
        const end = text.indexOf('\n\n');
        if (end === -1) {
          const { done, value } = await reader.read();
          if (done) return 'the end';
          text += decoder.decode(value, { stream: true });
          continue;
        }
        const frame = text.slice(0, end);
        text = text.slice(end + 2);
        if (frame.includes('data:')) return frame;
      }
    },
    close: () => reader.cancel(),
  };
}

test('everyone who watches an event gets the same bytes, when something changed', async () => {
  const { event_id: eventId } = await catalog.publishEvent();
  const streams = await Promise.all([openStream(eventId), openStream(eventId)]);
  const [first, second] = await Promise.all(streams.map((stream) => stream.next()));
  expect(first).toContain('"available_seats":100');
  expect(second).toBe(first);
  await catalog.reserve(String(eventId), 2);
  const [third, fourth] = await Promise.all(streams.map((stream) => stream.next()));
  expect(third).toContain('"available_seats":98');
  expect(fourth).toBe(third);
  const late = await openStream(eventId);
  expect(await late.next()).toBe(third);
  const refusal = await catalog.ask('GET', `/api/v1/events/${String(eventId)}/availability/stream`);
  expect(refusal).toMatchObject({ status: 503, body: { code: 'too_many_streams' } });
  expect(refusal.headers.get('retry-after')).not.toBeNull();
  for (const stream of [...streams, late]) await stream.close();
  const again = await openStream(eventId);
  expect(again.status).toBe(200);
  await again.close();
});

test('internal routes need the key of a service', async () => {
  const { event_id: eventId } = await catalog.publishEvent();
  const path = `/internal/events/${String(eventId)}`;
  expect((await catalog.ask('GET', path)).status).toBe(401);
  expect((await catalog.ask('GET', path, { token: catalog.admin })).status).toBe(401);
  expect((await catalog.ask('POST', '/internal/prewarm', { body: { event_id: eventId } })).status).toBe(401);
});

test('seats move between available and blocked by the version of the stock', async () => {
  const { event_id: eventId } = await catalog.publishEvent({ total_capacity: 10 });
  const path = `/internal/events/${String(eventId)}`;
  const { body } = await internal('GET', path);
  expect(body).toMatchObject({
    event_id: eventId,
    available_seats: 10,
    max_tickets_per_booking: 10,
    base_price: 499.5,
    status: 'published',
    name: 'An Evening of Ragas',
  });
  const { version } = body;
  const taken = await internal('POST', `${path}/update-availability`, { quantity: 4, version });
  expect(taken).toMatchObject({
    status: 200,
    body: { event_id: eventId, available_seats: 6, status: 'published' },
  });
  const stale = await internal('POST', `${path}/return-seats`, { quantity: 4, version });
  expect(stale).toMatchObject({
    status: 409,
    body: { code: 'version_conflict', version: taken.body['version'] },
  });
  const present = taken.body['version'];
  expect(await internal('POST', `${path}/return-seats`, { quantity: 5, version: present })).toMatchObject({
    status: 409,
    body: { code: 'not_enough_seats' },
  });
  expect(await internal('POST', `${path}/return-seats`, { quantity: 4, version: present })).toMatchObject({
    status: 200,
    body: { available_seats: 10 },
  });
  expect((await internal('GET', path)).body['available_seats']).toBe(10);
  const unknown = `/internal/events/${crypto.randomUUID()}`;
  expect((await internal('GET', unknown)).status).toBe(404);
  expect((await internal('POST', `${unknown}/update-availability`, { quantity: 1, version: 1 })).status).toBe(
    404,
  );
  catalog.line.state = 'away';
  expect(await internal('POST', `${path}/update-availability`, { quantity: 1, version: 1 })).toMatchObject({
    status: 503,
    body: { code: 'booking_unavailable' },
  });
});

test('prewarming says what is warm', async () => {
  const { event_id: eventId } = await catalog.publishEvent();
  const { status, body } = await internal('POST', '/internal/prewarm', { event_id: eventId });
  expect(status).toBe(200);
  expect(JSON.stringify(body)).toContain('"result":"warm"');
});

test('the analytics of an event are those of booking, and refused while it is away', async () => {
  const { event_id: eventId } = await catalog.publishEvent({ total_capacity: 10 });
  await catalog.reserve(String(eventId), 4);
  const path = `/api/v1/admin/events/${String(eventId)}/analytics`;
  const answer = await catalog.ask('GET', path, { token: catalog.admin });
  expect(answer).toMatchObject({
    status: 200,
    body: {
      event_id: eventId,
      total_capacity: 10,
      available_seats: 6,
      tickets_sold: 0,
      capacity_utilization: 0,
      base_price: 499.5,
      estimated_revenue: 0,
      revenue: 0,
      held: 4,
      refunded: 0,
      conversion: 0,
      sales_per_minute: [],
    },
  });
  expect((await catalog.ask('GET', path)).status).toBe(401);
  catalog.line.state = 'away';
  expect(await catalog.ask('GET', path, { token: catalog.admin })).toMatchObject({
    status: 503,
    body: { code: 'booking_unavailable' },
  });
});
