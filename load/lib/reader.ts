/** What a reader asks for: the list of events, one event, its availability. Each answer is looked at. */
import type { Trend } from 'k6/metrics';
import { availabilities, details, lists, read } from './measures.ts';
import { fail, send, type Sent } from './send.ts';
import type { Stage } from './stage.ts';

export function readList(stage: Stage): void {
  const answer = send(stage, { name: 'list', method: 'GET', path: '/api/event/events?limit=20' });
  count('list', lists, answer, Array.isArray(answer.member('events')));
}

export function readDetail(stage: Stage, eventId: string): void {
  const answer = send(stage, { name: 'detail', method: 'GET', path: `/api/event/events/${eventId}` });
  count('detail', details, answer, answer.member('event_id') === eventId);
}

/** The seats that are left, or null when the answer is not one; `seats` is the most there can be. */
export function readAvailability(stage: Stage, eventId: string, seats: number): number | null {
  const answer = askAvailability(stage, eventId);
  const available = availableOf(answer);
  const isRight = available !== null && available >= 0 && available <= seats;
  count('availability', availabilities, answer, isRight);
  return isRight ? available : null;
}

/** The same without counting it as one of the run's reads; throws when it is not answered. */
export function lookUpAvailability(stage: Stage, eventId: string): number {
  const answer = askAvailability(stage, eventId);
  const available = availableOf(answer);
  if (available === null) throw new Error(`The seats of event ${eventId} cannot be read: ${answer.status}.`);
  return available;
}

function askAvailability(stage: Stage, eventId: string): Sent {
  const path = `/api/booking/bookings/check-availability?event_id=${eventId}&quantity=1`;
  return send(stage, { name: 'availability', method: 'GET', path });
}

function availableOf({ status, member }: Sent): number | null {
  const available = member('available_seats');
  return status === 200 && typeof available === 'number' ? available : null;
}

function count(name: string, trend: Trend, answer: Sent, isRight: boolean): void {
  if (answer.status !== 200 || !isRight) {
    fail(name, answer);
    return;
  }
  read.add(1);
  trend.add(answer.elapsedMs);
}
