/** Messages between services: topic (who speaks), type (what happened), payload. Version 1 of each. */
import { z } from 'zod';
import { id, instant } from './common.ts';
import { inventorySpec, tierStock } from './inventory.ts';
import { paymentStatus } from './payments.ts';

export const topics = { user: 'user', event: 'event', booking: 'booking', payment: 'payment' } as const;

/**
 * Who acts on a topic, by the name that its inbox knows. A bus that keeps messages on their way keeps each until
 * all of these have handled it, whether or not they run.
 */
export const consumersOf = {
  [topics.user]: [],
  [topics.event]: ['booking-catalog', 'search-catalog'],
  [topics.booking]: ['event-stock', 'payment-booking', 'search-booking'],
  [topics.payment]: ['booking-payments'],
} as const satisfies Record<string, readonly string[]>;

/** Those that an installation without search does not have. */
const consumersOfSearch: ReadonlySet<string> = new Set(['search-catalog', 'search-booking']);

/**
 * The consumers of an installation: a bus that kept messages for one that never comes would be full one day. What search
 * missed before it was installed it finds by comparing itself with the catalog.
 */
export function consumersIn(installation: { search: boolean }): Record<string, readonly string[]> {
  return consumersThat((consumer) => installation.search || !consumersOfSearch.has(consumer));
}

/** The consumers that an installation does not have, and may have had: they find by themselves what they have missed. */
export function consumersOutside(installation: { search: boolean }): Record<string, readonly string[]> {
  return consumersThat((consumer) => !installation.search && consumersOfSearch.has(consumer));
}

function consumersThat(isWanted: (consumer: string) => boolean): Record<string, readonly string[]> {
  return Object.fromEntries(
    Object.entries(consumersOf).map(([topic, consumers]) => [topic, consumers.filter(isWanted)]),
  );
}

/** topic event, key event_id: the catalog changed; booking applies it when the direct call did not. */
export const eventInventoryChanged = z.object({ event_id: id, spec: inventorySpec });

/** topic booking, key event_id: one per committed change of stock. `version` rises by one each time. */
export const stockChanged = z.object({
  event_id: id,
  version: z.int(),
  writer: z.string(),
  cause: z.enum(['reserve', 'settle', 'cancel', 'expire', 'inventory', 'block', 'waitlist']),
  reservations: z.int(),
  quantity: z.int(),
  tiers: z.array(tierStock.pick({ tier_id: true, available: true, held: true, sold: true, blocked: true })),
});

/** A hint between pods and no message: what `stockChanged` of that version says of free seats, as soon as it is committed. */
export const stockNews = z.object({
  tiers: z.array(tierStock.pick({ tier_id: true, available: true })),
  at: instant,
});

/** topic booking, key event_id. One message per batch of bookings that reached `status` together. */
export const bookingsChanged = z.object({
  event_id: id,
  status: z.enum(['confirmed', 'cancelled', 'expired']),
  bookings: z.array(
    z.object({ booking_id: id, user_id: id, quantity: z.int(), amount_minor: z.int(), currency: z.string() }),
  ),
});

/** topic booking, key event_id: a waitlist entry got a hold. */
export const waitlistOffered = z.object({
  event_id: id,
  waitlist_id: id,
  user_id: id,
  booking_id: id,
  quantity: z.int(),
  expires_at: instant,
});

/** topic booking, key booking_id: payment must give money back. */
export const refundRequested = z.object({
  refund_id: id,
  booking_id: id,
  event_id: id,
  attempt: z.int(),
  amount_minor: z.int(),
  currency: z.string(),
  reason: z.string(),
});

/** topic booking, key booking_id: booking gave the attempt up. */
export const voidRequested = z.object({ booking_id: id, event_id: id, attempt: z.int() });

/** topic payment, key booking_id: an attempt that was unknown, or late, is settled. */
export const paymentSettled = z.object({
  payment_id: id,
  booking_id: id,
  event_id: id,
  attempt: z.int(),
  status: paymentStatus.exclude(['unknown']),
  transaction_id: z.string().nullable(),
  amount_minor: z.int(),
  currency: z.string(),
});

/** topic payment, key booking_id. */
export const refundSettled = z.object({
  refund_id: id,
  booking_id: id,
  event_id: id,
  status: z.enum(['succeeded', 'failed']),
  amount_minor: z.int(),
});

/** topic user, key user_id: the account and its personal data are gone. */
export const userErased = z.object({ user_id: id });
