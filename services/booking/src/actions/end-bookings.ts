/** Ends bookings: the buyer's cancel, the return of a hold, lapsed holds, and whole events. */
import { isDatabaseUnavailable, type Sql } from '@evently/kit/postgres';
import { refundAmount } from '../domain/refund.ts';
import type { Booking, Cause } from '../domain/booking.ts';
import { refused, type Refusal, type Refused } from '../domain/refusals.ts';
import type { BookingMetrics } from '../metrics.ts';
import {
  findBooking,
  listEventsWithLapsedHolds,
  lockBookings,
  lockByStatus,
  lockLapsedHolds,
} from '../store/bookings.ts';
import { listEventsWindingDown, markWoundDown, readTerms } from '../store/details.ts';
import { lockUsedTicket } from '../store/tickets.ts';
import { endEntries, listEventsToMatch } from '../store/waitlist.ts';
import { changeStock, type CommittedChange, type StockChange, type StockDeps } from './change-stock.ts';

export type EndDeps = StockDeps & { metrics: BookingMetrics };
/** `committed` is the caller's to tell once its transaction, the one given as `within`, is committed. */
export type Ending = { outcome: CancelOutcome; committed: CommittedChange | null };
export type CancelOutcome = { ok: true; booking: Booking; refundMinor: number } | Refused;

/**
 * Cancels a booking of `userId`: a hold is released, a confirmed booking gives its seats back and a refund
 * by the event's policy at the database's clock. Refusals: unknown-booking, already-cancelled,
 * booking-expired, payment-in-progress, and ticket-used: who is inside does not get the money back. Seats
 * return exactly once, whatever races (I14).
 */
export async function cancelBooking(
  deps: EndDeps,
  bookingId: string,
  userId: string,
  within: Sql,
): Promise<Ending> {
  return endOwn(deps, { bookingId, userId }, within, async (change, booking) => {
    if (booking.status === 'pending') {
      return {
        ok: true,
        booking: release(deps, change, booking, 'cancelled', 'cancelled_by_buyer'),
        refundMinor: 0,
      };
    }
    if (booking.status !== 'confirmed') return refused(endRefusal(booking));
    const used = await lockUsedTicket(change.client, booking.eventId, booking.id);
    if (used !== null)
      return refused({
        kind: 'ticket-used',
        usedAt: used.usedAt ?? change.now,
        usedWhere: used.usedWhere ?? '',
      });
    const terms = await readTerms(change.client, booking.eventId);
    const refundMinor = refundAmount(booking.totalMinor, terms.refundPolicy, terms.startsAt, change.now);
    return {
      ok: true,
      booking: refundAndCancel(deps, change, booking, refundMinor, 'cancelled_by_buyer'),
      refundMinor,
    };
  });
}

/** Gives a pending reservation back before its time. Refusals as `cancelBooking`, and already-confirmed. */
export async function returnHold(
  deps: EndDeps,
  bookingId: string,
  userId: string,
  within: Sql,
): Promise<Ending> {
  return endOwn(deps, { bookingId, userId }, within, (change, booking) => {
    if (booking.status === 'confirmed') return Promise.resolve(refused({ kind: 'already-confirmed' }));
    if (booking.status !== 'pending') return Promise.resolve(refused(endRefusal(booking)));
    return Promise.resolve({
      ok: true,
      booking: release(deps, change, booking, 'expired', 'returned_by_buyer'),
      refundMinor: 0,
    });
  });
}

async function endOwn(
  deps: EndDeps,
  own: { bookingId: string; userId: string },
  within: Sql,
  end: (change: StockChange, booking: Booking) => Promise<CancelOutcome>,
): Promise<Ending> {
  const unknown: Ending = { outcome: refused({ kind: 'unknown-booking' }), committed: null };
  const found = await findBooking(within, own.bookingId);
  if (found === null || found.userId !== own.userId) return unknown;
  const endLocked = async (change: StockChange): Promise<CancelOutcome> => {
    const booking = (await lockBookings(change.client, found.eventId, [found.id])).get(found.id);
    return booking === undefined ? refused({ kind: 'unknown-booking' }) : end(change, booking);
  };
  const changed = await changeStock(deps, found.eventId, 'cancel', endLocked, { within });
  return changed === null ? unknown : { outcome: changed.value, committed: changed.committed };
}

function endRefusal(booking: Booking): Refusal {
  switch (booking.status) {
    case 'cancelled':
      return { kind: 'already-cancelled' };
    case 'expired':
      return { kind: 'booking-expired' };
    case 'pending':
    case 'paying':
    case 'payment_unknown':
    case 'confirmed':
      return { kind: 'payment-in-progress' };
  }
}

function release(
  deps: EndDeps,
  change: StockChange,
  booking: Booking,
  to: 'cancelled' | 'expired',
  cause: Cause,
): Booking {
  deps.metrics.released(cause, booking.quantity);
  return change.transition(booking, to, cause);
}

function refundAndCancel(
  deps: EndDeps,
  change: StockChange,
  booking: Booking,
  amountMinor: number,
  cause: Cause,
): Booking {
  deps.metrics.released(cause, booking.quantity);
  change.refund({ booking, amountMinor, reason: cause, attempt: booking.attempt });
  return change.transition(booking, 'cancelled', cause);
}

const maxEvents = 50;
const maxBookings = 500;
const maxRounds = 200;

/**
 * Releases every hold that is over by the database's clock, batch by batch, first to the waitlist (I15).
 * An event whose row another process holds is left to it. Answers how many holds were released.
 */
export async function expireLapsedHolds(deps: EndDeps): Promise<number> {
  let lapsed = 0;
  for (let round = 0; round < maxRounds; round += 1) {
    const events = await listEventsWithLapsedHolds(deps.db, maxEvents);
    const released = await forEachEvent(events, (eventId) => expireLapsedOf(deps, eventId));
    lapsed += released;
    if (released === 0) break;
  }
  deps.metrics.sweep(lapsed);
  return lapsed;
}

async function expireLapsedOf(deps: EndDeps, eventId: string): Promise<number> {
  const outcome = await changeStock(
    deps,
    eventId,
    'expire',
    async (change) => {
      const holds = await lockLapsedHolds(change.client, eventId, change.now, maxBookings);
      for (const hold of holds) release(deps, change, hold, 'expired', 'hold_lapsed');
      return holds.length;
    },
    { skipLocked: true },
  );
  return outcome?.value ?? 0;
}

/**
 * Does `work` for every event and adds up what it answers. One event that fails does not keep the others
 * from their turn; its error is thrown afterwards. An absent database ends the round at once.
 */
async function forEachEvent(
  events: readonly string[],
  work: (eventId: string) => Promise<number>,
): Promise<number> {
  let sum = 0;
  const failures: unknown[] = [];
  for (const eventId of events) {
    try {
      sum += await work(eventId);
    } catch (error) {
      if (isDatabaseUnavailable(error)) throw error;
      failures.push(new Error(`event ${eventId} failed`, { cause: error }));
    }
  }
  if (failures.length > 0)
    throw new AggregateError(failures, `${failures.length} of ${events.length} events failed`);
  return sum;
}

/**
 * Expires every pending hold of these events, over or not: an operator's last resort. Offers that the freed
 * stock makes are new holds and stay. Answers how many were expired.
 */
export async function expireAllHolds(deps: EndDeps, events: readonly string[]): Promise<number> {
  return forEachEvent(events, async (eventId) => {
    let expired = 0;
    let begunAt: Date | null = null;
    for (let round = 0; round < maxRounds; round += 1) {
      const outcome = await changeStock(deps, eventId, 'expire', async (change) => {
        const madeBefore = begunAt ?? change.now;
        const holds = await lockByStatus(change.client, eventId, ['pending'], maxBookings);
        const old = holds.filter((hold) => hold.createdAt < madeBefore);
        for (const hold of old) release(deps, change, hold, 'expired', 'forced');
        return { count: old.length, madeBefore };
      });
      if (outcome === null) break;
      begunAt = outcome.value.madeBefore;
      expired += outcome.value.count;
      if (outcome.value.count < maxBookings) break;
    }
    return expired;
  });
}

/** Matches free stock to whoever waits: what a join that raced a release may have left. */
export async function matchWaitlists(deps: EndDeps): Promise<void> {
  await forEachEvent(await listEventsToMatch(deps.db, maxEvents), async (eventId) => {
    await changeStock(deps, eventId, 'waitlist', () => Promise.resolve(), { skipLocked: true });
    return 1;
  });
}

/** Cancels the bookings of cancelled events with a full refund, 500 at a time, until none is left. */
export async function windDownEvents(deps: EndDeps): Promise<void> {
  await forEachEvent(await listEventsWindingDown(deps.db, maxEvents), async (eventId) => {
    await changeStock(deps, eventId, 'cancel', (change) => windDown(deps, change), { skipLocked: true });
    return 1;
  });
}

async function windDown(deps: EndDeps, change: StockChange): Promise<void> {
  const { client, sale } = change;
  if (sale.status !== 'cancelled') return;
  const bookings = await lockByStatus(client, sale.eventId, ['pending', 'confirmed'], maxBookings);
  for (const booking of bookings) {
    if (booking.status === 'pending') release(deps, change, booking, 'cancelled', 'event_cancelled');
    else refundAndCancel(deps, change, booking, booking.totalMinor, 'event_cancelled');
  }
  if (bookings.length > 0) return;
  await endEntries(client, sale.eventId, 'event_cancelled');
  const unsettled = await lockByStatus(client, sale.eventId, ['paying', 'payment_unknown'], 1);
  if (unsettled.length === 0) await markWoundDown(client, sale.eventId);
}
