/** Messages that this service acts on: what the catalog says can be found, booking's stock, and what was sold. */
import { bookingsChanged, stockChanged, topics } from '@evently/contracts/messages';
import { checksumOf, eventDocumentChanged } from '@evently/contracts/search';
import type { Bus, Handler, Message } from '@evently/kit/bus';
import { consumeBatch, onlyTypes, type ConsumerDeps } from '@evently/kit/inbox';
import type { Sql } from '@evently/kit/postgres';
import { keepDocuments, keepStocks, type Told, type ToldStock } from '../store/catalog.ts';
import { markPending } from '../store/pending.ts';
import { addSales, type Sale } from '../store/sales.ts';

export const consumers = { catalog: 'search-catalog', booking: 'search-booking' } as const;

const stockType = 'booking.stock_changed';
const bookingsType = 'booking.bookings_changed';

export type MessageDeps = ConsumerDeps & {
  /** The engines that must hear of what changed. */
  engines: readonly string[];
};

/**
 * The handlers by consumer name, for the bus and for the replay of dead letters. They write into this service's own
 * tables alone: an engine that is away holds up no message.
 */
export function createHandlers(deps: MessageDeps): Record<string, Handler> {
  const catalog = consumeBatch(deps, consumers.catalog, {
    work: (client, messages) => keepTold(deps, client, messages),
  });
  const booking = consumeBatch(deps, consumers.booking, {
    work: (client, messages) => keepSold(deps, client, messages),
  });
  return {
    [consumers.catalog]: onlyTypes(['event.document_changed'], catalog),
    [consumers.booking]: onlyTypes([stockType, bookingsType], booking),
  };
}

export function subscribe(bus: Bus, handlers: Readonly<Record<string, Handler>>): void {
  for (const [topic, consumer] of [
    [topics.event, consumers.catalog],
    [topics.booking, consumers.booking],
  ] as const) {
    const handle = handlers[consumer];
    if (handle !== undefined) bus.subscribe(topic, consumer, handle);
  }
}

async function keepTold(deps: MessageDeps, client: Sql, messages: readonly Message[]): Promise<void> {
  const newest = new Map<string, Told>();
  for (const { payload } of messages) {
    const { event_id: eventId, version, document } = eventDocumentChanged.parse(payload);
    const known = newest.get(eventId);
    if (known !== undefined && known.version >= version) continue;
    newest.set(eventId, {
      eventId,
      version,
      document,
      checksum: document === null ? 0 : checksumOf(document),
    });
  }
  const changed = await keepDocuments(client, [...newest.values()]);
  await markPending(client, deps.engines, changed, true);
}

/** However many messages a sale sends, each event waits for the index once, with its newest stock. */
async function keepSold(deps: MessageDeps, client: Sql, messages: readonly Message[]): Promise<void> {
  const newest = new Map<string, ToldStock>();
  const sales: Sale[] = [];
  for (const { type, payload, createdAt } of messages) {
    if (type === bookingsType) {
      sales.push(...salesOf(payload, createdAt));
      continue;
    }
    const { event_id: eventId, version, tiers } = stockChanged.parse(payload);
    const known = newest.get(eventId);
    if (known !== undefined && known.version >= version) continue;
    const available = tiers.reduce((sum, tier) => sum + tier.available, 0);
    newest.set(eventId, { eventId, version, available });
  }
  const changed = await keepStocks(client, [...newest.values()]);
  await markPending(client, deps.engines, changed, false);
  await addSales(client, sales);
}

/** Only what was paid for is sold. */
function salesOf(payload: unknown, at: Date): Sale[] {
  const { event_id: eventId, status, bookings } = bookingsChanged.parse(payload);
  const tickets = bookings.reduce((sum, booking) => sum + booking.quantity, 0);
  return status === 'confirmed' && tickets > 0 ? [{ eventId, at, tickets }] : [];
}
