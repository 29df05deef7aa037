/** Decides reservations one by one, in order, under the row's lock. Pure: the state comes in and is changed. */
import { sameLines, type Booking, type Line } from './booking.ts';
import type { Refusal, WaitlistPlace } from './refusals.ts';
import { fits, move, totalOf, type Stock } from './stock.ts';

/** What one buyer asks for. `tierId` null means "the only tier there is". */
export type Request = {
  id: string;
  userId: string;
  key: string;
  lines: readonly { tierId: string | null; quantity: number }[];
  /** The id of the waitlist entry that a refusal may open. */
  waitlistId: string;
};

/** All that a decision depends on, read after the lock was had. */
export type SaleState = {
  now: Date;
  holdUntil: Date;
  status: 'published' | 'cancelled' | 'completed';
  /** Null stands for an infinite bound: `opensAt` null never opens unless `open` says otherwise. */
  window: { open: boolean; closed: boolean; opensAt: Date | null; closesAt: Date | null };
  eventId: string;
  currency: string;
  maxPerBooking: number;
  maxPerBuyer: number | null;
  stock: Stock;
  /** Tickets held or bought, by buyer. */
  held: Map<string, number>;
  /** Stored reservations by `keyOf(user, key)`. */
  stored: Map<string, Booking>;
  /** Open offers and waiting places of the batch's buyers, by `keyOf(user, tier)`. */
  offers: Map<string, Booking>;
  places: Map<string, WaitlistPlace>;
  enrolment: { automatic: boolean; waiting: Map<string, number>; room: number };
};

export type Enrolment = { id: string; userId: string; tierId: string; quantity: number };
export type Decision =
  | { kind: 'granted'; booking: Booking }
  | { kind: 'stored'; booking: Booking }
  /** The buyer's open offer answers the request and takes its key. */
  | { kind: 'offer'; booking: Booking; key: string }
  | { kind: 'refused'; refusal: Refusal; enrolment: Enrolment | null };

export function keyOf(userId: string, key: string): string {
  return `${userId} ${key}`;
}

/**
 * Grants the request whole or refuses it; never a part of it. A repeated key comes first, whatever else is
 * true of the sale (I17); the same key for something else is refused (I18).
 */
export function allocate(state: SaleState, request: Request): Decision {
  const refuse = (refusal: Refusal): Decision => ({ kind: 'refused', refusal, enrolment: null });
  const lines = resolveLines(state.stock, request.lines);
  const stored = state.stored.get(keyOf(request.userId, request.key));
  if (stored !== undefined) {
    const same = lines !== null && sameLines(stored.lines, lines);
    return same ? { kind: 'stored', booking: stored } : refuse({ kind: 'key-reused' });
  }
  const closed = windowRefusal(state);
  if (closed !== null) return refuse(closed);
  if (lines === null) return refuse({ kind: 'tier-required' });
  const unknown = lines.find((line) => !state.stock.has(line.tierId));
  if (unknown !== undefined) return refuse({ kind: 'unknown-tier', tierId: unknown.tierId });
  const offer = openOffer(state, request, lines);
  if (offer !== null) return { kind: 'offer', booking: offer, key: request.key };
  const limit = limitRefusal(state, request.userId, lines);
  if (limit !== null) return refuse(limit);
  if (!fits(state.stock, lines)) return refuseForStock(state, request, lines);
  return { kind: 'granted', booking: grant(state, request, lines) };
}

function resolveLines(stock: Stock, asked: Request['lines']): { tierId: string; quantity: number }[] | null {
  const only = stock.size === 1 ? [...stock.keys()][0] : undefined;
  const lines: { tierId: string; quantity: number }[] = [];
  for (const { tierId, quantity } of asked) {
    const resolved = tierId ?? only;
    if (resolved === undefined) return null;
    const before = lines.find((line) => line.tierId === resolved);
    if (before === undefined) lines.push({ tierId: resolved, quantity });
    else before.quantity += quantity;
  }
  return lines;
}

function windowRefusal(state: SaleState): Refusal | null {
  if (state.status !== 'published') return { kind: 'event-cancelled' };
  if (state.window.closed) return { kind: 'sale-closed', closedAt: state.window.closesAt };
  if (!state.window.open) return { kind: 'sale-not-open', opensAt: state.window.opensAt };
  return null;
}

function openOffer(
  state: SaleState,
  request: Request,
  lines: readonly { tierId: string; quantity: number }[],
): Booking | null {
  for (const line of lines) {
    const offer = state.offers.get(keyOf(request.userId, line.tierId));
    if (offer !== undefined && sameLines(offer.lines, lines)) return offer;
  }
  return null;
}

function limitRefusal(
  state: SaleState,
  userId: string,
  lines: readonly { quantity: number }[],
): Refusal | null {
  const quantity = lines.reduce((sum, line) => sum + line.quantity, 0);
  if (quantity > state.maxPerBooking) return { kind: 'over-booking-limit', max: state.maxPerBooking };
  const has = state.held.get(userId) ?? 0;
  if (state.maxPerBuyer !== null && has + quantity > state.maxPerBuyer) {
    return { kind: 'limit-reached', max: state.maxPerBuyer, has };
  }
  return null;
}

/** Sold out, with a place on the waitlist where the event gives one; or too few left. */
function refuseForStock(
  state: SaleState,
  request: Request,
  lines: readonly { tierId: string; quantity: number }[],
): Decision {
  const left = lines.map((line) => state.stock.get(line.tierId)?.available ?? 0);
  const line = lines[0];
  if (left.every((available) => available > 0) || line === undefined) {
    return {
      kind: 'refused',
      refusal: { kind: 'not-enough-seats', available: Math.min(...left) },
      enrolment: null,
    };
  }
  const place = state.places.get(keyOf(request.userId, line.tierId));
  const { enrolment } = state;
  const canEverFit = line.quantity <= (state.stock.get(line.tierId)?.capacity ?? 0);
  if (
    place !== undefined ||
    !enrolment.automatic ||
    enrolment.room <= 0 ||
    lines.length !== 1 ||
    !canEverFit
  ) {
    return { kind: 'refused', refusal: { kind: 'sold-out', waitlist: place ?? null }, enrolment: null };
  }
  const ahead = enrolment.waiting.get(line.tierId) ?? 0;
  enrolment.waiting.set(line.tierId, ahead + 1);
  enrolment.room -= 1;
  const entered: WaitlistPlace = { waitlistId: request.waitlistId, position: ahead + 1, status: 'waiting' };
  state.places.set(keyOf(request.userId, line.tierId), entered);
  return {
    kind: 'refused',
    refusal: { kind: 'sold-out', waitlist: entered },
    enrolment: { id: request.waitlistId, userId: request.userId, ...line },
  };
}

function grant(
  state: SaleState,
  request: Request,
  asked: readonly { tierId: string; quantity: number }[],
): Booking {
  const lines: Line[] = asked.map((line) => ({
    ...line,
    unitPriceMinor: state.stock.get(line.tierId)?.priceMinor ?? 0,
  }));
  move(state.stock, lines, 'available', 'held');
  const booking = newBooking({
    id: request.id,
    eventId: state.eventId,
    userId: request.userId,
    idempotencyKey: request.key,
    lines,
    currency: state.currency,
    createdAt: state.now,
    expiresAt: state.holdUntil,
    waitlistId: null,
  });
  state.stored.set(keyOf(request.userId, request.key), booking);
  state.held.set(request.userId, (state.held.get(request.userId) ?? 0) + booking.quantity);
  return booking;
}

/** A booking as it begins: pending, at the prices of its lines (I11). */
export function newBooking(
  start: Pick<
    Booking,
    | 'id'
    | 'eventId'
    | 'userId'
    | 'idempotencyKey'
    | 'lines'
    | 'currency'
    | 'createdAt'
    | 'expiresAt'
    | 'waitlistId'
  >,
): Booking {
  return {
    ...start,
    quantity: start.lines.reduce((sum, line) => sum + line.quantity, 0),
    totalMinor: start.lines.reduce((sum, line) => sum + line.quantity * line.unitPriceMinor, 0),
    status: 'pending',
    revision: 1,
    firstExpiresAt: start.expiresAt,
    attempt: 0,
    graceGranted: false,
    payingSince: null,
    paymentId: null,
    transactionId: null,
    confirmedAt: null,
  };
}

/** True when nothing at all is available. */
export function soldOut(stock: Stock): boolean {
  return totalOf(stock, 'available') === 0;
}
