/** Makes a draft of an event, once per idempotency key. */
import type { ClientBase } from 'pg';
import type { Clock } from '@evently/kit/clock';
import { newId } from '@evently/kit/ids';
import type { CatalogEvent } from '../domain/event.ts';
import { checkVenue, planNewEvent, unknownVenueNamed, type NewEvent } from '../domain/plan-event.ts';
import type { Refused } from '../domain/refusals.ts';
import { findEvent, insertEvent } from '../store/events.ts';
import { insertTiers } from '../store/tiers.ts';
import { holdVenue } from '../store/venues.ts';

export type CreateEventOutcome =
  { ok: true; event: CatalogEvent } | Refused<'invalid-fields' | 'capacity-above-venue'>;

/**
 * Within the caller's transaction. The venue is held as it is until the end, so that no event is larger
 * than its venue. Booking hears of the event when it is published.
 */
export async function createEvent(
  deps: { clock: Clock },
  client: ClientBase,
  written: NewEvent,
  createdBy: string,
): Promise<CreateEventOutcome> {
  const makeId = (): string => newId(deps.clock.now().getTime());
  const planned = planNewEvent(written, makeId);
  if (!planned.ok) return planned;
  const venue = await holdVenue(client, planned.terms.venueId);
  if (venue === null) return unknownVenueNamed;
  const fits = checkVenue(planned.terms, venue.capacity);
  if (!fits.ok) return fits;
  const eventId = makeId();
  await insertEvent(client, eventId, planned.terms, createdBy);
  await insertTiers(client, eventId, planned.terms.tiers);
  const event = await findEvent(client, eventId);
  if (event === null) throw new Error(`the new event ${eventId} cannot be read`);
  return { ok: true, event };
}
