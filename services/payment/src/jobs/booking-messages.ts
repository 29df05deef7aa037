/** Booking's messages to payment: give money back, give an attempt up. Only rows are written here. */
import type { ClientBase } from 'pg';
import { refundRequested, topics, voidRequested } from '@evently/contracts/messages';
import type { Bus, Handler, Message } from '@evently/kit/bus';
import { consumeBatch, onlyTypes, TryLater } from '@evently/kit/inbox';
import type { PaymentActionDeps } from '../actions/deps.ts';
import { recordRefund } from '../actions/refund-payment.ts';
import { noteVoid } from '../actions/void-payment.ts';
import { isSettled } from '../domain/life.ts';
import { findAttempt } from '../store/payments.ts';

export type BookingMessagesDeps = Pick<PaymentActionDeps, 'db' | 'log' | 'clock' | 'provider'> & {
  /** Begins a round of the reconciler, which talks to the provider outside the message's transaction. */
  wakeReconciler: () => void;
};

export const bookingConsumer = 'payment-booking';

const concerns = ['booking.refund_requested', 'booking.void_requested'];

/** The handler by consumer name, for the bus and for the replay of dead letters. */
export function createBookingHandler(deps: BookingMessagesDeps): Record<string, Handler> {
  const handle = consumeBatch(deps, bookingConsumer, {
    // A payment's lock is the only one of its transaction, so that nothing can deadlock (store/payments.ts).
    groupOf: (message) => message.key,
    work: async (client, messages) => {
      for (const message of messages) {
        if (message.type === 'booking.refund_requested') await requestRefund(client, message);
        else await requestVoid(deps, client, message);
      }
    },
    committed: deps.wakeReconciler,
  });
  return { [bookingConsumer]: onlyTypes(concerns, handle) };
}

/** Subscribes to topic `booking`; a message that can never be carried out goes to the dead letters. */
export function subscribeToBooking(bus: Bus, handlers: Readonly<Record<string, Handler>>): void {
  const handle = handlers[bookingConsumer];
  if (handle !== undefined) bus.subscribe(topics.booking, bookingConsumer, handle);
}

async function requestRefund(client: ClientBase, message: Message): Promise<void> {
  const asked = refundRequested.parse(message.payload);
  const payment = await findAttempt(client, asked.booking_id, asked.attempt);
  if (payment === null) throw new Error(`booking ${asked.booking_id} has no attempt ${asked.attempt}`);
  if (!isSettled(payment.status)) {
    throw new TryLater(`payment ${payment.id} has no outcome yet`);
  }
  const outcome = await recordRefund(
    client,
    {
      refundId: asked.refund_id,
      paymentId: payment.id,
      amountMinor: asked.amount_minor,
      currency: asked.currency,
      reason: asked.reason,
    },
    0,
  );
  if (!outcome.ok) {
    throw new Error(`refund ${asked.refund_id} of booking ${asked.booking_id}: ${outcome.refusal.kind}`);
  }
}

/** Whatever the attempt came to is announced: the sender of a message has no other answer. */
async function requestVoid(deps: BookingMessagesDeps, client: ClientBase, message: Message): Promise<void> {
  const asked = voidRequested.parse(message.payload);
  const { booking_id: bookingId, event_id: eventId, attempt } = asked;
  await noteVoid(deps, client, { bookingId, eventId, attempt }, { announceVoid: true });
}
