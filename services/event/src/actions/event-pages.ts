/** What the public pages show: events with the seats that are free now. */
import type { CacheFactory, CacheSpace } from '@evently/kit/cache';
import type { Database } from '@evently/kit/postgres';
import type { Reads } from '@evently/kit/replica';
import type { CatalogEvent } from '../domain/event.ts';
import { shownStock, type Stock } from '../domain/stock.ts';
import { countPublished, listPublished, type PublicFilter } from '../store/event-lists.ts';
import { findEvent } from '../store/events.ts';
import type { StockBoard } from './stock-board.ts';

export type EventPage = { event: CatalogEvent; stock: Stock };
export type EventList = { pages: readonly EventPage[]; total: number };
export type EventPages = {
  /** Null for a draft and for what does not exist, alike. The catalog's part follows an edit as `list` does. */
  read: (eventId: string) => Promise<EventPage | null>;
  /**
   * The catalog's part is at most half a second behind an edit that was told, and five and a half behind one that was not,
   * because its process or Redis died at that moment. The stock is half a second old at most, in both.
   */
  list: (filter: PublicFilter) => Promise<EventList>;
  /** After edits in this process: its next reads see them, and other processes are told. */
  changed: (eventIds: readonly string[]) => Promise<void>;
};

/** How events travel between processes; `read` throws for what another version of this service wrote. */
export type EventTexts = {
  event: CacheSpace<string, CatalogEvent | null>['text'];
  list: CacheSpace<PublicFilter, ListedEvents>['text'];
};
export type ListedEvents = { events: readonly CatalogEvent[]; total: number };

export type EventPagesDeps = {
  db: Database;
  reads: Reads;
  caches: CacheFactory;
  texts: EventTexts;
  board: StockBoard;
};

const keepMs = 500;
const maxKept = 5_000;
const maxLists = 200;
const everyList = 'every-list';

/**
 * Stock is never kept with the pages: its board has its own half second. Lists may come from a replica, but not
 * those of a catalog that has just been changed; a single event never does.
 */
export function createEventPages(deps: EventPagesDeps): EventPages {
  const pages = deps.caches<string, CatalogEvent | null>({
    name: 'event',
    keyOf: (eventId) => eventId,
    scopeOf: (eventId) => eventId,
    load: (eventId) => findEvent(deps.db, eventId),
    keepMs,
    max: maxKept,
    text: deps.texts.event,
  });
  const lists = deps.caches<PublicFilter, ListedEvents>({
    name: 'list',
    keyOf: (filter) => JSON.stringify(filter),
    scopeOf: () => everyList,
    load: (filter, changedLately) => loadList(deps.reads, filter, changedLately),
    keepMs,
    max: maxLists,
    text: deps.texts.list,
  });
  return {
    read: async (eventId) => {
      const event = await pages.read(eventId);
      if (event === null || event.status === 'draft') return null;
      return { event, stock: await readStock(deps.board, event) };
    },
    list: async (filter) => {
      const { events, total } = await lists.read(filter);
      return { pages: await withStock(deps.board, events), total };
    },
    changed: async (eventIds) => {
      if (eventIds.length === 0) return;
      await Promise.all([pages.changed(eventIds), lists.changed([everyList])]);
    },
  };
}

function loadList(reads: Reads, filter: PublicFilter, newest: boolean): Promise<ListedEvents> {
  return reads(
    // One after the other: a replica is asked on one connection.
    async (sql) => ({ events: await listPublished(sql, filter), total: await countPublished(sql, filter) }),
    { newest },
  );
}

/** Each event with its stock; one question for all. */
export async function withStock(board: StockBoard, events: readonly CatalogEvent[]): Promise<EventPage[]> {
  const stock = await board.read(events);
  return events.map((event) => ({ event, stock: shownStock(event, stock.get(event.eventId)) }));
}

export async function readStock(board: StockBoard, event: CatalogEvent): Promise<Stock> {
  return shownStock(event, (await board.read([event])).get(event.eventId));
}
