/** What can be found of an event. Pure. */
import type { CatalogDocument } from '@evently/contracts/search';
import type { CatalogEvent } from './event.ts';

/** Null for what nobody may find: drafts and cancelled events. */
export function documentOf(event: CatalogEvent): CatalogDocument | null {
  const { status, venue } = event;
  if (status !== 'published' && status !== 'completed') return null;
  return {
    name: event.name,
    description: event.description ?? '',
    venue_name: venue.name,
    venue_address: venue.address,
    venue_city: venue.city,
    venue_state: venue.state,
    venue_country: venue.country,
    latitude: venue.latitude,
    longitude: venue.longitude,
    event_type: event.eventType,
    starts_at: event.startsAt.toISOString(),
    ends_at: event.endsAt.toISOString(),
    price_minor: event.basePriceMinor,
    currency: event.currency,
    capacity: event.totalCapacity,
    status,
  };
}
