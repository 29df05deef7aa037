/** Writes the messages of a change into the outbox, in the transaction of the change (I35). */
import { newId } from '@evently/kit/ids';
import { writeOutbox, writeOutboxBatch } from '@evently/kit/outbox';
import type { Booking } from '../domain/booking.ts';
import type { Transition } from '../store/bookings.ts';
import { insertRefunds } from '../store/refunds.ts';
import type { RefundOrder, StockCause, StockChange, StockDeps } from './change-stock.ts';

const endStates = ['confirmed', 'cancelled', 'expired'] as const;

/** One message for the stock and one for each status that bookings reached together. */
export async function publishChange(
  deps: StockDeps,
  change: StockChange,
  decided: { inserted: readonly Booking[]; transitions: readonly Transition[] },
  cause: StockCause,
  version: number,
): Promise<void> {
  const { eventId } = change.sale;
  const publish = (type: string, payload: unknown): Promise<void> =>
    writeOutbox(change.client, {
      id: newId(deps.clock.now().getTime()),
      topic: 'booking',
      key: eventId,
      type,
      payload,
    });
  await publish('booking.stock_changed', {
    event_id: eventId,
    version,
    writer: deps.writer,
    cause,
    reservations: decided.inserted.length,
    quantity: decided.inserted.reduce((sum, booking) => sum + booking.quantity, 0),
    tiers: [...change.stock.values()].map((tier) => ({
      tier_id: tier.tierId,
      available: tier.available,
      held: tier.held,
      sold: tier.sold,
      blocked: tier.blocked,
    })),
  });
  for (const status of endStates) {
    const bookings = decided.transitions
      .map(({ booking }) => booking)
      .filter((booking) => booking.status === status);
    if (bookings.length === 0) continue;
    await publish('booking.bookings_changed', {
      event_id: eventId,
      status,
      bookings: bookings.map((booking) => ({
        booking_id: booking.id,
        user_id: booking.userId,
        quantity: booking.quantity,
        amount_minor: booking.totalMinor,
        currency: booking.currency,
      })),
    });
  }
  const offers = decided.inserted.filter((booking) => booking.waitlistId !== null);
  await writeOutboxBatch(
    change.client,
    offers.map((offer) => ({
      id: newId(deps.clock.now().getTime()),
      topic: 'booking',
      key: eventId,
      type: 'booking.waitlist_offered',
      payload: {
        event_id: eventId,
        waitlist_id: offer.waitlistId,
        user_id: offer.userId,
        booking_id: offer.id,
        quantity: offer.quantity,
        expires_at: offer.expiresAt,
      },
    })),
  );
}

/** Records what must go back and tells payment, once for each captured attempt; two statements however many. */
export async function writeRefunds(
  deps: StockDeps,
  change: StockChange,
  orders: readonly RefundOrder[],
): Promise<void> {
  const nowMs = deps.clock.now().getTime();
  const refunds = orders
    .filter((order) => order.amountMinor > 0)
    .map(({ booking, amountMinor, reason, attempt }) => ({
      id: newId(nowMs),
      eventId: booking.eventId,
      bookingId: booking.id,
      attempt,
      amountMinor,
      reason,
      currency: booking.currency,
    }));
  if (refunds.length === 0) return;
  const recorded = await insertRefunds(change.client, refunds);
  const messages = refunds
    .filter((refund) => recorded.has(refund.id))
    .map((refund) => ({
      id: newId(nowMs),
      topic: 'booking',
      key: refund.bookingId,
      type: 'booking.refund_requested',
      payload: {
        refund_id: refund.id,
        booking_id: refund.bookingId,
        event_id: refund.eventId,
        attempt: refund.attempt,
        amount_minor: refund.amountMinor,
        currency: refund.currency,
        reason: refund.reason,
      },
    }));
  await writeOutboxBatch(change.client, messages);
}
