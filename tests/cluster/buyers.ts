/** What buyers and an organizer keep asking of an event that is on sale, each kind of request at its own pace. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Account, Organizer } from './platform.ts';
import { send, type Request, type Round, type Told } from './steady-load.ts';

export type Crowd = {
  eventId: string;
  tokens: readonly string[];
  /** Logs in again and again: its tokens are signed by whichever key signs then. */
  account: Account;
  organizer: Organizer;
};

const reservationAnswer = z.object({ reservation_id: z.string() });
const sessionAnswer = z.object({ access_token: z.string() });
/** A pace that a busy machine keeps: what is looked for is a request that fails, not speed. */
const reservesPerSecond = 12;

/** One round for each service and each call between services: a key or a pod that is missed shows in one of them. */
export function crowdRounds({ eventId, tokens, account, organizer }: Crowd): Round[] {
  const unpaid: { reservation: string; token: string }[] = [];
  let fresh: string | null = null;
  const browse: Request = { method: 'GET', path: `/api/event/events/${eventId}` };
  return [
    {
      kind: 'reserve',
      perSecond: reservesPerSecond,
      // A token of this minute in turn with those from before.
      next: (at) =>
        reserveRequest(
          eventId,
          (at % 2 === 0 ? fresh : null) ?? tokens[at % tokens.length] ?? '',
          randomUUID(),
        ),
      onAnswer: ({ status, body, request }) => {
        if (status === 200 && request.token !== undefined)
          unpaid.push({
            reservation: reservationAnswer.parse(JSON.parse(body)).reservation_id,
            token: request.token,
          });
      },
    },
    {
      // Booking asks payment.
      kind: 'confirm',
      perSecond: 3,
      next: () => {
        const one = unpaid.shift();
        return one === undefined ? browse : confirmRequest(one.reservation, one.token);
      },
    },
    {
      kind: 'availability',
      perSecond: 3,
      next: () => ({
        method: 'GET',
        path: `/api/booking/bookings/check-availability?event_id=${eventId}&quantity=1`,
      }),
    },
    { kind: 'event', perSecond: 3, next: () => browse },
    {
      kind: 'search',
      perSecond: 3,
      // Each is another question, so that none is answered from what was kept.
      next: (at) => ({ method: 'GET', path: `/api/search?q=hall&limit=${1 + (at % 100)}` }),
    },
    {
      // User asks booking.
      kind: 'bookings',
      perSecond: 2,
      next: (at) => ({
        method: 'GET',
        path: '/api/user/users/bookings',
        token: fresh ?? tokens[at % tokens.length] ?? '',
      }),
    },
    {
      // Event asks booking.
      kind: 'report',
      perSecond: 1,
      next: () => ({
        method: 'GET',
        path: `/api/event/admin/events/${eventId}/analytics`,
        token: organizer.token,
      }),
    },
    {
      kind: 'login',
      perSecond: 0.5,
      next: () => ({ method: 'POST', path: '/api/user/auth/login', body: account }),
      onAnswer: ({ status, body }) => {
        if (status === 200) fresh = sessionAnswer.parse(JSON.parse(body)).access_token;
      },
    },
  ];
}

export function reserveRequest(eventId: string, token: string, key: string): Request {
  return {
    method: 'POST',
    path: '/api/booking/bookings/reserve',
    token,
    body: { event_id: eventId, quantity: 1, idempotency_key: key },
  };
}

function confirmRequest(reservation: string, token: string): Request {
  return {
    method: 'POST',
    path: '/api/booking/confirm',
    token,
    body: {
      reservation_id: reservation,
      payment_token: `card-${reservation}`,
      payment_method: 'card',
      idempotency_key: `pay ${reservation}`,
    },
  };
}

const repeatsAtOnce = 20;

/** Asks everything once more with the same key; answers the pairs whose second answer differs from a good first one. */
export async function repeatAll(
  url: string,
  told: readonly Told[],
): Promise<{ again: readonly Told[]; changed: readonly string[] }> {
  const again: Told[] = [];
  const changed: string[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let first = told[next++]; first !== undefined; first = told[next++]) {
      const second = await send(url, first.kind, first.request);
      again.push(second);
      if (first.status === 200 && second.body !== first.body)
        changed.push(`${first.body} became ${second.status} ${second.body}`);
    }
  };
  await Promise.all(Array.from({ length: repeatsAtOnce }, work));
  return { again, changed };
}
