/** Confirms a reservation: step to paying, ask payment outside any transaction, settle what it says. */
import { paymentAnswer, type PaymentAnswer, type PaymentRequest } from '@evently/contracts/payments';
import type { Caller, CallOutcome } from '@evently/kit/caller';
import { newId } from '@evently/kit/ids';
import { writeOutbox } from '@evently/kit/outbox';
import type { Booking } from '../domain/booking.ts';
import type { PaymentOutcome } from '../domain/payment.ts';
import { refused, type Refusal, type Refused } from '../domain/refusals.ts';
import type { BookingMetrics, ConfirmationOutcome } from '../metrics.ts';
import { findBooking, lockBookings } from '../store/bookings.ts';
import { listDetails } from '../store/details.ts';
import { readNow } from '../store/paying.ts';
import type { PayingQueue } from './begin-paying.ts';
import { changeStock, type StockDeps } from './change-stock.ts';
import type { BookingLookUp } from './look-up-bookings.ts';
import type { Settler } from './settle-payments.ts';

export type ConfirmInput = { bookingId: string; userId: string; paymentToken: string; paymentMethod: string };
export type ConfirmOutcome = { ok: true; booking: Booking; settled: boolean } | Refused;
export type ConfirmDeps = StockDeps & {
  metrics: BookingMetrics;
  paymentCaller: Caller;
  lookUp: BookingLookUp;
  payingQueue: PayingQueue;
  settler: Settler;
};

/**
 * Charges once and confirms. A confirmed booking gives its stored answer; an outcome that is not known yet
 * gives `settled: false` and keeps the seats. Refusals: unknown-booking (also for another buyer's),
 * booking-expired, booking-released, already-cancelled, event-cancelled, payment-refused, queue-full.
 * Our row says `paying` with its attempt before payment is called; the call is outside any transaction.
 */
export async function confirmBooking(deps: ConfirmDeps, input: ConfirmInput): Promise<ConfirmOutcome> {
  deps.metrics.confirmation('asked');
  let cameTo: ConfirmationOutcome = 'failed';
  try {
    const begun = await beginPayment(deps, input);
    if ('ok' in begun) {
      cameTo = begun.ok ? 'repeated' : 'refused';
      return begun;
    }
    const outcome = await payFor(deps.paymentCaller, begun, input);
    const settled = await deps.settler.settle({ booking: begun, outcome });
    const answer = answerOf(begun, outcome, settled);
    cameTo = answer.ok ? (answer.settled ? 'paid' : 'unknown') : 'declined';
    return answer;
  } finally {
    deps.metrics.confirmation(cameTo);
  }
}

/** The booking, paying; or the answer when it is not to be paid now. */
async function beginPayment(deps: ConfirmDeps, input: ConfirmInput): Promise<Booking | ConfirmOutcome> {
  const { bookingId, userId, paymentMethod } = input;
  const looked = await deps.lookUp.find(bookingId, userId);
  if (!looked.ok) return looked;
  if (looked.booking.status !== 'pending') return explain(deps, input);
  const begun = await deps.payingQueue.begin(looked.booking.eventId, { bookingId, userId, paymentMethod });
  if (begun.kind === 'queue-full') return refused(begun);
  return begun.kind === 'abandoned' || begun.result === null ? explain(deps, input) : begun.result;
}

function answerOf(paying: Booking, outcome: PaymentOutcome, settled: Booking | null): ConfirmOutcome {
  if (settled?.status === 'confirmed') return { ok: true, booking: settled, settled: true };
  if (outcome.status === 'declined') {
    return refused({
      kind: 'payment-refused',
      declineCode: outcome.declineCode,
      expiresAt: settled?.expiresAt ?? paying.expiresAt,
    });
  }
  return { ok: true, booking: settled ?? paying, settled: false };
}

/** Why the booking could not step to paying. */
async function explain(deps: ConfirmDeps, input: ConfirmInput): Promise<ConfirmOutcome> {
  const booking = await findBooking(deps.db, input.bookingId);
  if (booking === null || booking.userId !== input.userId) return refused({ kind: 'unknown-booking' });
  switch (booking.status) {
    case 'confirmed':
      return { ok: true, booking, settled: true };
    case 'paying':
    case 'payment_unknown':
      return { ok: true, booking, settled: false };
    case 'pending':
      if (await isCancelled(deps, booking)) return refused({ kind: 'event-cancelled' });
      // Alive again: a payment that ran beside this request was refused meanwhile.
      return booking.expiresAt > (await readNow(deps.db))
        ? { ok: true, booking, settled: false }
        : refused({ kind: 'booking-expired' });
    case 'expired':
    case 'cancelled':
      return refused(releasedRefusal(booking));
  }
}

async function isCancelled(deps: ConfirmDeps, booking: Booking): Promise<boolean> {
  return (await listDetails(deps.db, [booking.eventId])).get(booking.eventId)?.window.status === 'cancelled';
}

function releasedRefusal(booking: Booking): Refusal {
  if (booking.status === 'expired') return { kind: 'booking-expired' };
  return booking.confirmedAt === null ? { kind: 'booking-released' } : { kind: 'already-cancelled' };
}

/** A booking that costs nothing has no payment (I21). */
async function payFor(caller: Caller, booking: Booking, input: ConfirmInput): Promise<PaymentOutcome> {
  if (booking.totalMinor === 0) return { status: 'free', attempt: booking.attempt };
  return requestPayment(caller, booking, input);
}

async function requestPayment(
  caller: Caller,
  booking: Booking,
  input: ConfirmInput,
): Promise<PaymentOutcome> {
  const request: PaymentRequest = {
    booking_id: booking.id,
    event_id: booking.eventId,
    user_id: booking.userId,
    attempt: booking.attempt,
    amount_minor: booking.totalMinor,
    currency: booking.currency,
    payment_token: input.paymentToken,
    payment_method: input.paymentMethod,
  };
  return outcomeOf(await caller.call('POST', '/internal/payments', paymentAnswer, request), booking.attempt);
}

/** Anything but a clear answer is unknown, never a failure: the money may have moved. */
export function outcomeOf(call: CallOutcome<PaymentAnswer>, attempt: number): PaymentOutcome {
  if (call.kind !== 'ok') return { status: 'unknown', attempt };
  const answer = call.value;
  switch (answer.status) {
    case 'succeeded':
      return {
        status: 'succeeded',
        attempt,
        paymentId: answer.payment_id,
        transactionId: answer.transaction_id,
      };
    case 'declined':
      return { status: 'declined', attempt, declineCode: answer.decline_code ?? 'declined' };
    case 'unknown':
      return { status: 'unknown', attempt };
    case 'void':
      return { status: 'void', attempt };
  }
}

/** Asks about one booking whose payment is open; the database's clock decides when it is given up. */
export async function resolvePayment(
  deps: ConfirmDeps & { giveUpSeconds: number },
  booking: Booking,
): Promise<void> {
  const path = `/internal/payments?booking_id=${booking.id}&attempt=${booking.attempt}`;
  const call = await deps.paymentCaller.call('GET', path, paymentAnswer);
  const known = call.kind === 'ok' ? outcomeOf(call, booking.attempt) : null;
  if (known !== null && known.status !== 'unknown') {
    await deps.settler.settle({ booking, outcome: known });
    return;
  }
  const now = await readNow(deps.db);
  const since = booking.payingSince ?? booking.createdAt;
  const neverAsked = call.kind === 'refused' && call.status === 404;
  const overdue = now.getTime() - since.getTime() >= deps.giveUpSeconds * 1000;
  if (!neverAsked && !overdue) {
    if (booking.status === 'paying')
      await deps.settler.settle({ booking, outcome: { status: 'unknown', attempt: booking.attempt } });
    return;
  }
  // A tombstone first: a request that is still on its way must find the attempt void.
  const voided = await deps.paymentCaller.call('POST', '/internal/payments/void', paymentAnswer, {
    booking_id: booking.id,
    event_id: booking.eventId,
    attempt: booking.attempt,
  });
  const outcome = outcomeOf(voided, booking.attempt);
  if (outcome.status !== 'unknown') await deps.settler.settle({ booking, outcome });
  else if (overdue) await giveUp(deps, booking);
}

/**
 * Neither the provider nor the payment service has answered within the hard limit: the seats go back, and a
 * message voids the attempt as soon as payment can hear it. Money that still comes is dealt with then.
 */
async function giveUp(deps: ConfirmDeps, booking: Booking): Promise<void> {
  await changeStock(deps, booking.eventId, 'expire', async (change) => {
    const locked = (await lockBookings(change.client, booking.eventId, [booking.id])).get(booking.id);
    // `paying` too: after a long outage the first question is overdue already.
    const open = locked?.status === 'payment_unknown' || locked?.status === 'paying';
    if (!open || locked.attempt !== booking.attempt) return;
    change.transition(locked, 'expired', 'payment_given_up');
    await writeOutbox(change.client, {
      id: newId(deps.clock.now().getTime()),
      topic: 'booking',
      key: booking.id,
      type: 'booking.void_requested',
      payload: { booking_id: booking.id, event_id: booking.eventId, attempt: booking.attempt },
    });
  });
}
