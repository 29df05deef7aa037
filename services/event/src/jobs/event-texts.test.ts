import { expect, test } from 'vitest';
import type { CatalogEvent } from '../domain/event.ts';
import { eventTexts } from './event-texts.ts';

const at = (day: number): Date => new Date(Date.UTC(2026, 10, day, 18, 30, 15, 250));
const event: CatalogEvent = {
  eventId: '01a1fe39-96f2-7f8c-9bb9-64514ac77266',
  name: 'An Evening of “Ragas”\u2028',
  description: null,
  venueId: '01a1fe39-96f2-7f8c-9bb9-64514ac77267',
  eventType: 'concert',
  startsAt: at(20),
  endsAt: at(21),
  totalCapacity: 100,
  basePriceMinor: 49_950,
  currency: 'INR',
  maxPerBooking: 10,
  maxPerBuyer: 4,
  sale: { mode: 'window', opensAt: at(1), closesAt: null },
  waitlist: 'automatic',
  tiers: [
    { tierId: '01a1fe39-96f2-7f8c-9bb9-64514ac77268', name: 'General', capacity: 100, priceMinor: 49_950 },
  ],
  status: 'published',
  version: 3,
  pushedVersion: 3,
  venue: {
    venueId: '01a1fe39-96f2-7f8c-9bb9-64514ac77267',
    name: 'A hall',
    address: 'A street',
    city: 'Bengaluru',
    state: null,
    country: 'India',
    latitude: 12.99,
    longitude: 77.57,
  },
  createdBy: '01a1fe39-96f2-7f8c-9bb9-64514ac77269',
  createdAt: at(2),
  updatedAt: at(3),
};

test('an event and a list arrive as they were sent, their times to the millisecond', () => {
  expect(eventTexts.event.read(eventTexts.event.write(event) ?? '')).toEqual(event);
  const list = { events: [event, { ...event, name: 'Another' }], total: 7 };
  expect(eventTexts.list.read(eventTexts.list.write(list) ?? '')).toEqual(list);
});

test('a draft, and that there is no such event, stay in the process', () => {
  expect(eventTexts.event.write({ ...event, status: 'draft' })).toBe(null);
  expect(eventTexts.event.write(null)).toBe(null);
});

test('what another version of the service wrote is not believed', () => {
  const { waitlist: _, ...older } = event;
  for (const text of [JSON.stringify(older), JSON.stringify({ ...event, seats: [] }), '{', 'null'])
    expect(() => eventTexts.event.read(text)).toThrow();
});
