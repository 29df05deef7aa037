/** Finds whose a booking is and of which event, for verbs that wait in their event's line; looks are coalesced. */
import { createBatcher, type BatchLimits } from '@evently/kit/batcher';
import type { Database } from '@evently/kit/postgres';
import { refused, type Refused } from '../domain/refusals.ts';
import { findOwned, type Owned } from '../store/bookings.ts';

export type BookingLookUp = {
  /**
   * The booking when it is this buyer's; a stranger's is as unknown as a missing one (I40). Locks nothing.
   * Refusals: unknown-booking, and queue-full when the database is so slow that the line would only grow.
   */
  find: (bookingId: string, userId: string) => Promise<{ ok: true; booking: Owned } | Refused>;
};

// A look touches no event's rows for writing, so one line serves all events.
const lane = 'bookings';

export function createBookingLookUp(db: Database, limits: BatchLimits): BookingLookUp {
  const batcher = createBatcher<string, Owned | null>({
    name: 'look-up',
    run: async (_lane, ids) => {
      const found = await findOwned(db, [...new Set(ids)]);
      return ids.map((id) => found.get(id) ?? null);
    },
    ...limits,
  });
  return {
    find: async (bookingId, userId) => {
      const looked = await batcher.submit(lane, bookingId);
      if (looked.kind === 'queue-full') return refused(looked);
      if (looked.kind === 'abandoned') throw new Error('a look was dropped before its batch');
      const booking = looked.result;
      return booking?.userId === userId ? { ok: true, booking } : refused({ kind: 'unknown-booking' });
    },
  };
}
