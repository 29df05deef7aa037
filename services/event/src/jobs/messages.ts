/** Messages that this service acts on: booking's word on how many seats are left. */
import { stockChanged, topics } from '@evently/contracts/messages';
import type { Bus, Handler, Message } from '@evently/kit/bus';
import { consumeBatch, onlyTypes, type ConsumerDeps } from '@evently/kit/inbox';
import type { Stock } from '../domain/stock.ts';
import { keepStocks } from '../store/stock.ts';

export const stockConsumer = 'event-stock';

/** The handlers by consumer name, for the bus and for the replay of dead letters. */
export function createHandlers(deps: ConsumerDeps): Record<string, Handler> {
  const handle = consumeBatch(deps, stockConsumer, {
    work: (client, messages) => keepStocks(client, newestStocks(messages)),
  });
  return { [stockConsumer]: onlyTypes(['booking.stock_changed'], handle) };
}

export function subscribe(bus: Bus, handlers: Readonly<Record<string, Handler>>): void {
  const handle = handlers[stockConsumer];
  if (handle !== undefined) bus.subscribe(topics.booking, stockConsumer, handle);
}

/** The newest word on each event: what it replaces within the batch was never seen by anybody. */
function newestStocks(messages: readonly Message[]): Map<string, Stock> {
  const newest = new Map<string, Stock>();
  for (const { payload, createdAt } of messages) {
    const change = stockChanged.parse(payload);
    const known = newest.get(change.event_id);
    if (known !== undefined && known.stockVersion >= change.version) continue;
    newest.set(change.event_id, {
      stockVersion: change.version,
      available: change.tiers.reduce((sum, tier) => sum + tier.available, 0),
      tiers: Object.fromEntries(change.tiers.map((tier) => [tier.tier_id, tier.available])),
      updatedAt: createdAt,
    });
  }
  return newest;
}
