/** Joins and leaves the waitlist of an event, and tells where a buyer stands. */
import { newId } from '@evently/kit/ids';
import { refused, type Refused } from '../domain/refusals.ts';
import { fits } from '../domain/stock.ts';
import type { Sql } from '@evently/kit/postgres';
import { countHeld, findBooking, lockBookings } from '../store/bookings.ts';
import { countAhead, countWaiting, findEntry, listActive, type Entry } from '../store/waitlist.ts';
import { changeStock, type CommittedChange, type StockChange, type StockDeps } from './change-stock.ts';
import type { Booking } from '../domain/booking.ts';

export type JoinInput = { eventId: string; userId: string; tierId: string | null; quantity: number };
export type JoinOutcome = { ok: true; waitlistId: string; position: number } | Refused;
/** `committed` is the caller's to tell once its transaction is committed. */
export type Joining = { outcome: JoinOutcome; committed: CommittedChange | null };
export type WaitDeps = StockDeps & { maxWaiting: number };

/**
 * One active entry per buyer and tier (I31). Refusals: unknown-event, tier-required, unknown-tier,
 * waitlist-closed, waitlist-full, already-waiting, over-booking-limit, limit-reached, and seats-available
 * when the quantity fits now. Decided under the event's lock, so no release can be missed.
 * `within` joins the transaction that remembers the answer.
 */
export async function joinWaitlist(deps: WaitDeps, input: JoinInput, within: Sql): Promise<Joining> {
  const changed = await changeStock<JoinOutcome>(
    deps,
    input.eventId,
    'waitlist',
    (change) => join(deps, change, input),
    { within },
  );
  if (changed === null) return { outcome: refused({ kind: 'unknown-event' }), committed: null };
  return { outcome: changed.value, committed: changed.committed };
}

async function join(deps: WaitDeps, change: StockChange, input: JoinInput): Promise<JoinOutcome> {
  const { sale, stock, client } = change;
  const tierId = input.tierId ?? (stock.size === 1 ? [...stock.keys()][0] : undefined);
  if (sale.status !== 'published') return refused({ kind: 'event-cancelled' });
  if (tierId === undefined) return refused({ kind: 'tier-required' });
  if (!stock.has(tierId)) return refused({ kind: 'unknown-tier', tierId });
  if (sale.waitlist === 'off' || change.closed) return refused({ kind: 'waitlist-closed' });
  if (input.quantity > sale.maxPerBooking)
    return refused({ kind: 'over-booking-limit', max: sale.maxPerBooking });
  const capacity = stock.get(tierId)?.capacity ?? 0;
  if (input.quantity > capacity) return refused({ kind: 'over-booking-limit', max: capacity });
  if (fits(stock, [{ tierId, quantity: input.quantity }])) {
    return refused({ kind: 'seats-available', available: stock.get(tierId)?.available ?? 0 });
  }
  const active = await listActive(client, sale.eventId, [input.userId]);
  if (active.some((entry) => entry.tierId === tierId)) return refused({ kind: 'already-waiting' });
  const held =
    sale.maxPerBuyer === null
      ? 0
      : ((await countHeld(client, sale.eventId, [input.userId])).get(input.userId) ?? 0);
  if (sale.maxPerBuyer !== null && held + input.quantity > sale.maxPerBuyer) {
    return refused({ kind: 'limit-reached', max: sale.maxPerBuyer, has: held });
  }
  const waiting = await countWaiting(client, sale.eventId);
  if ([...waiting.values()].reduce((sum, count) => sum + count, 0) >= deps.maxWaiting)
    return refused({ kind: 'waitlist-full' });
  const waitlistId = newId(deps.clock.now().getTime());
  change.enrol({ id: waitlistId, userId: input.userId, tierId, quantity: input.quantity });
  return { ok: true, waitlistId, position: (waiting.get(tierId) ?? 0) + 1 };
}

/**
 * Leaves every tier's list of the event; an open offer is given back. Refusals: unknown-event, not-waiting,
 * and payment-in-progress while an offer is being paid for, which changes nothing. `within` as for joining.
 */
export async function leaveWaitlist(
  deps: StockDeps,
  eventId: string,
  userId: string,
  within: Sql,
): Promise<{ outcome: { ok: true } | Refused; committed: CommittedChange | null }> {
  const leave = async (change: StockChange): Promise<{ ok: true } | Refused> => {
    const entries = await listActive(change.client, eventId, [userId]);
    if (entries.length === 0) return refused({ kind: 'not-waiting' });
    const offers = entries.flatMap((entry) => (entry.bookingId === null ? [] : [entry.bookingId]));
    const bookings = await lockBookings(change.client, eventId, offers);
    if ([...bookings.values()].some((offer) => offer.status !== 'pending'))
      return refused({ kind: 'payment-in-progress' });
    for (const entry of entries) {
      const offer = entry.bookingId === null ? undefined : bookings.get(entry.bookingId);
      if (offer === undefined)
        change.moveEntry({ id: entry.id, status: 'left', bookingId: null, reason: 'left' });
      else change.transition(offer, 'cancelled', 'cancelled_by_buyer');
    }
    return { ok: true };
  };
  const changed = await changeStock(deps, eventId, 'waitlist', leave, { within });
  if (changed === null) return { outcome: refused({ kind: 'unknown-event' }), committed: null };
  return { outcome: changed.value, committed: changed.committed };
}

export type Place = { entry: Entry; position: number; totalWaiting: number; offer: Booking | null };

/** Where a buyer stands; null when there is no entry. Reads one snapshot, locks nothing. */
export async function readPlace(
  sql: Sql,
  eventId: string,
  userId: string,
  tierId: string | null,
): Promise<Place | null> {
  const entry = await findEntry(sql, eventId, userId, tierId);
  if (entry === null) return null;
  const { ahead, total } = await countAhead(sql, entry.id, eventId);
  const offer = entry.bookingId === null ? null : await findBooking(sql, entry.bookingId);
  return { entry, position: entry.status === 'waiting' ? ahead + 1 : 0, totalWaiting: total, offer };
}
