/** The stock of events as this process last heard it from booking; what every page shows. */
import type { Sql } from '@evently/kit/postgres';
import type { CatalogEvent } from '../domain/event.ts';
import { shownStock, stockOf, type Stock } from '../domain/stock.ts';
import { findKeptStock } from '../store/stock.ts';
import type { BookingPort } from './ask-booking.ts';

export type StockBoard = {
  /** At most half a second old; while booking is away, the last numbers it told. One entry per event. */
  read: (events: readonly CatalogEvent[]) => Promise<ReadonlyMap<string, Stock>>;
  /** After this process changed the stock: the next read asks again. */
  forget: (eventId: string) => void;
  /** Takes over what booking told of an event unasked. Answers whether it was newer than what is known. */
  take: (eventId: string, stock: Stock) => boolean;
};
export type StockBoardDeps = { db: Sql; booking: BookingPort; nowMs: () => number };

const keepMs = 500;
// While booking is away not every reader waits for it anew.
const awayKeepMs = 1_000;
const maxKept = 10_000;
// Booking's own bound of one question.
const maxIdsPerCall = 100;

/** What booking told last, and when this process heard of it. */
type Told = { stock: Stock; heardMs: number };
/** `until` is unbounded while the question is under way: one at a time for each event. */
type Entry = { stock: Promise<Stock | undefined>; until: number };

/** Asks once for what several readers want at the same time, in calls of at most 100 ids. */
export function createStockBoard(deps: StockBoardDeps): StockBoard {
  const entries = new Map<string, Entry>();
  const lastTold = new Map<string, Told>();

  function askFor(eventIds: readonly string[]): void {
    for (let first = 0; first < eventIds.length; first += maxIdsPerCall) {
      const ids = eventIds.slice(first, first + maxIdsPerCall);
      const begunMs = deps.nowMs();
      const answer = readStock(deps, ids, lastTold);
      for (const id of ids) {
        const stock = answer.then((known) => known.stock.get(id));
        const entry: Entry = { stock, until: Number.POSITIVE_INFINITY };
        answer.then(
          (known) => {
            entry.until = known.isFresh ? begunMs + keepMs : deps.nowMs() + awayKeepMs;
          },
          () => {
            if (entries.get(id) === entry) entries.delete(id);
          },
        );
        // Whoever reads is told of a failure; nobody else needs to be.
        stock.catch(() => undefined);
        entries.delete(id);
        entries.set(id, entry);
      }
    }
    dropOldest(entries);
  }

  return {
    read: async (events) => {
      // A draft is nobody's but ours.
      const asked = events.filter((event) => event.status !== 'draft').map((event) => event.eventId);
      const now = deps.nowMs();
      const missing = asked.filter((id) => (entries.get(id)?.until ?? 0) <= now);
      if (missing.length > 0) askFor([...new Set(missing)]);
      const waiting = new Map(asked.map((id) => [id, entries.get(id)?.stock]));
      const shown = await Promise.all(
        events.map(
          async (event) => [event.eventId, shownStock(event, await waiting.get(event.eventId))] as const,
        ),
      );
      return new Map(shown);
    },
    forget: (eventId) => void entries.delete(eventId),
    take: (eventId, stock) => {
      if ((lastTold.get(eventId)?.stock.stockVersion ?? -1) >= stock.stockVersion) return false;
      const heardMs = deps.nowMs();
      replace(lastTold, eventId, { stock, heardMs });
      replace(entries, eventId, { stock: Promise.resolve(stock), until: heardMs + keepMs });
      return true;
    },
  };
}

function dropOldest(entries: Map<string, unknown>): void {
  for (const id of entries.keys()) {
    if (entries.size <= maxKept) return;
    entries.delete(id);
  }
}

/** As the youngest entry. */
function replace<T>(entries: Map<string, T>, id: string, entry: T): void {
  entries.delete(id);
  entries.set(id, entry);
  dropOldest(entries);
}

/** Booking's numbers; while it is away the newest that it told, whether here or in a message. */
async function readStock(
  deps: StockBoardDeps,
  eventIds: readonly string[],
  lastTold: Map<string, Told>,
): Promise<{ stock: ReadonlyMap<string, Stock>; isFresh: boolean }> {
  const begunMs = deps.nowMs();
  const asked = await deps.booking.listStock(eventIds);
  if (asked.kind === 'ok') {
    const told = new Map(asked.value.map((stock) => [stock.event_id, stockOf(stock)]));
    for (const [id, stock] of told) {
      const heard = lastTold.get(id);
      // What came unasked while the question was under way may be newer than its answer.
      if (heard !== undefined && heard.heardMs >= begunMs && heard.stock.stockVersion > stock.stockVersion)
        told.set(id, heard.stock);
      else replace(lastTold, id, { stock, heardMs: deps.nowMs() });
    }
    return { stock: told, isFresh: true };
  }
  const kept = await findKeptStock(deps.db, eventIds);
  for (const id of eventIds) {
    const seen = lastTold.get(id)?.stock;
    if (seen !== undefined && seen.stockVersion > (kept.get(id)?.stockVersion ?? -1)) kept.set(id, seen);
  }
  return { stock: kept, isFresh: false };
}
