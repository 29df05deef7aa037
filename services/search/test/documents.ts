/** Documents for tests of engines: plausible ones, of which a test names what it is about. */
import { createHash, randomUUID } from 'node:crypto';
import type { Change, Filters, SearchDocument, SearchQuery, SuggestQuery } from '../src/engine/port.ts';
import { tokensOf } from '../src/domain/tokens.ts';

/** The present of these tests; engines are told the time. */
export const now = new Date('2026-11-20T12:00:00Z');
const msPerHour = 3_600_000;
export const hoursAway = (hours: number): Date => new Date(now.getTime() + hours * msPerHour);

/** A concert in a week; the checksum follows the content. */
export function makeDocument(more: Partial<SearchDocument> = {}): SearchDocument {
  const document = {
    eventId: randomUUID(),
    name: 'An Evening of Ragas',
    description: '',
    venueName: 'Chowdiah Memorial Hall',
    venueAddress: 'Gayathri Devi Park Extension',
    venueCity: 'Bengaluru',
    venueState: 'Karnataka',
    venueCountry: 'India',
    place: null,
    eventType: 'concert',
    startsAt: hoursAway(168),
    endsAt: hoursAway(171),
    price: 499.5,
    currency: 'INR',
    capacity: 100,
    status: 'published' as const,
    ...more,
  };
  const checksum = createHash('sha256').update(JSON.stringify(document)).digest().readUInt32BE(0);
  return { ...document, checksum, ...(more.checksum === undefined ? {} : { checksum: more.checksum }) };
}

export const put = (document: SearchDocument, version = 1): Change => ({
  kind: 'document',
  version,
  document,
});
export const drop = (eventId: string, version: number): Change => ({ kind: 'removal', version, eventId });
export const stock = (eventId: string, version: number, available: number): Change => ({
  kind: 'stock',
  eventId,
  stock: { version, available },
});

export const anything: Filters = {
  city: null,
  type: null,
  startsFrom: null,
  startsBefore: null,
  minPrice: null,
  maxPrice: null,
};

/** A query as the service makes it of what somebody typed. */
export function ask(
  typed: string,
  more: Partial<Omit<SearchQuery, 'filters'>> & { filters?: Partial<Filters> } = {},
): SearchQuery {
  const tokens = tokensOf(typed);
  return {
    text: tokens.length === 0 ? null : { tokens },
    near: null,
    sort: 'relevance',
    now,
    offset: 0,
    limit: 20,
    facets: true,
    ...more,
    filters: { ...anything, ...more.filters },
  };
}

export const begun = (typed: string, limit = 10): SuggestQuery => ({
  prefix: tokensOf(typed).join(' '),
  now,
  limit,
});
