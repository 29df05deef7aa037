/** Writes the messages of a change into the outbox, in the transaction of the change (I35). */
import { newId } from '@evently/kit/ids';
import { writeOutboxBatch } from '@evently/kit/outbox';
import type { Booking } from '../domain/booking.ts';
import type { Transition } from '../store/bookings.ts';
import { insertRefunds } from '../store/refunds.ts';
import type { RefundOrder, StockCause, StockChange, StockDeps } from './change-stock.ts';

const endStates = ['confirmed', 'cancelled', 'expired'] as const;

/** One message for the stock, one for each status that bookings reached together, one for each offer; one statement. */
export async function publishChange(
  deps: StockDeps,
  change: StockChange,
  decided: { inserted: readonly Booking[]; transitions: readonly Transition[] },
  cause: StockCause,
  version: number,
): Promise<void> {
  const { eventId } = change.sale;
  const messages: { type: string; payload: unknown }[] = [
    {
      type: 'booking.stock_changed',
      payload: stockChangedOf(deps, change, decided.inserted, cause, version),
    },
  ];
  for (const status of endStates) {
    const bookings = decided.transitions
      .map(({ booking }) => booking)
      .filter((booking) => booking.status === status);
    if (bookings.length === 0) continue;
    const payload = { event_id: eventId, status, bookings: bookings.map(bookingChangedOf) };
    messages.push({ type: 'booking.bookings_changed', payload });
  }
  for (const offer of decided.inserted.filter((booking) => booking.waitlistId !== null))
    messages.push({ type: 'booking.waitlist_offered', payload: offeredOf(offer) });
  const nowMs = deps.clock.now().getTime();
  await writeOutboxBatch(
    change.client,
    messages.map((message) => ({ ...message, id: newId(nowMs), topic: 'booking', key: eventId })),
  );
}

function stockChangedOf(
  deps: StockDeps,
  change: StockChange,
  inserted: readonly Booking[],
  cause: StockCause,
  version: number,
) {
  return {
    event_id: change.sale.eventId,
    version,
    writer: deps.writer,
    cause,
    reservations: inserted.length,
    quantity: inserted.reduce((sum, booking) => sum + booking.quantity, 0),
    tiers: [...change.stock.values()].map((tier) => ({
      tier_id: tier.tierId,
      available: tier.available,
      held: tier.held,
      sold: tier.sold,
      blocked: tier.blocked,
    })),
  };
}

function bookingChangedOf(booking: Booking) {
  return {
    booking_id: booking.id,
    user_id: booking.userId,
    quantity: booking.quantity,
    amount_minor: booking.totalMinor,
    currency: booking.currency,
  };
}

function offeredOf(offer: Booking) {
  return {
    event_id: offer.eventId,
    waitlist_id: offer.waitlistId,
    user_id: offer.userId,
    booking_id: offer.id,
    quantity: offer.quantity,
    expires_at: offer.expiresAt,
  };
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
