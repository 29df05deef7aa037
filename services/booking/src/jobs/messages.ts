/** Messages that this service acts on: the catalog's changes, settled payments and refunds. */
import { id } from '@evently/contracts/common';
import { eventInventoryChanged, paymentSettled, refundSettled, topics } from '@evently/contracts/messages';
import type { Bus, Handler, Message } from '@evently/kit/bus';
import { consumeBatch, onlyTypes } from '@evently/kit/inbox';
import type { Logger } from '@evently/kit/log';
import type { Sql } from '@evently/kit/postgres';
import { applyLateInventory } from '../actions/apply-inventory.ts';
import { changeStock, type CommittedChange, type StockChange } from '../actions/change-stock.ts';
import { settleWithin, type SettleDeps } from '../actions/settle-payments.ts';
import type { PaymentOutcome } from '../domain/payment.ts';
import { settleRefund } from '../store/refunds.ts';
import { z } from 'zod';

export type MessageDeps = SettleDeps & { log: Logger };

export const consumers = { catalog: 'booking-catalog', payments: 'booking-payments' } as const;

const settledType = 'payment.settled';
const refundSettledType = 'payment.refund_settled';

/**
 * The handlers by consumer name, for the bus and for the replay of dead letters. What a batch says of one event
 * is one change of its stock; no transaction touches two events.
 */
export function createHandlers(deps: MessageDeps): Record<string, Handler> {
  const ofOneEvent = { groupOf: eventOf, committed: (change: CommittedChange | null) => tell(deps, change) };
  const catalog = consumeBatch(deps, consumers.catalog, {
    ...ofOneEvent,
    work: (client, messages) => applyNewest(deps, client, messages),
  });
  const payments = consumeBatch(deps, consumers.payments, {
    ...ofOneEvent,
    work: (client, messages) => settleMessages(deps, client, messages),
  });
  return {
    [consumers.catalog]: onlyTypes(['event.inventory_changed'], catalog),
    [consumers.payments]: onlyTypes([settledType, refundSettledType], payments),
  };
}

const ofAnEvent = z.object({ event_id: id });

/** What cannot be read is its key's business alone. */
function eventOf({ key, payload }: Message): string {
  return ofAnEvent.safeParse(payload).data?.event_id ?? key;
}

/** Messages of one key stay together, so a wrong one could bring a second event: then each goes alone. */
function theOneEvent(messages: readonly { event_id: string }[]): string {
  const [eventId, ...others] = new Set(messages.map((message) => message.event_id));
  if (eventId === undefined || others.length > 0) throw new Error('the batch is not of one event');
  return eventId;
}

/** A revision that a newer one has overtaken does nothing, so only the newest is carried out (I5). */
async function applyNewest(
  deps: MessageDeps,
  client: Sql,
  messages: readonly Message[],
): Promise<CommittedChange | null> {
  const told = messages.map(({ payload }) => eventInventoryChanged.parse(payload));
  const eventId = theOneEvent(told);
  const newest = told.reduce((a, b) => (b.spec.revision > a.spec.revision ? b : a));
  return applyLateInventory(deps, client, eventId, newest.spec);
}

/** The payments first: the lock on the event comes before every other of the transaction. */
async function settleMessages(
  deps: MessageDeps,
  client: Sql,
  messages: readonly Message[],
): Promise<CommittedChange | null> {
  const payloadsOf = (type: string): unknown[] =>
    messages.filter((message) => message.type === type).map((message) => message.payload);
  const settled = payloadsOf(settledType).map((payload) => paymentSettled.parse(payload));
  const refunds = payloadsOf(refundSettledType).map((payload) => refundSettled.parse(payload));
  const eventId = theOneEvent([...settled, ...refunds]);
  const items = settled.map((each) => ({
    booking: { id: each.booking_id, eventId },
    outcome: outcomeOf(each),
  }));
  const settle = (change: StockChange) => settleWithin(deps, change, items);
  const changed =
    items.length === 0 ? null : await changeStock(deps, eventId, 'settle', settle, { within: client });
  for (const refund of refunds) await settleRefund(client, eventId, refund.refund_id, refund.status);
  return changed?.committed ?? null;
}

/** A change is told to this process once the messages' transaction is committed. */
function tell(deps: MessageDeps, change: CommittedChange | null): void {
  if (change !== null) deps.committed(change);
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
