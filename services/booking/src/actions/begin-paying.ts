/** Steps reservations to paying, coalesced per event: one statement and one commit for all that wait. */
import { createBatcher, type BatchLimits, type Submitted } from '@evently/kit/batcher';
import type { Database } from '@evently/kit/postgres';
import type { Booking } from '../domain/booking.ts';
import type { BookingMetrics } from '../metrics.ts';
import { beginPaying, type PayingAsk } from '../store/paying.ts';

export type PayingSettings = BatchLimits & { leaseSeconds: number };
export type PayingQueue = {
  /** The booking with its new attempt, committed; null when it was not to be had (see `beginPaying`). */
  begin: (eventId: string, ask: PayingAsk) => Promise<Submitted<Booking | null>>;
  drained: () => Promise<void>;
};

export function createPayingQueue(deps: {
  db: Database;
  metrics: BookingMetrics;
  paying: PayingSettings;
}): PayingQueue {
  const { leaseSeconds, ...limits } = deps.paying;
  const batcher = createBatcher<PayingAsk, Booking | null>({
    name: 'confirm',
    run: (eventId, asks) => beginAll(deps.db, eventId, asks, leaseSeconds),
    ...limits,
    observe: (batch) => deps.metrics.batch('confirm', batch),
  });
  return { begin: batcher.submit, drained: batcher.drained };
}

/** Of several that ask for one booking in a batch the first has it, so that payment is asked once. */
export async function beginAll(
  db: Database,
  eventId: string,
  asks: readonly PayingAsk[],
  leaseSeconds: number,
): Promise<(Booking | null)[]> {
  const first = new Map<string, PayingAsk>();
  for (const ask of asks) if (!first.has(nameOf(ask))) first.set(nameOf(ask), ask);
  const begun = await beginPaying(db, eventId, [...first.values()], leaseSeconds);
  return asks.map((ask) => {
    const booking = begun.get(ask.bookingId);
    return booking?.userId === ask.userId && first.get(nameOf(ask)) === ask ? booking : null;
  });
}

/** With the buyer: a stranger who asks for a booking first takes nobody's place. */
function nameOf(ask: PayingAsk): string {
  return `${ask.bookingId} ${ask.userId}`;
}
