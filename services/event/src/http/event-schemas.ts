/** Shapes of events as they are written and shown; amounts are numbers in major units. */
import { z } from '@hono/zod-openapi';
import { maxCapacity } from '@evently/contracts/common';
import { maxTiers } from '@evently/contracts/inventory';
import { toMajor } from '@evently/contracts/money';
import type { EventPage } from '../actions/event-pages.ts';
import { eventTypes, saleModes, waitlistModes, type CatalogEvent } from '../domain/event.ts';
import type { EventEdit, NewEvent, WrittenSale } from '../domain/plan-event.ts';
import { shownStatus, type Stock } from '../domain/stock.ts';
import { instant, line, paragraphs, uuid } from './fields.ts';

const maxDescription = 10_000;
const maxPerBooking = 1_000;
const maxPerBuyer = 100_000;
const maxAmount = 1e13;
const shownStatuses = ['draft', 'published', 'sold_out', 'cancelled', 'completed'] as const;

const amount = z.number().min(0).max(maxAmount);
const writtenTier = z.strictObject({
  tier_id: uuid.optional(),
  name: line(120),
  capacity: z.int().min(1).max(maxCapacity),
  price: amount,
});
const writtenSale = z.strictObject({
  opens_at: instant.nullish(),
  closes_at: instant.nullish(),
  mode: z.enum(saleModes).optional(),
});
const fields = {
  name: line(300),
  description: paragraphs(maxDescription).nullish(),
  venue_id: uuid,
  event_type: z.enum(eventTypes),
  start_datetime: instant,
  end_datetime: instant,
  total_capacity: z.int().min(1).max(maxCapacity),
  base_price: amount,
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code such as INR')
    .optional(),
  max_tickets_per_booking: z.int().min(1).max(maxPerBooking).optional(),
  max_tickets_per_buyer: z.int().min(1).max(maxPerBuyer).nullish(),
  tiers: z.array(writtenTier).min(1).max(maxTiers).optional(),
  sale: writtenSale.nullish(),
  waitlist: z.enum(waitlistModes).optional(),
};
export const eventBody = z.strictObject(fields).openapi('NewEvent');
export const eventEditBody = z
  .strictObject(fields)
  .partial()
  .extend({
    status: z.enum(shownStatuses).optional(),
    /** As the event was read; a stale one is refused. */
    version: z.int().min(1),
  })
  .openapi('EventEdit');

type EditBody = Omit<z.output<typeof eventEditBody>, 'version' | 'status'>;

export function writtenEdit(body: EditBody): EventEdit {
  return {
    name: body.name,
    description: body.description,
    venueId: body.venue_id,
    eventType: body.event_type,
    startsAt: body.start_datetime,
    endsAt: body.end_datetime,
    totalCapacity: body.total_capacity,
    basePrice: body.base_price,
    currency: body.currency,
    maxPerBooking: body.max_tickets_per_booking,
    maxPerBuyer: body.max_tickets_per_buyer,
    sale: body.sale === undefined ? undefined : saleOf(body.sale),
    waitlist: body.waitlist,
    tiers: body.tiers?.map(({ tier_id: tierId, ...tier }) => ({ ...tier, tierId })),
  };
}

function saleOf(sale: z.output<typeof writtenSale> | null): WrittenSale | null {
  return sale === null ? null : { mode: sale.mode, opensAt: sale.opens_at, closesAt: sale.closes_at };
}

export function writtenEvent(body: z.output<typeof eventBody>, defaultCurrency: string): NewEvent {
  return {
    ...writtenEdit(body),
    name: body.name,
    venueId: body.venue_id,
    eventType: body.event_type,
    startsAt: body.start_datetime,
    endsAt: body.end_datetime,
    totalCapacity: body.total_capacity,
    basePrice: body.base_price,
    currency: body.currency ?? defaultCurrency,
  };
}

const tierAnswer = z.object({
  tier_id: uuid,
  name: z.string(),
  capacity: z.int(),
  available_seats: z.int(),
  price: z.number(),
  currency: z.string(),
});
export const eventAnswer = z
  .object({
    event_id: uuid,
    name: z.string(),
    description: z.string().nullable(),
    venue_id: uuid,
    venue_name: z.string(),
    venue_address: z.string(),
    venue_city: z.string(),
    venue_state: z.string().nullable(),
    venue_country: z.string(),
    event_type: z.enum(eventTypes),
    start_datetime: z.iso.datetime(),
    end_datetime: z.iso.datetime(),
    total_capacity: z.int(),
    available_seats: z.int(),
    base_price: z.number(),
    currency: z.string(),
    max_tickets_per_booking: z.int(),
    max_tickets_per_buyer: z.int().nullable(),
    status: z.enum(shownStatuses),
    version: z.int(),
    tiers: z.array(tierAnswer),
    sale: z.object({
      opens_at: z.iso.datetime().nullable(),
      closes_at: z.iso.datetime().nullable(),
      mode: z.enum(saleModes),
    }),
    waitlist: z.enum(waitlistModes),
    created_by: uuid,
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .openapi('Event');

export function presentEvent({ event, stock }: EventPage): z.output<typeof eventAnswer> {
  return {
    event_id: event.eventId,
    name: event.name,
    description: event.description,
    venue_id: event.venueId,
    venue_name: event.venue.name,
    venue_address: event.venue.address,
    venue_city: event.venue.city,
    venue_state: event.venue.state,
    venue_country: event.venue.country,
    event_type: event.eventType,
    start_datetime: event.startsAt.toISOString(),
    end_datetime: event.endsAt.toISOString(),
    total_capacity: event.totalCapacity,
    available_seats: stock.available,
    base_price: toMajor(event.basePriceMinor, event.currency),
    currency: event.currency,
    max_tickets_per_booking: event.maxPerBooking,
    max_tickets_per_buyer: event.maxPerBuyer,
    status: shownStatus(event, stock),
    version: event.version,
    tiers: event.tiers.map((tier) => ({
      tier_id: tier.tierId,
      name: tier.name,
      capacity: tier.capacity,
      available_seats: seatsOf(stock, tier.tierId),
      price: toMajor(tier.priceMinor, event.currency),
      currency: event.currency,
    })),
    sale: {
      opens_at: event.sale.opensAt?.toISOString() ?? null,
      closes_at: event.sale.closesAt?.toISOString() ?? null,
      mode: event.sale.mode,
    },
    waitlist: event.waitlist,
    created_by: event.createdBy,
    created_at: event.createdAt.toISOString(),
    updated_at: event.updatedAt.toISOString(),
  };
}

function seatsOf(stock: Stock, tierId: string): number {
  return stock.tiers[tierId] ?? 0;
}

export const availabilityAnswer = z
  .object({
    event_id: uuid,
    available_seats: z.int(),
    status: z.enum(shownStatuses),
    last_updated: z.iso.datetime(),
    tiers: z.array(tierAnswer.pick({ tier_id: true, name: true, capacity: true, available_seats: true })),
  })
  .openapi('Availability');

export function presentAvailability({ event, stock }: EventPage): z.output<typeof availabilityAnswer> {
  return {
    event_id: event.eventId,
    available_seats: stock.available,
    status: shownStatus(event, stock),
    last_updated: lastUpdated(event, stock).toISOString(),
    tiers: event.tiers.map((tier) => ({
      tier_id: tier.tierId,
      name: tier.name,
      capacity: tier.capacity,
      available_seats: seatsOf(stock, tier.tierId),
    })),
  };
}

function lastUpdated(event: CatalogEvent, stock: Stock): Date {
  return stock.updatedAt > event.updatedAt ? stock.updatedAt : event.updatedAt;
}
