/** Changes an event: lock, check the version, write, and ask booking before the change is final. */
import type { ClientBase } from 'pg';
import { newId } from '@evently/kit/ids';
import type { Database } from '@evently/kit/postgres';
import { mayBecome, statusAskedFor, type CatalogEvent, type ShownStatus } from '../domain/event.ts';
import { mustPush } from '../domain/inventory-spec.ts';
import { checkVenue, planEdit, unknownVenueNamed, type EventEdit } from '../domain/plan-event.ts';
import { refused, type Refusal, type Refused } from '../domain/refusals.ts';
import { findEvent, lockEvent, updateEvent } from '../store/events.ts';
import { deleteTiers, insertTiers } from '../store/tiers.ts';
import { holdVenue } from '../store/venues.ts';
import { announceDocument } from './announce-document.ts';
import type { EditGate } from './edit-gate.ts';
import { pushInventory, type PushDeps } from './push-inventory.ts';

export type EditEventDeps = PushDeps & {
  db: Database;
  gate: EditGate;
  /** After a commit: what was kept of the events is old, here and elsewhere, and a message waits. */
  changed: (eventIds: readonly string[]) => Promise<void>;
};
export type EventChange = EventEdit & {
  status?: ShownStatus | undefined;
  /** The version that the change was made from; undefined for changes that only name a status. */
  version: number | undefined;
};
type EditRefusal =
  | 'unknown-event'
  | 'version-conflict'
  | 'invalid-fields'
  | 'capacity-above-venue'
  | 'invalid-transition'
  | 'event-closed'
  | 'event-over'
  | 'refused-by-booking'
  | 'booking-unavailable';
export type EditEventOutcome = { ok: true; event: CatalogEvent } | Refused<EditRefusal>;

/**
 * All or nothing: a refusal of booking (capacity_below_sold, tier_in_use, sale_managed, ...) undoes the
 * edit. When booking is away the edit stands and the message follows. Locks the event's row, then holds
 * its venue. `booking-unavailable` only when so many edits wait for an absent booking that this one found no place
 * among them; nothing was decided. A change that names only the status the event has already is answered with the event as it is.
 */
export async function editEvent(
  deps: EditEventDeps,
  eventId: string,
  change: EventChange,
): Promise<EditEventOutcome> {
  try {
    const gated = await deps.gate(() =>
      deps.db.transaction(async (client) => {
        const attempt = await editWithin(deps, client, eventId, change);
        if (!attempt.ok) throw new EditRefused(attempt.refusal);
        return attempt;
      }),
    );
    if (gated.kind === 'busy') return refused({ kind: 'booking-unavailable' });
    await deps.changed([eventId]);
    return gated.value;
  } catch (error) {
    if (error instanceof EditRefused) return { ok: false, refusal: error.refusal };
    throw error;
  }
}

type RefusalOfEdit = Extract<Refusal, { kind: EditRefusal }>;
/** Rolls the transaction back, revision and message included. */
class EditRefused extends Error {
  readonly refusal: RefusalOfEdit;
  constructor(refusal: RefusalOfEdit) {
    super(refusal.kind);
    this.refusal = refusal;
  }
}

async function editWithin(
  deps: EditEventDeps,
  client: ClientBase,
  eventId: string,
  change: EventChange,
): Promise<EditEventOutcome> {
  const present = (await lockEvent(client, eventId)) ? await findEvent(client, eventId) : null;
  if (present === null) return refused({ kind: 'unknown-event' });
  const { version, status: wanted, ...edit } = change;
  if (version !== undefined && version !== present.version)
    return refused({ kind: 'version-conflict', version: present.version });
  const now = deps.clock.now();
  const status = statusAskedFor(present.status, wanted);
  if (version === undefined && status === present.status) return { ok: true, event: present };
  const transition = checkTransition(present, status, now);
  if (!transition.ok) return transition;
  const planned = planEdit(present, edit, () => newId(now.getTime()));
  if (!planned.ok) return planned;
  const venue = await holdVenue(client, planned.terms.venueId);
  if (venue === null) return unknownVenueNamed;
  const fits = checkVenue(planned.terms, venue.capacity);
  if (!fits.ok) return fits;
  if (transition.status === 'published' && planned.terms.endsAt <= now)
    return refused({ kind: 'event-over', endedAt: planned.terms.endsAt });

  const next = {
    ...present,
    ...planned.terms,
    venue,
    status: transition.status,
    version: present.version + 1,
  };
  const pushed = mustPush(present, next) ? { ...next, pushedVersion: next.version } : next;
  await updateEvent(client, pushed);
  await deleteTiers(client, eventId);
  await insertTiers(client, eventId, pushed.tiers);
  const written = await findEvent(client, eventId);
  if (written === null) throw new Error(`the locked event ${eventId} is gone`);
  if (present.status !== 'draft' || written.status !== 'draft') await announceDocument(deps, client, written);
  if (pushed !== next) {
    const push = await pushInventory(deps, client, written);
    if (!push.ok) return push;
  }
  return { ok: true, event: written };
}

type Transition =
  { ok: true; status: CatalogEvent['status'] } | Refused<'invalid-transition' | 'event-closed'>;

/** A cancelled or completed event is history: nothing of it is edited any more. */
function checkTransition(present: CatalogEvent, wanted: ShownStatus, now: Date): Transition {
  if (wanted !== present.status) {
    if (wanted === 'sold_out' || !mayBecome(present, wanted, now))
      return refused({ kind: 'invalid-transition', from: present.status, to: wanted });
    return { ok: true, status: wanted };
  }
  return present.status === 'cancelled' || present.status === 'completed'
    ? refused({ kind: 'event-closed', status: present.status })
    : { ok: true, status: present.status };
}
