/** How many seats of an event are free, as far as is known, and what that makes of its status. Pure. */
import type { EventStock } from '@evently/contracts/inventory';
import type { CatalogEvent, ShownStatus } from './event.ts';

/** Booking's word on one event. `stockVersion` rises with each change; 0 is an event booking does not know. */
export type Stock = {
  stockVersion: number;
  available: number;
  /** Available seats by tier id. */
  tiers: Readonly<Record<string, number>>;
  updatedAt: Date;
};

export function stockOf(told: EventStock): Stock {
  return {
    stockVersion: told.stock_version,
    available: told.available,
    tiers: Object.fromEntries(told.tiers.map((tier) => [tier.tier_id, tier.available])),
    updatedAt: new Date(told.updated_at),
  };
}

/** A draft, or an event that booking has not been told of: everything is free, nothing was sold. */
export function untouchedStock(event: CatalogEvent): Stock {
  return {
    stockVersion: 0,
    available: event.totalCapacity,
    tiers: Object.fromEntries(event.tiers.map((tier) => [tier.tierId, tier.capacity])),
    updatedAt: event.updatedAt,
  };
}

/** What the event's page shows: a draft's own numbers, else the stock as far as it is known. */
export function shownStock(event: CatalogEvent, stock: Stock | undefined): Stock {
  return event.status === 'draft' || stock === undefined ? untouchedStock(event) : stock;
}

export function shownStatus(event: CatalogEvent, stock: Stock): ShownStatus {
  return event.status === 'published' && stock.available <= 0 ? 'sold_out' : event.status;
}
