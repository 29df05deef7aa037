/** Messages that this service acts on: the catalog's changes, settled payments and refunds. */
import { eventInventoryChanged, paymentSettled, refundSettled, topics } from '@evently/contracts/messages';
import type { Bus, Handler } from '@evently/kit/bus';
import { consume } from '@evently/kit/inbox';
import type { Logger } from '@evently/kit/log';
import { applyLateInventory } from '../actions/apply-inventory.ts';
import { changeStock } from '../actions/change-stock.ts';
import { settleWithin, type SettleDeps } from '../actions/settle-payments.ts';
import type { PaymentOutcome } from '../domain/payment.ts';
import { settleRefund } from '../store/refunds.ts';
import type { z } from 'zod';

export type MessageDeps = SettleDeps & { log: Logger };

export const consumers = { catalog: 'booking-catalog', payments: 'booking-payments' } as const;

/** The handlers by consumer name, for the bus and for the replay of dead letters. */
export function createHandlers(deps: MessageDeps): Record<string, Handler> {
  return {
    [consumers.catalog]: consume(deps, consumers.catalog, async (client, message) => {
      if (message.type !== 'event.inventory_changed') return;
      const { event_id, spec } = eventInventoryChanged.parse(message.payload);
      await applyLateInventory(deps, client, event_id, spec);
    }),
    [consumers.payments]: consume(deps, consumers.payments, async (client, message) => {
      if (message.type === 'payment.settled') {
        const settled = paymentSettled.parse(message.payload);
        const item = {
          booking: { id: settled.booking_id, eventId: settled.event_id },
          outcome: outcomeOf(settled),
        };
        await changeStock(deps, settled.event_id, 'settle', (change) => settleWithin(deps, change, [item]), {
          within: client,
        });
      }
      if (message.type === 'payment.refund_settled') {
        const refund = refundSettled.parse(message.payload);
        await settleRefund(client, refund.event_id, refund.refund_id, refund.status);
      }
    }),
  };
}

export function subscribe(bus: Bus, handlers: Readonly<Record<string, Handler>>): void {
  const routes = [
    [topics.event, consumers.catalog],
    [topics.payment, consumers.payments],
  ] as const;
  for (const [topic, consumer] of routes) {
    const handle = handlers[consumer];
    if (handle !== undefined) bus.subscribe(topic, consumer, handle);
  }
}

function outcomeOf(settled: z.output<typeof paymentSettled>): PaymentOutcome {
  const { attempt } = settled;
  switch (settled.status) {
    case 'succeeded':
      return {
        status: 'succeeded',
        attempt,
        paymentId: settled.payment_id,
        transactionId: settled.transaction_id,
      };
    case 'declined':
      return { status: 'declined', attempt, declineCode: 'declined' };
    case 'void':
      return { status: 'void', attempt };
  }
}
