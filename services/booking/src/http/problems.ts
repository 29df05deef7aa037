/** The one place where a refusal becomes an answer; a refusal without a case does not compile. */
import type { Context } from 'hono';
import { refuse, type ServiceEnv } from '@evently/kit/app';
import { notFound, type Problem } from '@evently/kit/problems';
import type { Refusal, WaitlistPlace } from '../domain/refusals.ts';

/** Answers with the refusal's problem document. */
export function answerRefusal(c: Context<ServiceEnv>, refusal: Refusal): Response {
  return refuse(c, problemOf(refusal));
}

function conflict(
  code: string,
  title: string,
  detail: string,
  extra?: Readonly<Record<string, unknown>>,
): Problem {
  return { status: 409, code, title, detail, ...(extra === undefined ? {} : { extra }) };
}

/** The refusal as a problem: its status, its code and what to do next. */
export function problemOf(refusal: Refusal): Problem {
  switch (refusal.kind) {
    case 'unknown-event':
      return notFound('event');
    case 'unknown-booking':
      return notFound('booking');
    case 'unknown-ticket':
      return notFound('ticket');
    case 'unknown-tier':
    case 'tier-required':
    case 'over-booking-limit':
      return orderProblem(refusal);
    case 'sale-not-open':
    case 'sale-closed':
    case 'event-cancelled':
    case 'sale-managed':
    case 'sale-not-armed':
    case 'stale-epoch':
      return saleProblem(refusal);
    case 'sold-out':
    case 'not-enough-seats':
    case 'limit-reached':
    case 'seats-available':
      return stockProblem(refusal);
    case 'capacity-below-sold':
    case 'tier-in-use':
    case 'currency-fixed':
    case 'version-conflict':
      return editProblem(refusal);
    case 'already-waiting':
    case 'waitlist-closed':
    case 'waitlist-full':
    case 'not-waiting':
      return waitlistProblem(refusal);
    case 'booking-expired':
    case 'booking-released':
    case 'already-cancelled':
    case 'already-confirmed':
    case 'payment-in-progress':
    case 'payment-refused':
    case 'ticket-used':
    case 'ticket-void':
      return bookingProblem(refusal);
    case 'key-reused':
    case 'queue-full':
    case 'too-many-streams':
      return requestProblem(refusal);
  }
}

type Of<Kind extends Refusal['kind']> = Extract<Refusal, { kind: Kind }>;

function orderProblem(refusal: Of<'unknown-tier' | 'tier-required' | 'over-booking-limit'>): Problem {
  switch (refusal.kind) {
    case 'unknown-tier':
      return {
        status: 400,
        code: 'unknown_tier',
        title: 'The event has no such ticket tier',
        detail: `The event has no tier ${refusal.tierId}; look at the event's tiers.`,
      };
    case 'tier-required':
      return {
        status: 400,
        code: 'tier_required',
        title: 'Name a ticket tier',
        detail: 'The event has several tiers: send tier_id, or items with a tier_id each.',
      };
    case 'over-booking-limit':
      return {
        status: 400,
        code: 'over_booking_limit',
        title: 'Too many tickets for one booking',
        detail: `At most ${refusal.max} tickets in one booking of this event.`,
        extra: { max_per_booking: refusal.max },
      };
  }
}

const streamRetrySeconds = 5;

function requestProblem(refusal: Of<'key-reused' | 'queue-full' | 'too-many-streams'>): Problem {
  switch (refusal.kind) {
    case 'key-reused':
      return {
        status: 422,
        code: 'idempotency_key_reused',
        title: 'The idempotency key was used for something else',
        detail: 'Send a new idempotency key with a new request; the old one keeps its first answer.',
      };
    case 'queue-full':
      return {
        status: 503,
        code: 'queue_full',
        title: 'Too many buyers at once',
        detail: 'The line for this event is full; come again with the same idempotency key.',
        retryAfterSeconds: refusal.retryAfterSeconds,
      };
    case 'too-many-streams':
      return {
        status: 503,
        code: 'too_many_streams',
        title: 'Too many open streams',
        detail: 'Ask for the booking itself, or open the stream again later.',
        retryAfterSeconds: streamRetrySeconds,
      };
  }
}

function saleProblem(
  refusal: Of<
    'sale-not-open' | 'sale-closed' | 'event-cancelled' | 'sale-managed' | 'sale-not-armed' | 'stale-epoch'
  >,
): Problem {
  switch (refusal.kind) {
    case 'sale-not-open': {
      const opensAt = refusal.opensAt?.toISOString() ?? null;
      return conflict(
        'sale_not_open',
        'The sale is not open yet',
        opensAt === null ? 'The sale has no opening time yet.' : `The sale opens at ${opensAt}.`,
        { opens_at: opensAt },
      );
    }
    case 'sale-closed': {
      const closedAt = refusal.closedAt?.toISOString() ?? null;
      return conflict(
        'sale_closed',
        'The sale is over',
        closedAt === null ? 'The sale of this event is over.' : `The sale closed at ${closedAt}.`,
        { closed_at: closedAt },
      );
    }
    case 'event-cancelled':
      return conflict(
        'event_cancelled',
        'The event does not take place or is over',
        'Nothing of this event is sold any more.',
      );
    case 'sale-managed':
      return conflict(
        'sale_managed',
        'An armed sale holds the window',
        'Change the window where the sale is managed, or disarm it first.',
      );
    case 'sale-not-armed':
      return {
        status: 404,
        code: 'sale_not_armed',
        title: 'No sale of this event was ever armed',
        detail: 'The event is known, and sold by the window of the catalog; PUT a sale to arm one.',
      };
    case 'stale-epoch':
      return conflict(
        'stale_epoch',
        'A newer command is in force',
        'Read the sale, and take an epoch above the stored one if you lead now.',
        { epoch: refusal.epoch, uid: refusal.uid, generation: refusal.generation },
      );
  }
}

function soldOutProblem(waitlist: WaitlistPlace | null): Problem {
  if (waitlist === null) return conflict('sold_out', 'Sold out', 'No tickets are left.');
  const { waitlistId, position, status } = waitlist;
  return conflict('sold_out', 'Sold out', 'No tickets are left; you are on the waitlist.', {
    waitlist: { waitlist_id: waitlistId, position, status },
  });
}

type StockKinds = 'sold-out' | 'not-enough-seats' | 'limit-reached' | 'seats-available';

function stockProblem(refusal: Of<StockKinds>): Problem {
  switch (refusal.kind) {
    case 'sold-out':
      return soldOutProblem(refusal.waitlist);
    case 'not-enough-seats':
      return conflict(
        'not_enough_seats',
        'Not enough tickets are left',
        `Only ${refusal.available} left; ask for fewer.`,
        { available_seats: refusal.available },
      );
    case 'limit-reached':
      return conflict(
        'limit_reached',
        'You have as many tickets as one buyer may have',
        `At most ${refusal.max} for each buyer; you have ${refusal.has}.`,
        { max_per_buyer: refusal.max, has: refusal.has },
      );
    case 'seats-available':
      return {
        status: 400,
        code: 'seats_available',
        title: 'Seats are available',
        detail: `${refusal.available} are available now: reserve them.`,
        extra: { available_seats: refusal.available },
      };
  }
}

function editProblem(
  refusal: Of<'capacity-below-sold' | 'tier-in-use' | 'currency-fixed' | 'version-conflict'>,
): Problem {
  switch (refusal.kind) {
    case 'capacity-below-sold':
      return conflict(
        'capacity_below_sold',
        'The capacity is below what is held and sold',
        `Tier ${refusal.tierId} needs a capacity of ${refusal.minimum} or more.`,
        { tier_id: refusal.tierId, minimum: refusal.minimum },
      );
    case 'tier-in-use':
      return conflict(
        'tier_in_use',
        'Bookings name this tier',
        `Tier ${refusal.tierId} has bookings or waiting buyers; keep it, with a lower capacity if you like.`,
        { tier_id: refusal.tierId },
      );
    case 'currency-fixed':
      return conflict(
        'currency_fixed',
        'The currency is fixed once there are bookings',
        `The event sells in ${refusal.currency}.`,
        { currency: refusal.currency },
      );
    case 'version-conflict':
      return conflict(
        'version_conflict',
        'The stock has changed',
        `The stock is at version ${refusal.version} now; read it again.`,
        { version: refusal.version },
      );
  }
}

function waitlistProblem(
  refusal: Of<'already-waiting' | 'waitlist-closed' | 'waitlist-full' | 'not-waiting'>,
): Problem {
  switch (refusal.kind) {
    case 'already-waiting':
      return conflict(
        'already_waiting',
        'You are on this waitlist',
        'Look at your position, or leave before joining again.',
      );
    case 'waitlist-closed':
      return conflict(
        'waitlist_closed',
        'This event has no waitlist',
        'The waitlist is switched off, or the sale is over.',
      );
    case 'waitlist-full':
      return conflict(
        'waitlist_full',
        'The waitlist is full',
        'So many wait that your turn would not come; try later.',
      );
    case 'not-waiting':
      return {
        status: 404,
        code: 'not_waiting',
        title: 'You are not on this waitlist',
        detail: 'You have no place on the waitlist of this event; join it when the event is sold out.',
      };
  }
}

type BookingKinds =
  | 'booking-expired'
  | 'booking-released'
  | 'already-cancelled'
  | 'already-confirmed'
  | 'payment-in-progress'
  | 'payment-refused'
  | 'ticket-used'
  | 'ticket-void';

function bookingProblem(refusal: Of<BookingKinds>): Problem {
  switch (refusal.kind) {
    case 'booking-expired':
      return {
        status: 410,
        code: 'booking_expired',
        title: 'The reservation is over',
        detail: 'It lapsed or was given back, and its seats are back on sale; reserve again.',
      };
    case 'booking-released':
      return conflict(
        'booking_released',
        'The reservation was given back',
        'You gave this reservation back; reserve again.',
      );
    case 'already-cancelled':
      return conflict(
        'already_cancelled',
        'The booking is cancelled already',
        'There is nothing left to cancel.',
      );
    case 'already-confirmed':
      return conflict(
        'already_confirmed',
        'The booking is confirmed',
        'A confirmed booking is cancelled, not given back.',
      );
    case 'payment-in-progress':
      return conflict(
        'payment_in_progress',
        'A payment is under way',
        'Wait until the payment has ended, then look at the booking again.',
      );
    case 'payment-refused':
      return {
        status: 402,
        code: 'payment_refused',
        title: 'The payment was refused',
        detail: `The provider said ${refusal.declineCode}; your seats are kept until ${refusal.expiresAt.toISOString()}.`,
        extra: { decline_code: refusal.declineCode, expires_at: refusal.expiresAt.toISOString() },
      };
    case 'ticket-used':
      return conflict(
        'ticket_already_used',
        'This ticket was used',
        `It came in at ${refusal.usedAt.toISOString()}${refusal.usedWhere === '' ? '' : `, ${refusal.usedWhere}`}.`,
        { used_at: refusal.usedAt.toISOString(), used_where: refusal.usedWhere },
      );
    case 'ticket-void':
      return {
        status: 410,
        code: 'ticket_void',
        title: 'This ticket is void',
        detail: 'Its booking was cancelled.',
      };
  }
}
