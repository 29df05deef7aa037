/** What an organizer and a buyer do, over the public paths of the pods themselves. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { monotonicMs, pause } from '@evently/kit/clock';
import { createFirstAdmin } from 'evently/api/admins';
import { logInAdmin, registerUser } from 'evently/api/accounts';
import { createClient, type Client } from 'evently/api/client';
import { stageEvent } from 'evently/drill/stage';
import { bootstrapToken, type PodPlatform } from './pod-platform.ts';

export type Buyer = { userId: string; token: string };

const password = 'a-long-enough-password';
const reservation = z.object({ reservation_id: z.string(), total_amount: z.number() });
const confirmation = z.object({ booking_id: z.string(), status: z.string() });
/** A busy machine may answer that the outcome is not known yet; whoever asks again hears it. */
const confirmMs = 60_000;
const askAgainMs = 500;

export async function registerBuyer(platform: PodPlatform): Promise<Buyer> {
  const email = `buyer-${randomUUID()}@example.com`;
  const buyer = await registerUser(createClient(platform.urlOf('user')), { email, password }, 'Asha');
  if (buyer === null) throw new Error(`${email} is taken`);
  return { userId: buyer.userId, token: buyer.token };
}

/** The first administrator of the platform; there is one. Answers its access token. */
export async function becomeOrganizer(platform: PodPlatform): Promise<string> {
  const client = createClient(platform.urlOf('event'));
  const admin = { email: `admin-${randomUUID()}@example.com`, password, name: 'Organizer' };
  await createFirstAdmin(client, bootstrapToken, admin);
  return logInAdmin(client, admin);
}

/** Publishes an event with `seats`; answers its id. */
export async function publishEvent(platform: PodPlatform, token: string, seats: number): Promise<string> {
  const client = createClient(platform.urlOf('event'));
  return (await stageEvent(client, token, 'Pods', seats, new Date())).eventId;
}

export type Reserved = z.output<typeof reservation>;

export function reserve(client: Client, buyer: Buyer, eventId: string, quantity: number): Promise<Reserved> {
  return client.ask(reservation, {
    method: 'POST',
    path: '/api/booking/reserve',
    token: buyer.token,
    body: { event_id: eventId, quantity, idempotency_key: randomUUID() },
  });
}

export async function confirm(client: Client, buyer: Buyer, reservationId: string): Promise<void> {
  const givesUpAtMs = monotonicMs() + confirmMs;
  for (;;) {
    const { status } = await client.ask(confirmation, {
      method: 'POST',
      path: '/api/booking/confirm',
      token: buyer.token,
      body: { reservation_id: reservationId, payment_token: `card-${reservationId}`, payment_method: 'card' },
    });
    if (status === 'confirmed') return;
    if (monotonicMs() > givesUpAtMs) throw new Error(`${reservationId} is still ${status}`);
    await pause(askAgainMs);
  }
}

/** What is given back, in major units. */
export async function cancel(client: Client, buyer: Buyer, bookingId: string): Promise<number> {
  const answer = await client.ask(z.object({ refund_amount: z.number() }), {
    method: 'DELETE',
    path: `/api/booking/bookings/${bookingId}`,
    token: buyer.token,
  });
  return answer.refund_amount;
}

const page = z.object({ status: z.string(), available_seats: z.int() });

/** The event's page as the public sees it. */
export function readEvent(platform: PodPlatform, eventId: string): Promise<z.output<typeof page>> {
  return createClient(platform.urlOf('event')).ask(page, {
    method: 'GET',
    path: `/api/event/events/${eventId}`,
  });
}
