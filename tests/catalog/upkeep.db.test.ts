import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createBookingPort } from '@evently/event/actions/ask-booking';
import { runUpkeep } from '@evently/event/jobs/upkeep';
import { systemClock } from '@evently/kit/clock';
import { createLogger } from '@evently/kit/log';
import { createCatalog, inHours, type Catalog } from './catalog.ts';

let catalog: Catalog;
beforeAll(async () => {
  catalog = await createCatalog();
});
afterAll(() => catalog.close());
beforeEach(() => {
  catalog.line.state = 'up';
});

const log = createLogger('test', 'silent');
const upkeep = () =>
  runUpkeep({
    db: catalog.eventDatabase.db,
    clock: systemClock,
    booking: createBookingPort(catalog.bookingCaller, log),
    log,
    changed: async () => {},
  });

async function publishQuiet(more: object = {}): Promise<string> {
  const event = await catalog.publishEvent(more);
  const eventId = String(event['event_id']);
  await catalog.deliver();
  await quieten(eventId);
  return eventId;
}

/** As if the last edit were a minute old. */
async function quieten(eventId: string): Promise<void> {
  await catalog.eventDatabase.db.query(
    `update events set updated_at = clock_timestamp() - interval '1 minute' where event_id = $1`,
    [eventId],
  );
}

type Told = { capacity: number; catalog_version: number; tiers: { tier_id: string }[] };
async function toldOf(eventId: string): Promise<Told | undefined> {
  const path = `/internal/inventory?event_ids=${eventId}`;
  const { body } = await catalog.askBooking('GET', path, { service: true });
  const { inventories } = body;
  return Array.isArray(inventories) ? inventories[0] : undefined;
}

/** What booking would know of an edit to `capacity` that the catalog never committed. */
async function loseEdit(eventId: string, tierId: string, capacity: number, version: number): Promise<void> {
  const { rows } = await catalog.eventDatabase.db.query<{ revision: string }>(
    `select nextval('inventory_revision') as revision`,
  );
  const answer = await catalog.askBooking('PUT', `/internal/inventory/${eventId}`, {
    service: true,
    body: {
      revision: Number(rows[0]?.revision),
      catalog_version: version,
      status: 'published',
      name: 'Lost',
      venue_name: 'A hall',
      venue_address: 'A street',
      starts_at: inHours(720),
      ends_at: inHours(723),
      currency: 'INR',
      sale: { mode: 'open', opens_at: null, closes_at: null },
      max_per_booking: 10,
      max_per_buyer: null,
      waitlist: 'automatic',
      refund_policy: [],
      tiers: [{ tier_id: tierId, name: 'General', capacity, price_minor: 49_950 }],
    },
  });
  if (answer.status !== 200) throw new Error(answer.text);
}

test('an edit that booking heard and the catalog lost is taken back', async () => {
  const eventId = await publishQuiet();
  const tierId = (await toldOf(eventId))?.tiers[0]?.tier_id ?? '';
  await loseEdit(eventId, tierId, 500, 3);
  expect(await toldOf(eventId)).toMatchObject({ capacity: 500, catalog_version: 3 });
  expect(await upkeep()).toEqual({ completed: 0, repaired: 1 });
  await catalog.deliver();
  expect(await toldOf(eventId)).toMatchObject({ capacity: 100, catalog_version: 2 });
  expect(await upkeep()).toEqual({ completed: 0, repaired: 0 });
});

test('a publishing that booking heard and the catalog lost sells nothing, until it is repeated', async () => {
  const draft = await catalog.makeEvent();
  const eventId = String(draft['event_id']);
  await loseEdit(eventId, crypto.randomUUID(), 100, 2);
  expect((await catalog.reserve(eventId, 1)).status).toBe(200);
  await quieten(eventId);
  expect((await upkeep()).repaired).toBe(1);
  await catalog.deliver();
  expect(await catalog.reserve(eventId, 1)).toMatchObject({ status: 409, body: { code: 'event_cancelled' } });
  expect((await upkeep()).repaired).toBe(0);
});

test('a published event that booking never heard of is told again', async () => {
  const event = await catalog.makeEvent();
  const eventId = String(event['event_id']);
  catalog.line.state = 'away';
  await catalog.ask('POST', `/api/v1/admin/events/${eventId}/publish`, { token: catalog.admin });
  await catalog.eventDatabase.db.query('delete from outbox where key = $1', [eventId]);
  await quieten(eventId);
  expect((await upkeep()).repaired).toBe(0);
  catalog.line.state = 'up';
  expect((await upkeep()).repaired).toBe(1);
  await catalog.deliver();
  expect((await catalog.reserve(eventId, 1)).status).toBe(200);
});

test('an event that was edited just now is left alone: its message is on its way', async () => {
  const eventId = await publishQuiet();
  catalog.line.state = 'away';
  const edit = { version: 2, total_capacity: 150 };
  await catalog.ask('PUT', `/api/v1/admin/events/${eventId}`, { token: catalog.admin, body: edit });
  catalog.line.state = 'up';
  expect((await upkeep()).repaired).toBe(0);
  await catalog.deliver();
  await quieten(eventId);
  expect((await upkeep()).repaired).toBe(0);
  expect(await toldOf(eventId)).toMatchObject({ capacity: 150, catalog_version: 3 });
});

test('an event is completed when its end has passed, once, and sells nothing more', async () => {
  const eventId = await publishQuiet();
  await catalog.eventDatabase.db.query(
    `update events set starts_at = clock_timestamp() - interval '3 hours', ends_at = clock_timestamp() where event_id = $1`,
    [eventId],
  );
  expect((await upkeep()).completed).toBe(1);
  expect((await upkeep()).completed).toBe(0);
  await catalog.deliver();
  expect((await catalog.ask('GET', `/api/v1/events/${eventId}`)).body).toMatchObject({
    status: 'completed',
    version: 3,
  });
  expect((await catalog.reserve(eventId, 1)).status).toBe(409);
});

test('when a venue moves, the tickets of its events name the new place', async () => {
  const venueId = await catalog.makeVenue();
  const event = await catalog.publishEvent({ venue_id: venueId });
  const eventId = String(event['event_id']);
  const moved = await catalog.ask('PUT', `/api/v1/admin/venues/${venueId}`, {
    token: catalog.admin,
    body: { name: 'The Music Academy' },
  });
  expect(moved.status).toBe(200);
  await catalog.deliver();
  const buyer = await catalog.tokens.user();
  const { body } = await catalog.reserve(eventId, 1, buyer);
  const booking = await catalog.askBooking('GET', `/api/v1/bookings/${String(body['reservation_id'])}`, {
    token: buyer,
  });
  expect(booking.body['event']).toMatchObject({ venue: expect.stringContaining('The Music Academy') });
  const page = await catalog.ask('GET', `/api/v1/events/${eventId}`);
  expect(page.body).toMatchObject({ venue_name: 'The Music Academy' });
  await quieten(eventId);
  expect((await upkeep()).repaired).toBe(0);
});
