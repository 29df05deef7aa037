/** The careful way to reserve: item by item, in order, under the lock. For batches with anything unusual. */
import { allocate, keyOf, type Decision, type Request, type SaleState } from '../domain/allocate.ts';
import type { Booking } from '../domain/booking.ts';
import type { WaitlistPlace } from '../domain/refusals.ts';
import { countHeld, findByKeys, lockBookings, writeKey } from '../store/bookings.ts';
import { countWaiting, listActive, listPlaces } from '../store/waitlist.ts';
import { changeStock, type StockChange } from './change-stock.ts';
import type { ReserveDeps } from './reserve-seats.ts';

/** One decision per request, in order; everything granted is in one commit. */
export async function reserveInOrder(
  deps: ReserveDeps,
  eventId: string,
  requests: readonly Request[],
): Promise<Decision[]> {
  const enrolled: string[] = [];
  let waiting = 0;
  const outcome = await changeStock(deps, eventId, 'reserve', async (change) => {
    const state = await readState(deps, change, requests);
    const decisions: Decision[] = [];
    for (const request of requests) {
      const decision = allocate(state, request);
      decisions.push(decision);
      if (decision.kind === 'granted') change.insert(decision.booking);
      if (decision.kind === 'offer') await takeOffer(change, decision.booking, decision.key);
      if (decision.kind === 'refused' && decision.enrolment !== null) {
        change.enrol(decision.enrolment);
        enrolled.push(decision.enrolment.userId);
      }
    }
    waiting = deps.reserve.maxWaiting - state.enrolment.room;
    return decisions;
  });
  if (outcome === null)
    return requests.map(() => ({ kind: 'refused', refusal: { kind: 'unknown-event' }, enrolment: null }));
  const granted = outcome.value.flatMap((decision) =>
    decision.kind === 'granted' ? [decision.booking.userId] : [],
  );
  deps.boards.remember(eventId, [...granted, ...enrolled]);
  deps.boards.noteWaiting(eventId, waiting);
  return outcome.value;
}

/** The offer takes the request's key, so that the same request finds it again after it was confirmed. */
async function takeOffer(change: StockChange, offer: Booking, key: string): Promise<void> {
  await writeKey(change.client, offer, key);
}

/** All that the decisions depend on, in a bounded number of statements whatever the batch's size. */
async function readState(
  deps: ReserveDeps,
  change: StockChange,
  requests: readonly Request[],
): Promise<SaleState> {
  const { client, sale, stock } = change;
  const userIds = [...new Set(requests.map((request) => request.userId))];
  const stored = await findByKeys(
    client,
    sale.eventId,
    requests.map((r) => r.userId),
    requests.map((r) => r.key),
  );
  const waits = await readWaits(change, userIds);
  const waiting = sale.waitlistUsed ? await countWaiting(client, sale.eventId) : new Map<string, number>();
  const total = [...waiting.values()].reduce((sum, count) => sum + count, 0);
  return {
    now: change.now,
    holdUntil: new Date(change.now.getTime() + deps.reserve.holdSeconds * 1000),
    status: sale.status,
    window: change,
    eventId: sale.eventId,
    currency: sale.currency,
    maxPerBooking: sale.maxPerBooking,
    maxPerBuyer: sale.maxPerBuyer,
    stock,
    held:
      sale.maxPerBuyer === null ? new Map<string, number>() : await countHeld(client, sale.eventId, userIds),
    stored: new Map(stored.map((booking) => [keyOf(booking.userId, booking.idempotencyKey), booking])),
    ...waits,
    enrolment: { automatic: sale.waitlist === 'automatic', waiting, room: deps.reserve.maxWaiting - total },
  };
}

/** Open offers and waiting places of these buyers. */
async function readWaits(
  change: StockChange,
  userIds: readonly string[],
): Promise<{ offers: Map<string, Booking>; places: Map<string, WaitlistPlace> }> {
  const offers = new Map<string, Booking>();
  const places = new Map<string, WaitlistPlace>();
  if (!change.sale.waitlistUsed) return { offers, places };
  const { client, sale } = change;
  const entries = await listActive(client, sale.eventId, userIds);
  const offered = entries.flatMap((entry) =>
    entry.status === 'offered' && entry.bookingId !== null ? [entry.bookingId] : [],
  );
  const bookings =
    offered.length === 0 ? new Map<string, Booking>() : await lockBookings(client, sale.eventId, offered);
  const positions = await listPlaces(client, sale.eventId, userIds);
  for (const entry of entries) {
    const booking = entry.bookingId === null ? undefined : bookings.get(entry.bookingId);
    const key = keyOf(entry.userId, entry.tierId);
    if (booking?.status === 'pending' && booking.expiresAt > change.now) offers.set(key, booking);
    const status = entry.status === 'offered' ? 'offered' : 'waiting';
    places.set(key, { waitlistId: entry.id, position: positions.get(entry.id) ?? 0, status });
  }
  return { offers, places };
}
