/** The catalog's word to booking: what can be sold, when and how (`PUT /internal/inventory/{eventId}`). */
import { z } from 'zod';
import { count, currency, id, instant, minorAmount, text } from './common.ts';

export const maxTiers = 50;

export const tierSpec = z.strictObject({
  tier_id: id,
  name: text(120).min(1),
  capacity: count,
  price_minor: minorAmount,
});

export const refundStep = z.strictObject({
  hours_before: z.int().min(0).max(8_760),
  percent: z.int().min(0).max(100),
});

/**
 * Idempotent. `revision` comes from a sequence of the event service and orders these calls: a lower one
 * than stored changes nothing. `catalog_version` is the version that people edit.
 */
export const inventorySpec = z.strictObject({
  revision: z.int().min(1),
  catalog_version: z.int().min(1),
  status: z.enum(['published', 'cancelled', 'completed']),
  name: text(300).min(1),
  venue_name: text(300),
  venue_address: text(600),
  starts_at: instant,
  ends_at: instant,
  currency,
  sale: z.strictObject({
    /** `open`: at once; `window`: inside opens_at..closes_at; `managed`: closed until a sale is armed. */
    mode: z.enum(['open', 'window', 'managed']),
    opens_at: instant.nullable(),
    closes_at: instant.nullable(),
  }),
  max_per_booking: z.int().min(1).max(1_000),
  max_per_buyer: z.int().min(1).max(100_000).nullable(),
  waitlist: z.enum(['automatic', 'on_request', 'off']),
  /** The percentage of the first step, most hours first, that has more than `hours_before` left; at the last step exactly so many suffice. Else nothing. */
  refund_policy: z.array(refundStep).max(10),
  tiers: z
    .array(tierSpec)
    .min(1)
    .max(maxTiers)
    .refine(
      (tiers) => new Set(tiers.map((tier) => tier.tier_id)).size === tiers.length,
      'name each tier once',
    ),
});
export type InventorySpec = z.output<typeof inventorySpec>;

export const defaultRefundPolicy = [
  { hours_before: 24, percent: 100 },
  { hours_before: 2, percent: 50 },
] as const;

export const tierStock = z.object({
  tier_id: id,
  name: z.string(),
  price_minor: z.int(),
  capacity: z.int(),
  available: z.int(),
  held: z.int(),
  sold: z.int(),
  blocked: z.int(),
});
export type TierStock = z.output<typeof tierStock>;

/** Stock of one event; `stock_version` is booking's own and rises by one with each committed batch. */
export const eventStock = z.object({
  event_id: id,
  revision: z.int(),
  catalog_version: z.int(),
  stock_version: z.int(),
  currency: z.string(),
  capacity: z.int(),
  available: z.int(),
  held: z.int(),
  sold: z.int(),
  blocked: z.int(),
  updated_at: z.string(),
  tiers: z.array(tierStock),
});
export type EventStock = z.output<typeof eventStock>;

/** `GET /internal/inventory?event_ids=a,b` (100 at most): those that booking knows. */
export const eventStockList = z.object({ inventories: z.array(eventStock) });

/** `POST /internal/inventory/{eventId}/block` and `/unblock`: between available and blocked. Stale version: 409 version_conflict. */
export const blockRequest = z.strictObject({
  quantity: z.int().min(1).max(100_000),
  version: z.int().min(0),
});

/**
 * For whom a report is: one for people to look at may come from a replica and be some seconds old; one that something
 * is decided by never does.
 */
export const reportQuery = z.object({ for: z.enum(['people', 'decision']).default('decision') });

/** `GET /internal/inventory/{eventId}/report`: money and movement of one event, in minor units. */
export const salesReport = z.object({
  event_id: id,
  currency: z.string(),
  capacity: z.int(),
  available: z.int(),
  held: z.int(),
  sold: z.int(),
  revenue_minor: z.int(),
  refunded_minor: z.int(),
  bookings: z.object({
    total: z.int(),
    pending: z.int(),
    confirmed: z.int(),
    cancelled: z.int(),
    expired: z.int(),
  }),
  /** Confirmed over all reservations, 0 to 1. */
  conversion: z.number(),
  /** Tickets confirmed in each of the last 60 minutes that had any. */
  sales_per_minute: z.array(z.object({ minute: z.string(), tickets: z.int() })),
});
