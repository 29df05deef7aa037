import { expect, test } from 'vitest';
import { closedForSale, inventorySpecOf, mustPush } from './inventory-spec.ts';
import { mayBecome, statusAskedFor, type CatalogEvent, type EventStatus, type ShownStatus } from './event.ts';
import { shownStatus, shownStock, stockOf, untouchedStock } from './stock.ts';
import { inventorySpec } from '@evently/contracts/inventory';

const six = new Date('2026-11-20T18:00:00Z');
const nine = new Date('2026-11-20T21:00:00Z');
const ten = new Date('2026-11-20T22:00:00Z');
const hall = '0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b';
const tierId = '0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1c';
const event: CatalogEvent = {
  eventId: '0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1d',
  name: 'An Evening of Ragas',
  description: null,
  venueId: hall,
  eventType: 'concert',
  startsAt: six,
  endsAt: nine,
  totalCapacity: 100,
  basePriceMinor: 49_950,
  currency: 'INR',
  maxPerBooking: 10,
  maxPerBuyer: null,
  sale: { mode: 'open', opensAt: null, closesAt: null },
  waitlist: 'automatic',
  tiers: [{ tierId, name: 'General', capacity: 100, priceMinor: 49_950 }],
  status: 'published',
  version: 2,
  pushedVersion: 2,
  venue: {
    venueId: hall,
    name: 'A hall',
    address: 'A street',
    city: 'Pune',
    state: null,
    country: 'India',
    latitude: null,
    longitude: null,
  },
  createdBy: hall,
  createdAt: six,
  updatedAt: six,
};

test('the status follows its graph and nothing leaves an end', () => {
  const statuses: EventStatus[] = ['draft', 'published', 'cancelled', 'completed'];
  const wanted: ShownStatus[] = [...statuses, 'sold_out'];
  const allowed = statuses.flatMap((status) =>
    wanted.filter((next) => mayBecome({ ...event, status }, next, ten)).map((next) => `${status} ${next}`),
  );
  expect(allowed).toEqual(['draft published', 'published cancelled', 'published completed']);
});

test('an event is completed only when its end has passed', () => {
  expect(mayBecome(event, 'completed', six)).toBe(false);
  expect(mayBecome(event, 'completed', nine)).toBe(true);
});

test('sold out is how a published event looks, so asking a published one for it changes nothing', () => {
  expect(statusAskedFor('published', 'sold_out')).toBe('published');
  expect(statusAskedFor('draft', 'sold_out')).toBe('sold_out');
  expect(statusAskedFor('draft', undefined)).toBe('draft');
  const none = { ...untouchedStock(event), available: 0 };
  expect(shownStatus(event, none)).toBe('sold_out');
  expect(shownStatus({ ...event, status: 'cancelled' }, none)).toBe('cancelled');
});

test('a draft shows its own seats, whatever booking may have heard', () => {
  const told = { ...untouchedStock(event), stockVersion: 7, available: 3 };
  expect(shownStock({ ...event, status: 'draft' }, told)).toMatchObject({ stockVersion: 0, available: 100 });
  expect(shownStock(event, told)).toBe(told);
  expect(shownStock(event, undefined)).toMatchObject({ available: 100, tiers: { [tierId]: 100 } });
});

test('what booking tells becomes seats by tier', () => {
  const stock = stockOf({
    event_id: event.eventId,
    revision: 1,
    catalog_version: 2,
    stock_version: 9,
    currency: 'INR',
    capacity: 100,
    available: 60,
    held: 30,
    sold: 10,
    blocked: 0,
    updated_at: nine.toISOString(),
    tiers: [
      {
        tier_id: tierId,
        name: 'x',
        price_minor: 1,
        capacity: 100,
        available: 60,
        held: 30,
        sold: 10,
        blocked: 0,
      },
    ],
  });
  expect(stock).toEqual({ stockVersion: 9, available: 60, tiers: { [tierId]: 60 }, updatedAt: nine });
});

test('the word to booking keeps the contract, closed or open', () => {
  const spec = inventorySpecOf(event, 5);
  expect(inventorySpec.parse(spec)).toEqual(spec);
  expect(spec).toMatchObject({ revision: 5, catalog_version: 2, status: 'published', venue_name: 'A hall' });
  const closed = closedForSale(spec);
  expect(inventorySpec.parse(closed)).toEqual(closed);
  expect(closed.status).toBe('published');
});

test('booking hears of what is sold and of nothing else', () => {
  const draft: CatalogEvent = { ...event, status: 'draft', pushedVersion: 0 };
  expect(mustPush(draft, { ...draft, totalCapacity: 50 })).toBe(false);
  expect(mustPush(draft, { ...draft, status: 'published' })).toBe(true);
  expect(mustPush(event, { ...event, version: 3, description: 'With an interval' })).toBe(false);
  expect(mustPush(event, { ...event, version: 3, endsAt: ten })).toBe(true);
  expect(mustPush(event, { ...event, version: 3, status: 'cancelled' })).toBe(true);
});
