/** How events travel to other processes of this service, and are read again: what cannot be read is not believed. */
import { z } from 'zod';
import type { EventTexts } from '../actions/event-pages.ts';
import { eventTypes, saleModes, waitlistModes, type CatalogEvent } from '../domain/event.ts';

const instant = z.iso.datetime().transform((text) => new Date(text));

const keptEvent = z.strictObject({
  eventId: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  venueId: z.string(),
  eventType: z.enum(eventTypes),
  startsAt: instant,
  endsAt: instant,
  totalCapacity: z.int(),
  basePriceMinor: z.int(),
  currency: z.string(),
  maxPerBooking: z.int(),
  maxPerBuyer: z.int().nullable(),
  sale: z.strictObject({
    mode: z.enum(saleModes),
    opensAt: instant.nullable(),
    closesAt: instant.nullable(),
  }),
  waitlist: z.enum(waitlistModes),
  tiers: z.array(
    z.strictObject({ tierId: z.string(), name: z.string(), capacity: z.int(), priceMinor: z.int() }),
  ),
  status: z.enum(['draft', 'published', 'cancelled', 'completed']),
  version: z.int(),
  pushedVersion: z.int(),
  venue: z.strictObject({
    venueId: z.string(),
    name: z.string(),
    address: z.string(),
    city: z.string(),
    state: z.string().nullable(),
    country: z.string(),
    latitude: z.number().nullable(),
    longitude: z.number().nullable(),
  }),
  createdBy: z.string(),
  createdAt: instant,
  updatedAt: instant,
});
const keptList = z.strictObject({ events: z.array(keptEvent), total: z.int() });

/** Neither a draft nor what does not exist is given to others: both are nobody's, and there is no end of ids. */
export const eventTexts: EventTexts = {
  event: {
    write: (event) => (event === null || event.status === 'draft' ? null : JSON.stringify(event)),
    read: (text): CatalogEvent => keptEvent.parse(JSON.parse(text)),
  },
  list: {
    write: (list) => JSON.stringify(list),
    read: (text) => keptList.parse(JSON.parse(text)),
  },
};
