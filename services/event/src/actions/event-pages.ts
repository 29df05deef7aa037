/** What the public pages show: events with the seats that are free now. */
import type { Clock } from '@evently/kit/clock';
import type { Database } from '@evently/kit/postgres';
import type { CatalogEvent } from '../domain/event.ts';
import { shownStock, type Stock } from '../domain/stock.ts';
import { countPublished, listPublished, type PublicFilter } from '../store/event-lists.ts';
import { findEvent } from '../store/events.ts';
import { rememberBriefly } from './remember-briefly.ts';
import type { StockBoard } from './stock-board.ts';

export type EventPage = { event: CatalogEvent; stock: Stock };
export type EventList = { pages: readonly EventPage[]; total: number };
export type EventPages = {
  /** Null for a draft and for what does not exist, alike. At most half a second old, the stock as well. */
  read: (eventId: string) => Promise<EventPage | null>;
  /** At most half a second old as well. */
  list: (filter: PublicFilter) => Promise<EventList>;
  /** After an edit in this process: the next read sees it. */
  forget: (eventId: string) => void;
};

const keepMs = 500;
const maxKept = 5_000;
const maxLists = 200;

export function createEventPages(deps: { db: Database; board: StockBoard; clock: Clock }): EventPages {
  const nowMs = (): number => deps.clock.now().getTime();
  const remembered = rememberBriefly({ keepMs, max: maxKept, nowMs, keyOf: (id: string) => id }, (id) =>
    findEvent(deps.db, id),
  );
  const lists = rememberBriefly(
    { keepMs, max: maxLists, nowMs, keyOf: JSON.stringify },
    (filter: PublicFilter) => Promise.all([listPublished(deps.db, filter), countPublished(deps.db, filter)]),
  );
  return {
    read: async (eventId) => {
      const event = await remembered.read(eventId);
      if (event === null || event.status === 'draft') return null;
      return { event, stock: await readStock(deps.board, event) };
    },
    list: async (filter) => {
      const [events, total] = await lists.read(filter);
      return { pages: await withStock(deps.board, events), total };
    },
    forget: (eventId) => {
      remembered.forget(eventId);
      lists.forgetAll();
    },
  };
}

/** Each event with its stock; one question for all. */
export async function withStock(board: StockBoard, events: readonly CatalogEvent[]): Promise<EventPage[]> {
  const stock = await board.read(events);
  return events.map((event) => ({ event, stock: shownStock(event, stock.get(event.eventId)) }));
}

export async function readStock(board: StockBoard, event: CatalogEvent): Promise<Stock> {
  return shownStock(event, (await board.read([event])).get(event.eventId));
}
