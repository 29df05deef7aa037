/** What buyers do in tests, in one line each. */
import { randomUUID } from 'node:crypto';
import type { Fixture } from './fixture.ts';

export type Buyer = { id: string; token: string };
type Answer = Awaited<ReturnType<Fixture['call']>>;

export type Acts = {
  buyer: () => Promise<Buyer>;
  /** Reserves with a key of its own unless `body` has one. */
  ask: (eventId: string, who: Buyer, body?: Record<string, unknown>) => Promise<Answer>;
  /** Reserves and answers the reservation's id; anything but 200 is an error. */
  reserve: (eventId: string, who: Buyer, quantity?: number, tierId?: string) => Promise<string>;
  confirm: (id: string, who: Buyer) => Promise<Answer>;
  look: (id: string, who: Buyer) => Promise<Record<string, unknown>>;
  cancel: (id: string, who: Buyer) => Promise<Answer>;
  giveBack: (id: string, who: Buyer) => Promise<Answer>;
  join: (eventId: string, who: Buyer, quantity?: number, tierId?: string) => Promise<Answer>;
  leave: (eventId: string, who: Buyer) => Promise<Answer>;
  position: (eventId: string, who: Buyer, tierId?: string) => Promise<Record<string, unknown>>;
  left: (eventId: string) => Promise<unknown>;
  /** Ends the hold by the database's clock; the sweep or the next call of `expire-reservations` sees it. */
  lapse: (id: string) => Promise<unknown>;
  /** The payment service says that money was taken. */
  settle: (eventId: string, bookingId: string, attempt?: number) => Promise<void>;
};

export function actsOf(f: Fixture): Acts {
  const post = (path: string, who: Buyer, body?: unknown): Promise<Answer> =>
    f.call('POST', path, { token: who.token, ...(body === undefined ? {} : { body }) });
  const ask: Acts['ask'] = (eventId, who, body = {}) =>
    post('/api/v1/bookings/reserve', who, {
      event_id: eventId,
      quantity: 1,
      idempotency_key: randomUUID(),
      ...body,
    });
  return {
    buyer: async () => {
      const id = randomUUID();
      return { id, token: await f.tokens.user(id) };
    },
    ask,
    reserve: async (eventId, who, quantity = 1, tierId) => {
      const answer = await ask(eventId, who, { quantity, tier_id: tierId });
      if (answer.status !== 200) throw new Error(`not reserved: ${JSON.stringify(answer.body)}`);
      return String(answer.body['reservation_id']);
    },
    confirm: (id, who) =>
      post('/api/v1/bookings/confirm', who, {
        reservation_id: id,
        payment_token: 'tok',
        payment_method: 'card',
      }),
    look: async (id, who) => (await f.call('GET', `/api/v1/bookings/${id}`, { token: who.token })).body,
    cancel: (id, who) => f.call('DELETE', `/api/v1/bookings/${id}`, { token: who.token }),
    giveBack: (id, who) => post(`/api/v1/bookings/${id}/expire`, who),
    join: (eventId, who, quantity = 1, tierId) =>
      post('/api/v1/waitlist/join', who, { event_id: eventId, quantity, tier_id: tierId }),
    leave: (eventId, who) =>
      f.call('DELETE', '/api/v1/waitlist/leave', { token: who.token, body: { event_id: eventId } }),
    position: async (eventId, who, tierId) => {
      const tier = tierId === undefined ? '' : `&tier_id=${tierId}`;
      const path = `/api/v1/waitlist/position?event_id=${eventId}${tier}`;
      return (await f.call('GET', path, { token: who.token })).body;
    },
    left: async (eventId) =>
      (await f.call('GET', `/api/v1/bookings/check-availability?event_id=${eventId}`)).body[
        'available_seats'
      ],
    lapse: (id) =>
      f.database.db.query(
        "update bookings set expires_at = clock_timestamp() - interval '1 second' where id = $1",
        [id],
      ),
    settle: (eventId, bookingId, attempt = 1) =>
      f.bus.publish({
        id: randomUUID(),
        topic: 'payment',
        key: bookingId,
        type: 'payment.settled',
        createdAt: new Date(),
        attempt: 1,
        payload: {
          payment_id: randomUUID(),
          booking_id: bookingId,
          event_id: eventId,
          attempt,
          status: 'succeeded',
          transaction_id: 't',
          amount_minor: 49_950,
          currency: 'INR',
        },
      }),
  };
}

const deadlineMs = 30_000;
const againMs = 20;

/** Reads until `done`, or until the deadline; answers what was read last. */
export async function until<T>(read: () => Promise<T>, done: (value: T) => boolean): Promise<T> {
  const endMs = performance.now() + deadlineMs;
  for (;;) {
    const value = await read();
    if (done(value) || performance.now() > endMs) return value;
    await new Promise((resolve) => setTimeout(resolve, againMs));
  }
}
