/** The event service behind the caller's port: a catalog in memory that lists as the real one does. */
import { createCaller, type Caller } from '@evently/kit/caller';
import { checksumOf, type CatalogDocument } from '@evently/contracts/search';

export type CatalogEntry = {
  version: number;
  document: CatalogDocument;
  stock: { version: number; available: number } | null;
};
export type PretendCatalog = {
  events: Map<string, CatalogEntry>;
  /** `away` answers 503 to everything. */
  state: { away: boolean; pageSize: number; asked: number };
  caller: Caller;
};

export function createPretendCatalog(): PretendCatalog {
  const events = new Map<string, CatalogEntry>();
  const state = { away: false, pageSize: 500, asked: 0 };
  const caller = createCaller({
    baseUrl: 'http://event',
    apiKey: 'a-key-of-the-tests',
    deadlineMs: 20_000,
    fetch: (request) => {
      state.asked += 1;
      if (state.away) return Response.json({ code: 'unavailable', detail: 'pretended' }, { status: 503 });
      const query = new URL(request.url).searchParams;
      const limit = Math.min(Number(query.get('limit')), state.pageSize);
      const after = query.get('after') ?? '';
      const all = [...events].filter(([id]) => id > after).toSorted(([a], [b]) => (a < b ? -1 : 1));
      const page = all.slice(0, limit);
      return Response.json({
        events: page.map(([id, { version, document, stock }]) => ({
          event_id: id,
          version,
          checksum: checksumOf(document),
          stock,
          document: query.get('documents') === 'true' ? document : null,
        })),
        next: page.length < limit ? null : page.at(-1)?.[0],
      });
    },
  });
  return { events, state, caller };
}

/** A concert in a month; a test names what it is about. */
export function makeCatalogDocument(more: Partial<CatalogDocument> = {}): CatalogDocument {
  const startsAtMs = Date.now() + 30 * 86_400_000;
  return {
    name: 'An Evening of Ragas',
    description: 'Three generations of one family of singers.',
    venue_name: 'Chowdiah Memorial Hall',
    venue_address: 'Gayathri Devi Park Extension',
    venue_city: 'Bengaluru',
    venue_state: 'Karnataka',
    venue_country: 'India',
    latitude: 13.0,
    longitude: 77.57,
    event_type: 'concert',
    starts_at: new Date(startsAtMs).toISOString(),
    ends_at: new Date(startsAtMs + 10_800_000).toISOString(),
    price_minor: 49_950,
    currency: 'INR',
    capacity: 100,
    status: 'published',
    ...more,
  };
}
