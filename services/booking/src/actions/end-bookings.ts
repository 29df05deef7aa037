/** Ends bookings that nobody asked to end: lapsed holds, and those of whole events. */
import { isDatabaseUnavailable, sqlStateOf } from '@evently/kit/postgres';
import type { Booking, Cause } from '../domain/booking.ts';
import type { BookingMetrics } from '../metrics.ts';
import { listEventsWithLapsedHolds, lockByStatus, lockLapsedHolds } from '../store/bookings.ts';
import { listEventsWindingDown, markWoundDown } from '../store/details.ts';
import { endEntries, listEventsToMatch } from '../store/waitlist.ts';
import { changeStock, type StockChange, type StockDeps } from './change-stock.ts';

export type EndDeps = StockDeps & { metrics: BookingMetrics };

export function refundAndCancel(
  change: StockChange,
  booking: Booking,
  amountMinor: number,
  cause: Cause,
): Booking {
  change.refund({ booking, amountMinor, reason: cause, attempt: booking.attempt });
  return change.transition(booking, 'cancelled', cause);
}

const maxEvents = 50;
const maxBookings = 500;
const maxRounds = 200;
const lockNotAvailable = '55P03';

/**
 * Releases every hold that is over by the database's clock, batch by batch, first to the waitlist (I15).
 * An event that another process sweeps is left to it. Answers how many holds were released.
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
      for (const hold of holds) change.transition(hold, 'expired', 'hold_lapsed');
      return holds.length;
    },
    { sweeps: true },
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
      // The event's row was not to be had in time; it comes again with the next sweep.
      if (sqlStateOf(error) === lockNotAvailable) continue;
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
        for (const hold of old) change.transition(hold, 'expired', 'forced');
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
    await changeStock(deps, eventId, 'waitlist', () => Promise.resolve(), { sweeps: true });
    return 1;
  });
}

/** Cancels the bookings of cancelled events with a full refund, 500 at a time, until none is left. */
export async function windDownEvents(deps: EndDeps): Promise<void> {
  await forEachEvent(await listEventsWindingDown(deps.db, maxEvents), async (eventId) => {
    await changeStock(deps, eventId, 'cancel', windDown, { sweeps: true });
    return 1;
  });
}

async function windDown(change: StockChange): Promise<void> {
  const { client, sale } = change;
  if (sale.status !== 'cancelled') return;
  const bookings = await lockByStatus(client, sale.eventId, ['pending', 'confirmed'], maxBookings);
  for (const booking of bookings) {
    if (booking.status === 'pending') change.transition(booking, 'cancelled', 'event_cancelled');
    else refundAndCancel(change, booking, booking.totalMinor, 'event_cancelled');
  }
  if (bookings.length > 0) return;
  await endEntries(client, sale.eventId, 'event_cancelled');
  const unsettled = await lockByStatus(client, sale.eventId, ['paying', 'payment_unknown'], 1);
  if (unsettled.length === 0) await markWoundDown(client, sale.eventId);
}
