/** Messages that this service acts on: the catalog's changes, settled payments and refunds. */
import { eventInventoryChanged, paymentSettled, refundSettled, topics } from '@evently/contracts/messages';
import type { Bus, Handler, Message } from '@evently/kit/bus';
import { consume } from '@evently/kit/inbox';
import type { Logger } from '@evently/kit/log';
import type { Sql } from '@evently/kit/postgres';
import { applyLateInventory } from '../actions/apply-inventory.ts';
import { changeStock, type CommittedChange } from '../actions/change-stock.ts';
import { settleWithin, type SettleDeps } from '../actions/settle-payments.ts';
import type { PaymentOutcome } from '../domain/payment.ts';
import { settleRefund } from '../store/refunds.ts';
import type { z } from 'zod';

export type MessageDeps = SettleDeps & { log: Logger };

export const consumers = { catalog: 'booking-catalog', payments: 'booking-payments' } as const;

/** The handlers by consumer name, for the bus and for the replay of dead letters. */
export function createHandlers(deps: MessageDeps): Record<string, Handler> {
  return {
    [consumers.catalog]: consumeChange(deps, consumers.catalog, async (client, message) => {
      if (message.type !== 'event.inventory_changed') return null;
      const { event_id, spec } = eventInventoryChanged.parse(message.payload);
      return applyLateInventory(deps, client, event_id, spec);
    }),
    [consumers.payments]: consumeChange(deps, consumers.payments, async (client, message) => {
      if (message.type === 'payment.settled') return settleMessage(deps, client, message.payload);
      if (message.type === 'payment.refund_settled') {
        const refund = refundSettled.parse(message.payload);
        await settleRefund(client, refund.event_id, refund.refund_id, refund.status);
      }
      return null;
    }),
  };
}

/** A consumer whose change is told to this process once the message's transaction is committed. */
function consumeChange(
  deps: MessageDeps,
  consumer: string,
  work: (client: Sql, message: Message) => Promise<CommittedChange | null>,
): Handler {
  return async (delivered) => {
    let committed: CommittedChange | null = null;
    await consume(deps, consumer, async (client, message) => {
      committed = null;
      committed = await work(client, message);
    })(delivered);
    if (committed !== null) deps.committed(committed);
  };
}

async function settleMessage(
  deps: MessageDeps,
  client: Sql,
  payload: unknown,
): Promise<CommittedChange | null> {
  const settled = paymentSettled.parse(payload);
  const item = {
    booking: { id: settled.booking_id, eventId: settled.event_id },
    outcome: outcomeOf(settled),
  };
  const changed = await changeStock(
    deps,
    settled.event_id,
    'settle',
    (change) => settleWithin(deps, change, [item]),
    { within: client },
  );
  return changed?.committed ?? null;
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
