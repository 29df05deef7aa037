/** Gives stock that came free to the waitlist, as real holds, before anybody else can have it. */
import { newId } from '@evently/kit/ids';
import { newBooking, soldOut } from '../domain/allocate.ts';
import type { Booking } from '../domain/booking.ts';
import { matchWaiting, type WaitingEntry } from '../domain/waitlist.ts';
import { countHeld } from '../store/bookings.ts';
import { listWaiting } from '../store/waitlist.ts';
import type { StockChange, StockDeps } from './change-stock.ts';

export type OfferSettings = { offerSeconds: number };

/** Entries looked at for one tier in one change; the sweeper comes back for the rest. */
const maxMatchesPerTier = 500;
/** Marks the key of an offer. Buyers' keys hold no control characters, so the two cannot meet. */
const offerKeyPrefix = '\u0001offer:';

/**
 * Within a change whose event is open: each waiting entry that fits gets a hold, in order. Entries whose
 * offer would break their buyer's limit leave the list with that reason.
 */
export async function offerFreeStock(deps: StockDeps, change: StockChange): Promise<void> {
  if (!change.open || change.sale.status !== 'published' || soldOut(change.stock)) return;
  for (const tier of change.stock.values()) {
    if (tier.available === 0) continue;
    const listed = await listWaiting(
      change.client,
      change.sale.eventId,
      tier.tierId,
      tier.available,
      maxMatchesPerTier,
    );
    // Whoever leaves in this very change still stands in the table.
    const waiting = listed.filter((entry) => !change.hasMoved(entry.id));
    if (waiting.length === 0) continue;
    const buyers = waiting.map((entry) => entry.userId);
    const held =
      change.sale.maxPerBuyer === null ? new Map<string, number>() : await countHeldNow(change, buyers);
    const matched = matchWaiting(change.stock, waiting, held, change.sale.maxPerBuyer);
    for (const entry of matched.overLimit) {
      change.moveEntry({ id: entry.id, status: 'expired', bookingId: null, reason: 'limit_reached' });
    }
    for (const entry of matched.offers) {
      const booking = offerOf(deps, change, entry, tier.priceMinor);
      change.insert(booking);
      change.moveEntry({ id: entry.id, status: 'offered', bookingId: booking.id, reason: null });
    }
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
