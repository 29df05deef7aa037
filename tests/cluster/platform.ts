/** The platform as its people see it, through the way in: an organizer with events, and buyers with tokens. */
import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { logInAdmin } from 'evently/api/accounts';
import { createFirstAdmin } from 'evently/api/admins';
import { createClient, type Client } from 'evently/api/client';
import { issueTokens } from 'evently/drill/buyers';

export type Organizer = { email: string; password: string; token: string; client: Client };
export type NewEvent = { title: string; seats: number; isManaged: boolean };
export type Account = { email: string; password: string };

const msPerDay = 86_400_000;
const msPerHour = 3_600_000;
const venueAnswer = z.object({ venue_id: z.string() });
const eventAnswer = z.object({ event_id: z.string(), version: z.int() });
const sessionAnswer = z.object({ access_token: z.string() });

export async function becomeOrganizer(url: string, bootstrapToken: string): Promise<Organizer> {
  const client = createClient(url);
  const own = { email: 'organizer@evently.example', password: randomBytes(18).toString('hex') };
  await createFirstAdmin(client, bootstrapToken, { ...own, name: 'Organizer' });
  return { ...own, token: await logInAdmin(client, own), client };
}

/** A published event that starts in 30 days; a managed one stays closed until an EventSale has armed it. */
export async function publishEvent(organizer: Organizer, event: NewEvent): Promise<string> {
  const { client, token } = organizer;
  const post = { method: 'POST', token } as const;
  const venue = await client.ask(venueAnswer, {
    ...post,
    path: '/api/event/admin/venues',
    body: {
      name: `Hall of ${event.title}`,
      address: '1 Cluster Road',
      city: 'Bengaluru',
      country: 'India',
      capacity: event.seats,
    },
  });
  const startsAt = new Date(Date.now() + 30 * msPerDay);
  const { event_id } = await client.ask(eventAnswer, {
    ...post,
    path: '/api/event/admin/events',
    body: {
      name: event.title,
      venue_id: venue.venue_id,
      event_type: 'concert',
      start_datetime: startsAt.toISOString(),
      end_datetime: new Date(startsAt.getTime() + 3 * msPerHour).toISOString(),
      total_capacity: event.seats,
      base_price: 499.5,
      currency: 'INR',
      ...(event.isManaged && { sale: { mode: 'managed' } }),
    },
  });
  await client.ask(z.unknown(), { ...post, path: `/api/event/admin/events/${event_id}/publish` });
  return event_id;
}

/** Tokens of buyers that exist for load tests; `userUrl` is the user service's own address. */
export async function makeBuyers(userUrl: string, apiKey: string, count: number): Promise<readonly string[]> {
  const herd = await issueTokens(createClient(userUrl), apiKey, count);
  if (herd.kind === 'unavailable') throw new Error(herd.reason);
  return herd.tokens;
}

export async function registerAccount(client: Client): Promise<Account> {
  const account = {
    email: `${randomUUID()}@buyers.evently.example`,
    password: randomBytes(18).toString('hex'),
  };
  await client.ask(sessionAnswer, {
    method: 'POST',
    path: '/api/user/auth/register',
    body: { ...account, name: 'A buyer' },
  });
  return account;
}
