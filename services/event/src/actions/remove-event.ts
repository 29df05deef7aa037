/** Deletes an event that nobody ever booked. */
import type { ClientBase } from 'pg';
import type { Database } from '@evently/kit/postgres';
import type { CatalogEvent } from '../domain/event.ts';
import { closedForSale, inventorySpecOf } from '../domain/inventory-spec.ts';
import { refused, type Refused } from '../domain/refusals.ts';
import { deleteEvent, findEvent, lockEvent } from '../store/events.ts';
import { nextRevision } from '../store/upkeep.ts';
import type { BookingPort } from './ask-booking.ts';
import { announceDocument } from './announce-document.ts';
import type { EditGate } from './edit-gate.ts';
import { announceInventory, type PushDeps } from './push-inventory.ts';

export type RemoveEventDeps = PushDeps & {
  db: Database;
  gate: EditGate;
  changed: (eventIds: readonly string[]) => Promise<void>;
};
export type RemoveEventOutcome =
  | { ok: true }
  | Refused<'unknown-event' | 'event-has-bookings' | 'booking-unavailable' | 'refused-by-booking'>;

/**
 * A draft goes at once. Else booking is asked whether anyone ever reserved; then the sale is closed, so
 * that nobody reserves meanwhile; then it is asked again, and the event goes only if it is still so. When
 * somebody was quicker, the sale is opened again. Refused while booking is away. Locks the event's row.
 */
export async function removeEvent(deps: RemoveEventDeps, eventId: string): Promise<RemoveEventOutcome> {
  const gated = await deps.gate(() => deps.db.transaction((client) => removeWithin(deps, client, eventId)));
  if (gated.kind === 'busy') return refused({ kind: 'booking-unavailable' });
  await deps.changed([eventId]);
  return gated.value;
}

async function removeWithin(
  deps: RemoveEventDeps,
  client: ClientBase,
  eventId: string,
): Promise<RemoveEventOutcome> {
  const event = (await lockEvent(client, eventId)) ? await findEvent(client, eventId) : null;
  if (event === null) return refused({ kind: 'unknown-event' });
  if (event.status !== 'draft' || event.pushedVersion > 0) {
    const untouched = await closeUntouched(deps, client, event);
    if (!untouched.ok) return untouched;
    // Booking keeps its rows; they say from now on that nothing is sold.
    const gone = { ...event, status: 'cancelled', pushedVersion: event.version + 1 } as const;
    await announceInventory(deps, client, gone);
    await announceDocument(deps, client, gone);
  }
  await deleteEvent(client, eventId);
  return { ok: true };
}

async function closeUntouched(
  deps: RemoveEventDeps,
  client: ClientBase,
  event: CatalogEvent,
): Promise<RemoveEventOutcome> {
  const before = await countBookings(deps.booking, event.eventId);
  if (!before.ok || before.isUnknown || event.status !== 'published') return before;
  // Another catalog version than the stored one: if this process dies here, the comparison finds it.
  const closing = { ...event, pushedVersion: event.version + 1 };
  const closed = closedForSale(inventorySpecOf(closing, await nextRevision(client)));
  const asked = await deps.booking.pushInventory(event.eventId, closed);
  if (asked.kind === 'refused') return { ok: false, refusal: asked.refusal };
  const after =
    asked.kind === 'ok'
      ? await countBookings(deps.booking, event.eventId)
      : refused({ kind: 'booking-unavailable' as const });
  if (!after.ok) await announceInventory(deps, client, event);
  return after;
}

type Counted = { ok: true; isUnknown: boolean } | Refused<'event-has-bookings' | 'booking-unavailable'>;

async function countBookings(booking: BookingPort, eventId: string): Promise<Counted> {
  const asked = await booking.readReport(eventId, 'decision');
  if (asked.kind === 'unknown-event') return { ok: true, isUnknown: true };
  if (asked.kind !== 'ok') return refused({ kind: 'booking-unavailable' });
  const taken = asked.value.bookings.total + asked.value.held + asked.value.sold;
  if (taken > 0) return refused({ kind: 'event-has-bookings', bookings: asked.value.bookings.total });
  return { ok: true, isUnknown: false };
}
