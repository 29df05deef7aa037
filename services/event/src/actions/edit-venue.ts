/** Changes a venue; tells booking when tickets must name another place, and search where its events are found. */
import type { ClientBase } from 'pg';
import type { Database } from '@evently/kit/postgres';
import { refused, type Refused } from '../domain/refusals.ts';
import { isMoved, isRelocated, planVenueEdit, type Venue, type VenueEdit } from '../domain/venue.ts';
import { findLargestAt, listPublishedAt, lockPublishedAt } from '../store/venue-events.ts';
import { lockVenueForEdit, updateVenue } from '../store/venues.ts';
import { announceDocument } from './announce-document.ts';
import { announceInventory, type PushDeps } from './push-inventory.ts';

export type EditVenueDeps = Pick<PushDeps, 'clock'> & {
  db: Database;
  changed: (eventIds: readonly string[]) => Promise<void>;
};
export type EditVenueOutcome = { ok: true; venue: Venue } | Refused<'unknown-venue' | 'capacity-above-venue'>;

const announcedPerPage = 200;
const maxPages = 500;
const firstId = '00000000-0000-0000-0000-000000000000';

/**
 * Refused when an event that is still to come is larger than the new capacity. Locks the venue's published
 * events in the order of their ids, then the venue.
 */
export async function editVenue(
  deps: EditVenueDeps,
  venueId: string,
  edit: VenueEdit,
): Promise<EditVenueOutcome> {
  const announced: string[] = [];
  const outcome = await deps.db.transaction(async (client): Promise<EditVenueOutcome> => {
    await lockPublishedAt(client, venueId);
    const present = await lockVenueForEdit(client, venueId);
    if (present === null) return refused({ kind: 'unknown-venue' });
    const terms = planVenueEdit(present, edit);
    const capacity = await findLargestAt(client, venueId);
    if (capacity > terms.capacity)
      return refused({ kind: 'capacity-above-venue', capacity, venueCapacity: terms.capacity });
    const venue = await updateVenue(client, venueId, terms);
    const isOnTickets = isMoved(present, terms);
    if (isOnTickets || isRelocated(present, terms))
      announced.push(...(await announceEvents(deps, client, venueId, isOnTickets)));
    return { ok: true, venue };
  });
  await deps.changed(announced);
  return outcome;
}

async function announceEvents(
  deps: EditVenueDeps,
  client: ClientBase,
  venueId: string,
  toBooking: boolean,
): Promise<string[]> {
  // Again, after the venue: an event that was published while this waited is here now, and locked late.
  await lockPublishedAt(client, venueId);
  const announced: string[] = [];
  for (let page = 0; page < maxPages; page += 1) {
    const events = await listPublishedAt(client, venueId, announced.at(-1) ?? firstId, announcedPerPage);
    for (const event of events) {
      if (toBooking) await announceInventory(deps, client, event);
      await announceDocument(deps, client, event);
      announced.push(event.eventId);
    }
    if (events.length < announcedPerPage) break;
  }
  return announced;
}
