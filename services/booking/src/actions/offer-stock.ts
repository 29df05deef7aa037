/** Gives stock that came free to the waitlist, as real holds, before anybody else can have it. */
import { newId } from '@evently/kit/ids';
import { newBooking, soldOut } from '../domain/allocate.ts';
import type { Booking } from '../domain/booking.ts';
import { matchWaiting, type WaitingEntry } from '../domain/waitlist.ts';
import { countHeld } from '../store/bookings.ts';
import { listWaiting } from '../store/waitlist.ts';
import type { StockChange, StockDeps } from './change-stock.ts';

export type OfferSettings = { offerSeconds: number };

/** Entries looked at together; a tier is matched page by page until its stock or its line is at an end. */
const pageSize = 500;
/** Marks the key of an offer. Buyers' keys hold no control characters, so the two cannot meet. */
const offerKeyPrefix = '\u0001offer:';

/**
 * Within a change whose event is open: each waiting entry that fits gets a hold, in order. Entries whose
 * offer would break their buyer's limit leave the list with that reason.
 */
export async function offerFreeStock(deps: StockDeps, change: StockChange): Promise<void> {
  if (!change.open || change.sale.status !== 'published' || soldOut(change.stock)) return;
  for (const tier of change.stock.values()) {
    // What the statement compares with must not change between pages, or they would overlap.
    const atMost = tier.available;
    let skip = 0;
    let listed: WaitingEntry[] = [];
    do {
      if (tier.available === 0) break;
      listed = await listWaiting(change.client, change.sale.eventId, tier.tierId, atMost, {
        limit: pageSize,
        skip,
      });
      skip += listed.length;
      await offerTo(deps, change, listed, tier.priceMinor);
    } while (listed.length === pageSize);
  }
}

async function offerTo(
  deps: StockDeps,
  change: StockChange,
  listed: readonly WaitingEntry[],
  unitPriceMinor: number,
): Promise<void> {
  // Whoever leaves in this very change still stands in the table.
  const waiting = listed.filter((entry) => !change.hasMoved(entry.id));
  if (waiting.length === 0) return;
  const buyers = waiting.map((entry) => entry.userId);
  const limited = change.sale.maxPerBuyer !== null;
  const held = limited ? await countHeldNow(change, buyers) : new Map<string, number>();
  const matched = matchWaiting(change.stock, waiting, held, change.sale.maxPerBuyer);
  for (const entry of matched.overLimit) {
    change.moveEntry({ id: entry.id, status: 'expired', bookingId: null, reason: 'limit_reached' });
  }
  for (const entry of matched.offers) {
    const booking = offerOf(deps, change, entry, unitPriceMinor);
    change.insert(booking);
    change.moveEntry({ id: entry.id, status: 'offered', bookingId: booking.id, reason: null });
  }
}

/** Tickets that each of these buyers has, what this change has decided so far included (I10). */
export async function countHeldNow(
  change: StockChange,
  userIds: readonly string[],
): Promise<Map<string, number>> {
  const stored = await countHeld(change.client, change.sale.eventId, userIds);
  const changes = change.heldChanges();
  return new Map(userIds.map((userId) => [userId, (stored.get(userId) ?? 0) + (changes.get(userId) ?? 0)]));
}

function offerOf(deps: StockDeps, change: StockChange, entry: WaitingEntry, unitPriceMinor: number): Booking {
  return newBooking({
    id: newId(deps.clock.now().getTime()),
    eventId: change.sale.eventId,
    userId: entry.userId,
    idempotencyKey: `${offerKeyPrefix}${entry.id}`,
    lines: [{ tierId: entry.tierId, quantity: entry.quantity, unitPriceMinor }],
    currency: change.sale.currency,
    createdAt: change.now,
    expiresAt: new Date(change.now.getTime() + deps.offers.offerSeconds * 1000),
    waitlistId: entry.id,
  });
}
