/** How bookings are shown to buyers. */
import { toMajor } from '@evently/contracts/money';
import type { z } from '@hono/zod-openapi';
import { bookingReference, claimOf, type Booking } from '../domain/booking.ts';
import type { BoardRow } from '../store/boards.ts';
import type { Details } from '../store/details.ts';
import type { Refund } from '../store/refunds.ts';
import type { availability, bookingView, confirmation, reservation } from './schemas.ts';

/** What is left over all tiers, and whether one of them has `quantity`; the price is the lowest. */
export function availabilityView(
  board: Pick<BoardRow, 'tiers' | 'maxPerBooking' | 'currency' | 'open'>,
  quantity: number,
): z.output<typeof availability> {
  const inOneTier = board.tiers.some((tier) => tier.available >= quantity);
  return {
    available: board.open && inOneTier && quantity <= board.maxPerBooking,
    available_seats: board.tiers.reduce((sum, tier) => sum + tier.available, 0),
    max_per_booking: board.maxPerBooking,
    base_price: toMajor(Math.min(...board.tiers.map((tier) => tier.priceMinor)), board.currency),
    currency: board.currency,
  };
}

/** The answer to a reservation; equal for every repetition, whatever became of it meanwhile (I17). */
export function reservationView(booking: Booking): z.output<typeof reservation> {
  return {
    reservation_id: booking.id,
    booking_reference: bookingReference(booking.id),
    expires_at: booking.firstExpiresAt.toISOString(),
    total_amount: toMajor(booking.totalMinor, booking.currency),
    currency: booking.currency,
    status: 'pending',
  };
}

/** Where a booking's tickets are, below the gateway. */
export function ticketUrl(bookingId: string): string {
  return `/api/booking/bookings/${bookingId}/tickets`;
}

export function confirmationView(booking: Booking): z.output<typeof confirmation> {
  return {
    booking_id: booking.id,
    booking_reference: bookingReference(booking.id),
    status: booking.status,
    ticket_url: booking.status === 'confirmed' ? ticketUrl(booking.id) : null,
    payment: {
      payment_id: booking.paymentId,
      transaction_id: booking.transactionId,
      status: booking.status === 'confirmed' ? 'succeeded' : 'pending',
      amount: toMajor(booking.totalMinor, booking.currency),
      currency: booking.currency,
    },
  };
}

type PaymentStatus = z.output<typeof bookingView>['payment_status'];

function paymentStatusOf(booking: Booking, refunds: readonly Refund[]): PaymentStatus {
  if (refunds.some((refund) => refund.status === 'failed')) return 'refund_failed';
  if (refunds.some((refund) => refund.status === 'requested')) return 'refund_pending';
  if (refunds.length > 0) return 'refunded';
  if (booking.status === 'confirmed' || (booking.status === 'cancelled' && booking.confirmedAt !== null))
    return 'paid';
  if (booking.status === 'paying') return 'pending';
  return booking.status === 'payment_unknown' ? 'unknown' : 'none';
}

/** A booking as its owner sees it. */
export function viewBooking(
  booking: Booking,
  details: Details | undefined,
  refunds: readonly Refund[],
): z.output<typeof bookingView> {
  const { currency } = booking;
  return {
    booking_id: booking.id,
    booking_reference: bookingReference(booking.id),
    user_id: booking.userId,
    event: {
      event_id: booking.eventId,
      name: details?.name ?? '',
      venue: details?.venueName ?? '',
      datetime: (details?.startsAt ?? booking.createdAt).toISOString(),
    },
    quantity: booking.quantity,
    items: booking.lines.map((line) => ({
      tier_id: line.tierId,
      quantity: line.quantity,
      unit_price: toMajor(line.unitPriceMinor, currency),
    })),
    total_amount: toMajor(booking.totalMinor, currency),
    currency,
    status: booking.status,
    payment_status: paymentStatusOf(booking, refunds),
    refund_amount: toMajor(
      refunds.reduce((sum, refund) => sum + refund.amountMinor, 0),
      currency,
    ),
    ticket_url: booking.status === 'confirmed' ? ticketUrl(booking.id) : null,
    expires_at: claimOf(booking.status) === 'held' ? booking.expiresAt.toISOString() : null,
    booked_at: booking.createdAt.toISOString(),
    confirmed_at: booking.confirmedAt?.toISOString() ?? null,
  };
}
