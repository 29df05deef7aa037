/** Between the catalog's words and the engine's. Pure. */
import { toMajor } from '@evently/contracts/money';
import type { CatalogDocument } from '@evently/contracts/search';
import type { Change, SearchDocument } from '../engine/port.ts';

export type KnownEvent = {
  eventId: string;
  /** Below 0 while only a stock is known. */
  version: number;
  document: CatalogDocument | null;
  checksum: number;
  stock: { version: number; available: number } | null;
};

/** What an engine must be told to know what we know. */
export function changesOf(known: KnownEvent, isWhole: boolean): Change[] {
  const { eventId, version, stock } = known;
  const changes: Change[] = [];
  if (isWhole && version >= 0) {
    const document = searchDocumentOf(known);
    changes.push(
      document === null ? { kind: 'removal', version, eventId } : { kind: 'document', version, document },
    );
  }
  if (stock !== null) changes.push({ kind: 'stock', eventId, stock });
  return changes;
}

export function searchDocumentOf({ eventId, document, checksum }: KnownEvent): SearchDocument | null {
  if (document === null) return null;
  const { latitude, longitude } = document;
  return {
    eventId,
    name: document.name,
    description: document.description,
    venueName: document.venue_name,
    venueAddress: document.venue_address,
    venueCity: document.venue_city,
    venueState: document.venue_state,
    venueCountry: document.venue_country,
    place: latitude === null || longitude === null ? null : { latitude, longitude },
    eventType: document.event_type,
    startsAt: new Date(document.starts_at),
    endsAt: new Date(document.ends_at),
    price: toMajor(document.price_minor, document.currency),
    currency: document.currency,
    capacity: document.capacity,
    status: document.status,
    checksum,
  };
}
