/** What booking is told of an event. Pure. */
import { defaultRefundPolicy, type InventorySpec } from '@evently/contracts/inventory';
import type { CatalogEvent } from './event.ts';

/**
 * The whole word on one event; `revision` orders it among all others. A draft that booking knows, because
 * a publishing was lost half-way, is told as cancelled.
 */
export function inventorySpecOf(event: CatalogEvent, revision: number): InventorySpec {
  return {
    revision,
    catalog_version: event.pushedVersion,
    status: event.status === 'draft' ? 'cancelled' : event.status,
    name: event.name,
    venue_name: event.venue.name,
    venue_address: `${event.venue.address}, ${event.venue.city}`,
    starts_at: event.startsAt.toISOString(),
    ends_at: event.endsAt.toISOString(),
    currency: event.currency,
    sale: {
      mode: event.sale.mode,
      opens_at: event.sale.opensAt?.toISOString() ?? null,
      closes_at: event.sale.closesAt?.toISOString() ?? null,
    },
    max_per_booking: event.maxPerBooking,
    max_per_buyer: event.maxPerBuyer,
    waitlist: event.waitlist,
    refund_policy: defaultRefundPolicy.map((step) => ({ ...step })),
    tiers: event.tiers.map((tier) => ({
      tier_id: tier.tierId,
      name: tier.name,
      capacity: tier.capacity,
      price_minor: tier.priceMinor,
    })),
  };
}

/** Whether booking must hear of the change from `before` to `after`: a draft's changes are nobody's matter. */
export function mustPush(before: CatalogEvent, after: CatalogEvent): boolean {
  if (before.status === 'draft' && after.status === 'draft') return false;
  if (before.pushedVersion === 0) return true;
  const wordOf = (event: CatalogEvent): string =>
    JSON.stringify({ ...inventorySpecOf(event, 1), catalog_version: 1 });
  return wordOf(before) !== wordOf(after);
}

/** The same word with a window that is over: nothing more is sold, and nobody is refunded. */
export function closedForSale(spec: InventorySpec): InventorySpec {
  return {
    ...spec,
    sale: { mode: 'window', opens_at: new Date(0).toISOString(), closes_at: new Date(1_000).toISOString() },
  };
}
