/** Finds whose a booking is and of which event, for verbs that wait in their event's line; looks are coalesced. */
import { createBatcher, endlessQueue } from '@evently/kit/batcher';
import type { Database } from '@evently/kit/postgres';
import { findOwned, type Owned } from '../store/bookings.ts';

export type BookingLookUp = {
  /** The booking when it is this buyer's; a stranger's is as unknown as a missing one (I40). Locks nothing. */
  find: (bookingId: string, userId: string) => Promise<Owned | null>;
};

const maxBatch = 256;
// A look touches no event's rows for writing, so one line serves all events.
const lane = 'bookings';

export function createBookingLookUp(db: Database): BookingLookUp {
  const batcher = createBatcher<string, Owned | null>({
    run: async (_lane, ids) => {
      const found = await findOwned(db, [...new Set(ids)]);
      return ids.map((id) => found.get(id) ?? null);
    },
    maxBatch,
    ...endlessQueue,
    isAbandoned: () => false,
  });
  return {
    find: async (bookingId, userId) => {
      const looked = await batcher.submit(lane, bookingId);
      if (looked.kind !== 'done') throw new Error(`a booking was not looked up: ${looked.kind}`);
      return looked.result?.userId === userId ? looked.result : null;
    },
  };
}
