import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  createEventServiceUnderTest,
  eventBody,
  inHours,
  makeEvent,
  makeVenue,
  problem,
  publishEvent,
  send,
  shownEvent,
  type EventServiceUnderTest,
  type SendOptions,
} from './event-service.ts';

let under: EventServiceUnderTest;
let venueId: string;
beforeAll(async () => {
  under = await createEventServiceUnderTest();
  venueId = await makeVenue(under);
});
afterAll(() => under.close());

const path = '/api/v1/admin/events';
const make = (more: object, options: SendOptions = {}) =>
  send(under, 'POST', path, { ...eventBody, venue_id: venueId, ...more }, { token: under.admin, ...options });
const change = (id: string, body: unknown) =>
  send(under, 'PUT', `${path}/${id}`, body, { token: under.admin });
const total = async (): Promise<unknown> =>
  (await send(under, 'GET', `${path}?limit=1`, undefined, { token: under.admin })).body['total'];

test('a draft without tiers has one, with the whole capacity at the base price', async () => {
  const made = await make({});
  expect(made.status).toBe(201);
  expect(made.body).toMatchObject({
    ...eventBody,
    status: 'draft',
    version: 1,
    currency: 'INR',
    available_seats: 100,
    max_tickets_per_booking: 10,
    max_tickets_per_buyer: null,
    waitlist: 'automatic',
    sale: { opens_at: null, closes_at: null, mode: 'open' },
    tiers: [{ name: 'General', capacity: 100, available_seats: 100, price: 499.5, currency: 'INR' }],
  });
});

const tier = { name: 'Floor', capacity: 100, price: 1 };
const refusedFields: readonly (readonly [object, string])[] = [
  [{ name: ' ' }, 'name'],
  [{ name: 'x'.repeat(301) }, 'name'],
  [{ description: 'x'.repeat(10_001) }, 'description'],
  [{ description: 'nul \u0000' }, 'description'],
  [{ venue_id: 'none' }, 'venue_id'],
  [{ venue_id: '0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b' }, 'venue_id'],
  [{ event_type: 'seance' }, 'event_type'],
  [{ start_datetime: 'tomorrow' }, 'start_datetime'],
  [{ start_datetime: '2026-11-20T18:00:00' }, 'start_datetime'],
  [{ start_datetime: '9999-11-20T18:00:00Z' }, 'start_datetime'],
  [{ end_datetime: eventBody.start_datetime }, 'end_datetime'],
  [{ end_datetime: inHours(1) }, 'end_datetime'],
  [{ total_capacity: 0 }, 'total_capacity'],
  [{ total_capacity: -1 }, 'total_capacity'],
  [{ total_capacity: 10.5 }, 'total_capacity'],
  [{ total_capacity: 1e9 }, 'total_capacity'],
  [{ base_price: -1 }, 'base_price'],
  [{ base_price: '499' }, 'base_price'],
  [{ base_price: 1e14 }, 'base_price'],
  [{ currency: 'inr' }, 'currency'],
  [{ currency: 'ABC' }, 'currency'],
  [{ max_tickets_per_booking: 0 }, 'max_tickets_per_booking'],
  [{ max_tickets_per_booking: 1_001 }, 'max_tickets_per_booking'],
  [{ max_tickets_per_buyer: 0 }, 'max_tickets_per_buyer'],
  [{ waitlist: 'maybe' }, 'waitlist'],
  [{ tiers: [] }, 'tiers'],
  [{ tiers: [{ ...tier, capacity: 99 }] }, 'tiers'],
  [{ tiers: [{ ...tier, price: 0.001 }] }, 'tiers.0.price'],
  [
    {
      tiers: [
        { ...tier, capacity: 50 },
        { ...tier, name: 'FLOOR', capacity: 50 },
      ],
    },
    'tiers.1.name',
  ],
  [{ tiers: [{ ...tier, tier_id: '0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b' }] }, 'tiers.0.tier_id'],
  [{ tiers: [{ ...tier, seats: 1 }] }, 'tiers.0.seats'],
  [{ sale: { opens_at: inHours(2), closes_at: inHours(1) } }, 'sale.closes_at'],
  [{ sale: { mode: 'window' } }, 'sale'],
  [{ sale: { mode: 'open', opens_at: inHours(1) } }, 'sale.mode'],
  [{ sale: { mode: 'soon' } }, 'sale.mode'],
  [{ status: 'published' }, 'status'],
  [{ version: 1 }, 'version'],
];

test('a body that is no event is refused at the field, and nothing is made', async () => {
  const before = await total();
  for (const [more, field] of refusedFields) {
    const answer = await make(more);
    expect(answer, field).toMatchObject(problem(400, 'invalid_request'));
    expect(answer.body['errors'], field).toContainEqual({ field, message: expect.any(String) });
  }
  expect(await total()).toBe(before);
});

test('an amount with more digits than its currency is refused, with as many it is kept exactly', async () => {
  for (const [currency, price, isGood] of [
    ['INR', 0.1, true],
    ['INR', 1234567.89, true],
    ['INR', 0.005, false],
    ['JPY', 1200, true],
    ['JPY', 1200.5, false],
    ['KWD', 1.125, true],
    ['KWD', 1.1255, false],
    ['INR', 0, true],
  ] as const) {
    const answer = await make({ currency, base_price: price });
    if (isGood) expect(answer.body).toMatchObject({ base_price: price, tiers: [{ price }], currency });
    else expect(answer.body['errors']).toContainEqual({ field: 'base_price', message: expect.any(String) });
  }
});

test('a repeated key makes one draft, another body with it is refused', async () => {
  const options = { headers: { 'idempotency-key': 'one draft' } };
  const first = await make({}, options);
  const again = await make({}, options);
  expect(again.text).toBe(first.text);
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  expect(await make({ total_capacity: 7 }, options)).toMatchObject(problem(422, 'idempotency_key_reused'));
});

test('an edit needs the version, alters what it names and raises the version by one', async () => {
  const event = await makeEvent(under, { venue_id: venueId });
  expect(await change(event.event_id, { name: 'X' })).toMatchObject(problem(400, 'invalid_request'));
  const edited = await change(event.event_id, { version: 1, name: 'Renamed', description: null });
  expect(edited).toMatchObject({ status: 200, body: { name: 'Renamed', description: null, version: 2 } });
  const { name: _n, description: _d, version: _v, updated_at: _u, ...rest } = event;
  expect(edited.body).toMatchObject(rest);
  const stale = await change(event.event_id, { version: 1, name: 'Lost' });
  expect(stale).toMatchObject(problem(409, 'version_conflict'));
  expect(stale.body).toMatchObject({ version: 2 });
});

test('capacity and price of an event with one tier are that tier’s', async () => {
  const event = await makeEvent(under, { venue_id: venueId });
  const edited = await change(event.event_id, { version: 1, total_capacity: 60, base_price: 10 });
  expect(edited.body).toMatchObject({
    total_capacity: 60,
    base_price: 10,
    tiers: [{ tier_id: event.tiers[0]?.tier_id, capacity: 60, price: 10 }],
  });
});

test('of an event with several tiers the capacity changes with the tiers only', async () => {
  const tiers = [
    { name: 'Floor', capacity: 60, price: 10 },
    { name: 'Balcony', capacity: 40, price: 20 },
  ];
  const event = await makeEvent(under, { venue_id: venueId, tiers });
  const refused = await change(event.event_id, { version: 1, total_capacity: 90 });
  expect(refused.body['errors']).toMatchObject([{ field: 'tiers' }]);
  const [floor, balcony] = event.tiers;
  const edited = await change(event.event_id, {
    version: 1,
    tiers: [
      { name: 'balcony', capacity: 30, price: 25 },
      { tier_id: floor?.tier_id, name: 'Standing', capacity: 60, price: 10 },
      { name: 'Box', capacity: 5, price: 90 },
    ],
  });
  const shown = shownEvent.parse(edited.body);
  expect(shown).toMatchObject({ total_capacity: 95, version: 2 });
  expect(shown.tiers.map(({ tier_id, name }) => [tier_id, name])).toEqual([
    [balcony?.tier_id, 'balcony'],
    [floor?.tier_id, 'Standing'],
    [shown.tiers[2]?.tier_id, 'Box'],
  ]);
});

test('an event that is published as asked for is published by PUT as well as by name', async () => {
  const event = await makeEvent(under, { venue_id: venueId });
  const byPut = await change(event.event_id, { version: 1, status: 'published' });
  expect(byPut).toMatchObject({ status: 200, body: { status: 'published', version: 2 } });
  for (const [status, code] of [
    ['draft', 'invalid_transition'],
    ['completed', 'invalid_transition'],
  ] as const)
    expect(await change(event.event_id, { version: 2, status })).toMatchObject(problem(409, code));
  const cancelled = await change(event.event_id, { version: 2, status: 'cancelled' });
  expect(cancelled.body).toMatchObject({ status: 'cancelled', version: 3 });
  const edit = await change(event.event_id, { version: 3, name: 'X' });
  expect(edit).toMatchObject(problem(409, 'event_closed'));
  expect(edit.body).toMatchObject({ event_status: 'cancelled' });
  expect(await publishEvent(under, event.event_id)).toMatchObject(problem(409, 'invalid_transition'));
});

test('a refusal of booking is the editor’s, with its details, and undoes everything', async () => {
  const event = await makeEvent(under, { venue_id: venueId });
  await publishEvent(under, event.event_id);
  const outbox = async () => (await under.database.db.query('select 1 from outbox')).rowCount;
  const before = await outbox();
  under.booking.state.refusePushesWith = 'capacity_below_sold';
  const refused = await change(event.event_id, { version: 2, total_capacity: 5 });
  under.booking.state.refusePushesWith = null;
  expect(refused).toMatchObject(problem(409, 'capacity_below_sold'));
  expect(refused.body).toMatchObject({ minimum: 7, detail: 'pretended capacity_below_sold' });
  expect(await outbox()).toBe(before);
  const read = await send(under, 'GET', `${path}/${event.event_id}`, undefined, { token: under.admin });
  expect(read.body).toMatchObject({ version: 2, total_capacity: 100 });
});

test('administrators find events of every status by status, type, city and name', async () => {
  const place = await makeVenue(under, { city: 'Shillong' });
  const draft = await makeEvent(under, { venue_id: place, name: 'Winter Draft', event_type: 'workshop' });
  const published = await makeEvent(under, { venue_id: place, name: 'Winter Show' });
  await publishEvent(under, published.event_id);
  const find = async (query: string): Promise<unknown[]> => {
    const { body } = await send(under, 'GET', `${path}?city=shillong&${query}`, undefined, {
      token: under.admin,
    });
    return shownEvent
      .array()
      .parse(body['events'])
      .map(({ event_id }) => event_id);
  };
  expect(await find('')).toEqual([published.event_id, draft.event_id]);
  expect(await find('status=draft')).toEqual([draft.event_id]);
  expect(await find('status=published')).toEqual([published.event_id]);
  expect(await find('type=workshop')).toEqual([draft.event_id]);
  expect(await find('search=SHOW')).toEqual([published.event_id]);
});
