/** Moves seats of an event between available and blocked, for callers that keep seats back from sale. */
import type { Database } from '@evently/kit/postgres';
import { refused, type Refused } from '../domain/refusals.ts';
import { stockOf } from '../domain/stock.ts';
import { findEvent } from '../store/events.ts';
import { keepStock } from '../store/stock.ts';
import type { BookingPort } from './ask-booking.ts';
import type { EventPage } from './event-pages.ts';

export type BlockSeatsDeps = {
  db: Database;
  booking: BookingPort;
  changed: (eventIds: readonly string[]) => Promise<void>;
};
export type BlockSeatsOutcome =
  { ok: true; page: EventPage } | Refused<'unknown-event' | 'refused-by-booking' | 'booking-unavailable'>;

/**
 * Carried out by booking, in one transaction. `version` is the stock's version; a stale one is refused with
 * the present one. After `booking-unavailable` the caller reads the version again before repeating it.
 */
export async function blockSeats(
  deps: BlockSeatsDeps,
  direction: 'block' | 'unblock',
  eventId: string,
  move: { quantity: number; version: number },
): Promise<BlockSeatsOutcome> {
  const event = await findEvent(deps.db, eventId);
  if (event === null) return refused({ kind: 'unknown-event' });
  const asked = await deps.booking.moveBlocked(direction, eventId, move);
  switch (asked.kind) {
    case 'unknown-event':
      return refused({ kind: 'unknown-event' });
    case 'refused':
      return { ok: false, refusal: asked.refusal };
    case 'away':
      return refused({ kind: 'booking-unavailable' });
    case 'ok': {
      const stock = stockOf(asked.value);
      await keepStock(deps.db, eventId, stock);
      await deps.changed([eventId]);
      return { ok: true, page: { event, stock } };
    }
  }
}
