/** The buyer's own endings, coalesced per event: cancel a booking, or give a hold back before its time. */
import { createBatcher, type BatchLimits } from '@evently/kit/batcher';
import {
  keyNameOf,
  readAnswers,
  writeAnswers,
  type Answer,
  type KeyedRequest,
} from '@evently/kit/idempotency';
import type { Booking } from '../domain/booking.ts';
import { refundAmount, type RefundTerms } from '../domain/refund.ts';
import { refused, type Refusal, type Refused } from '../domain/refusals.ts';
import { lockBookings } from '../store/bookings.ts';
import { readTerms } from '../store/details.ts';
import { lockUsedTickets, type Ticket } from '../store/tickets.ts';
import { changeStock, type StockChange } from './change-stock.ts';
import { refundAndCancel, type EndDeps } from './end-bookings.ts';
import type { BookingLookUp } from './look-up-bookings.ts';

export type Ended = { booking: Booking; refundMinor: number };
export type EndRequest = {
  how: 'cancel' | 'return';
  bookingId: string;
  userId: string;
  /** Its operation names the booking, so that repeats of a key meet under the lock of one event. */
  keyed: KeyedRequest;
  /** What is answered, and kept under the key. */
  bodyOf: (ended: Ended) => string;
};
export type EndOutcome = { ok: true; body: string; replayed: boolean } | Refused;
export type EndQueue = {
  /**
   * Cancels a booking of its buyer: a hold is released, a confirmed booking gives its seats back and a refund
   * by the event's policy at the database's clock; or returns a hold. Refusals: unknown-booking,
   * already-cancelled, booking-expired, payment-in-progress, ticket-used (who is inside does not get the money
   * back), already-confirmed when a hold was to be returned, key-reused and queue-full. Seats return exactly
   * once, whatever races (I14). A repeated key gives the stored answer, `replayed` (I17); a refusal is not kept.
   */
  end: (request: EndRequest) => Promise<EndOutcome>;
  drained: () => Promise<void>;
};
export type EndOwnDeps = EndDeps & { lookUp: BookingLookUp; ending: BatchLimits };

export function createEndQueue(deps: EndOwnDeps): EndQueue {
  const batcher = createBatcher<EndRequest, EndOutcome>({
    name: 'end',
    run: (eventId, requests) => endAll(deps, eventId, requests),
    ...deps.ending,
    observe: (batch) => deps.metrics.batch('end', batch),
  });
  return {
    end: async (request) => {
      const looked = await deps.lookUp.find(request.bookingId, request.userId);
      if (!looked.ok) return looked;
      const submitted = await batcher.submit(looked.booking.eventId, request);
      if (submitted.kind === 'queue-full') return refused(submitted);
      if (submitted.kind === 'abandoned') throw new Error('an ending was dropped before its batch');
      return submitted.result;
    },
    drained: batcher.drained,
  };
}

/** One transaction for the endings of one event, in order of arrival, the kept answers with it (I19). */
export async function endAll(
  deps: EndDeps,
  eventId: string,
  requests: readonly EndRequest[],
): Promise<EndOutcome[]> {
  const changed = await changeStock(deps, eventId, 'cancel', (change) => endWithin(change, requests));
  return changed?.value ?? requests.map(() => refused({ kind: 'unknown-booking' }));
}

async function endWithin(change: StockChange, requests: readonly EndRequest[]): Promise<EndOutcome[]> {
  const { client } = change;
  const keyed = requests.map((request) => request.keyed).filter(({ key }) => key !== undefined);
  const answers = await readAnswers(client, keyed);
  const state = await lockState(change, requests);
  const kept: { request: KeyedRequest; answer: Answer }[] = [];
  const outcomes = requests.map((request): EndOutcome => {
    const stored = request.keyed.key === undefined ? undefined : answers.get(keyNameOf(request.keyed));
    if (stored !== undefined) {
      return stored.fingerprint === request.keyed.fingerprint
        ? { ok: true, body: stored.answer.body, replayed: true }
        : refused({ kind: 'key-reused' });
    }
    const ended = endOne(change, state, request);
    if ('kind' in ended) return refused(ended);
    state.bookings.set(ended.booking.id, ended.booking);
    const body = request.bodyOf(ended);
    if (request.keyed.key !== undefined) {
      const answer = { status: 200, body };
      // The same key may come again in this very batch.
      answers.set(keyNameOf(request.keyed), { fingerprint: request.keyed.fingerprint, answer });
      kept.push({ request: request.keyed, answer });
    }
    return { ok: true, body, replayed: false };
  });
  await writeAnswers(client, kept);
  return outcomes;
}

type EndState = {
  bookings: Map<string, Booking>;
  usedTickets: ReadonlyMap<string, Ticket>;
  terms: RefundTerms | null;
};

/** Locks what the requests name, bookings before their tickets, and reads on what terms they end. */
async function lockState(change: StockChange, requests: readonly EndRequest[]): Promise<EndState> {
  const { client } = change;
  const { eventId } = change.sale;
  const bookings = await lockBookings(client, eventId, [...new Set(requests.map((each) => each.bookingId))]);
  const bought = [...bookings.values()].filter(({ status }) => status === 'confirmed');
  if (bought.length === 0) return { bookings, usedTickets: new Map(), terms: null };
  const ids = bought.map((booking) => booking.id);
  return {
    bookings,
    usedTickets: await lockUsedTickets(client, eventId, ids),
    terms: await readTerms(client, eventId),
  };
}

function endOne(change: StockChange, state: EndState, request: EndRequest): Ended | Refusal {
  const booking = state.bookings.get(request.bookingId);
  if (booking === undefined || booking.userId !== request.userId) return { kind: 'unknown-booking' };
  if (booking.status === 'pending') {
    const ended =
      request.how === 'cancel'
        ? change.transition(booking, 'cancelled', 'cancelled_by_buyer')
        : change.transition(booking, 'expired', 'returned_by_buyer');
    return { booking: ended, refundMinor: 0 };
  }
  if (booking.status !== 'confirmed') return endRefusal(booking.status);
  if (request.how === 'return') return { kind: 'already-confirmed' };
  const used = state.usedTickets.get(booking.id);
  if (used !== undefined)
    return { kind: 'ticket-used', usedAt: used.usedAt ?? change.now, usedWhere: used.usedWhere ?? '' };
  if (state.terms === null) throw new Error(`event ${booking.eventId} was not asked for its terms`);
  const { refundPolicy, startsAt } = state.terms;
  const refundMinor = refundAmount(booking.totalMinor, refundPolicy, startsAt, change.now);
  return {
    booking: refundAndCancel(change, booking, refundMinor, 'cancelled_by_buyer'),
    refundMinor,
  };
}

function endRefusal(status: Exclude<Booking['status'], 'pending' | 'confirmed'>): Refusal {
  switch (status) {
    case 'cancelled':
      return { kind: 'already-cancelled' };
    case 'expired':
      return { kind: 'booking-expired' };
    case 'paying':
    case 'payment_unknown':
      return { kind: 'payment-in-progress' };
  }
}
