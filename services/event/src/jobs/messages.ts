/** Messages that this service acts on: booking's word on how many seats are left. */
import { stockChanged, topics } from '@evently/contracts/messages';
import type { Bus, Handler } from '@evently/kit/bus';
import { consume, type ConsumerDeps } from '@evently/kit/inbox';
import { keepStock } from '../store/stock.ts';

export const stockConsumer = 'event-stock';

/** The handlers by consumer name, for the bus and for the replay of dead letters. */
export function createHandlers(deps: ConsumerDeps): Record<string, Handler> {
  return {
    [stockConsumer]: consume(deps, stockConsumer, async (client, message) => {
      if (message.type !== 'booking.stock_changed') return;
      const change = stockChanged.parse(message.payload);
      await keepStock(client, change.event_id, {
        stockVersion: change.version,
        available: change.tiers.reduce((sum, tier) => sum + tier.available, 0),
        tiers: Object.fromEntries(change.tiers.map((tier) => [tier.tier_id, tier.available])),
        updatedAt: message.createdAt,
      });
    }),
  };
}

export function subscribe(bus: Bus, handlers: Readonly<Record<string, Handler>>): void {
  const handle = handlers[stockConsumer];
  if (handle !== undefined) bus.subscribe(topics.booking, stockConsumer, handle);
}
