/** What a buyer does: reserve, confirm, cancel. Each counts its outcome and keeps the books of acknowledged seats. */
import exec from 'k6/execution';
import {
  cancellations,
  cancelled,
  confirmations,
  confirmed,
  losers,
  sold,
  soldOut,
  unaccounted,
  winners,
} from './measures.ts';
import { fail, send } from './send.ts';
import { fillersOf, seatsPerOrder } from './sizes.ts';
import { tokenAt, type Stage } from './stage.ts';

export type Order = { eventId: string; token: string; quantity: number; key: string };

const bookings = '/api/booking/bookings';
const nothingLeft = ['sold_out', 'not_enough_seats'];

/** The reservation's id, or null for a buyer who got none. */
export function reserve(stage: Stage, order: Order): string | null {
  const answer = send(stage, {
    name: 'reserve',
    method: 'POST',
    path: `${bookings}/reserve`,
    token: order.token,
    body: { event_id: order.eventId, quantity: order.quantity, idempotency_key: order.key },
  });
  const reservationId = answer.member('reservation_id');
  if (answer.status === 200 && typeof reservationId === 'string') {
    sold.add(order.quantity);
    unaccounted.add(order.quantity);
    winners.add(answer.elapsedMs);
    return reservationId;
  }
  if (answer.status === 409 && nothingLeft.some((code) => code === answer.member('code'))) {
    soldOut.add(1);
    losers.add(answer.elapsedMs);
  } else fail('reserve', answer);
  return null;
}

/** True when it is confirmed, or will be (202: the payment's outcome is not known yet). */
export function confirm(stage: Stage, reservationId: string, token: string): boolean {
  const answer = send(stage, {
    name: 'confirm',
    method: 'POST',
    path: `${bookings}/confirm`,
    token,
    body: { reservation_id: reservationId, payment_token: 'tok_load', payment_method: 'card' },
  });
  if (answer.status !== 200 && answer.status !== 202) {
    fail('confirm', answer);
    return false;
  }
  confirmed.add(1);
  confirmations.add(answer.elapsedMs);
  return true;
}

/** Gives the seats of a reservation or booking back. */
export function cancel(stage: Stage, bookingId: string, token: string, quantity: number): void {
  const answer = send(stage, { name: 'cancel', method: 'DELETE', path: `${bookings}/${bookingId}`, token });
  if (answer.status !== 200) {
    fail('cancel', answer);
    return;
  }
  cancelled.add(1);
  cancellations.add(answer.elapsedMs);
  unaccounted.add(-quantity);
}

/** Takes all seats of an event in large orders, by the buyers kept for that; throws when one is refused. */
export function fillHouse(stage: Stage, eventId: string, seats: number): void {
  const fillers = fillersOf(stage.sizes);
  for (let filler = 0; filler < fillers; filler += 1) {
    const token = tokenAt(stage, stage.tokens.length - fillers + filler);
    const quantity = Math.min(seatsPerOrder, seats - filler * seatsPerOrder);
    const reservationId = reserve(stage, { eventId, token, quantity, key: `k6 filler ${filler}` });
    if (reservationId === null) throw new Error(`The house was not filled: order ${filler + 1} was refused.`);
  }
}

/** This arrival's own buyer asks for one seat of the first event. */
export function buyOneSeat(stage: Stage): void {
  const { eventId } = stage.first;
  const buyer = exec.scenario.iterationInTest;
  reserve(stage, { eventId, token: tokenAt(stage, buyer), quantity: 1, key: `k6 ${eventId} ${buyer}` });
}
