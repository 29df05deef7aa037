/** Deletes a venue that no event names. */
import type { Database } from '@evently/kit/postgres';
import { refused, type Refused } from '../domain/refusals.ts';
import { countEventsAt } from '../store/venue-events.ts';
import { deleteVenue, lockVenueForEdit } from '../store/venues.ts';

/** Locks the venue's row, which an event that is being made holds until it is there to be counted. */
export function removeVenue(
  deps: { db: Database },
  venueId: string,
): Promise<{ ok: true } | Refused<'unknown-venue' | 'venue-in-use'>> {
  return deps.db.transaction(async (client) => {
    if ((await lockVenueForEdit(client, venueId)) === null) return refused({ kind: 'unknown-venue' });
    const events = await countEventsAt(client, venueId);
    if (events > 0) return refused({ kind: 'venue-in-use', events });
    await deleteVenue(client, venueId);
    return { ok: true };
  });
}
