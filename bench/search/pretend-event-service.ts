/** The event service's list of its catalog, from memory: what an index is built from. */
import { listedDocuments } from '@evently/contracts/search';
import { listen, listenerOf } from '@evently/kit/serve';
import type { CatalogEvent } from './catalog.ts';

const host = '127.0.0.1';
const usualLimit = 500;

export type PretendEventService = {
  url: string;
  /** Nothing is listed before: a service that finds events begins to build its index by itself. */
  list: () => void;
  hide: () => void;
  close: () => Promise<void>;
};

/** `all` in order of ids. */
export async function startEventService(all: readonly CatalogEvent[]): Promise<PretendEventService> {
  let catalog: readonly CatalogEvent[] = [];
  const places = new Map(all.map(({ eventId }, place) => [eventId, place]));
  function page(request: Request): Response {
    const query = new URL(request.url).searchParams;
    const limit = Number(query.get('limit') ?? usualLimit);
    const after = query.get('after') ?? '';
    const withDocuments = query.get('documents') === 'true';
    const first = (places.get(after) ?? -1) + 1;
    const events = catalog
      .slice(first, first + limit)
      .map(({ eventId, version, checksum, available, document }) => ({
        event_id: eventId,
        version,
        checksum,
        stock: { version: 1, available },
        document: withDocuments ? document : null,
      }));
    const next = events.length < limit ? null : (events.at(-1)?.event_id ?? null);
    return Response.json(listedDocuments.parse({ events, next }));
  }
  const port = await listen(
    'events',
    host,
    0,
    listenerOf((request) => Promise.resolve(page(request))),
  );
  return {
    url: `http://${host}:${port.port}`,
    list: () => {
      catalog = all;
    },
    hide: () => {
      catalog = [];
    },
    close: port.close,
  };
}
