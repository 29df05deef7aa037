/** Fills a platform with the demonstration, through its HTTP interface; what exists is left as it is. */
import { z } from 'zod';
import { createFirstAdmin } from '../api/admins.ts';
import {
  demonstrationAdmin,
  demonstrationPassword,
  logInAdmin,
  logInUser,
  registerUser,
} from '../api/accounts.ts';
import type { Client } from '../api/client.ts';
import { CommandError } from '../command-error.ts';
import type { Progress } from '../screen/progress.ts';
import {
  seedAdminName,
  seedEvents,
  seedUsers,
  seedVenues,
  type SeedEvent,
  type SeedVenue,
} from './catalog.ts';

export type SeedDeps = {
  client: Client;
  progress: Progress;
  now: Date;
  /** Makes the first administrator when there is none; null when it is not known. */
  bootstrapToken: string | null;
};
/** How many of each were made now; all zero when everything was there. */
export type SeedSummary = { users: number; admins: number; venues: number; events: number };

const page = 100;
const maxPages = 100;
const msPerHour = 3_600_000;
const msPerDay = 24 * msPerHour;

/** Running it again changes nothing: users are found by logging in, venues and events by name. */
export async function seedPlatform(deps: SeedDeps): Promise<SeedSummary> {
  const { admins, token } = await ensureAdmin(deps);
  const users = await ensureUsers(deps);
  const venueIds = await listByName(deps.client, token, '/api/event/admin/venues', venuePage);
  const venues = await ensureVenues(deps, token, venueIds);
  const eventStatuses = await listByName(deps.client, token, '/api/event/admin/events', eventPage);
  const events = await ensureEvents(deps, token, venueIds, eventStatuses);
  deps.progress.clear();
  return { users, admins, venues, events };
}

const adminSession = z.object({ access_token: z.string() });

async function ensureAdmin(deps: SeedDeps): Promise<{ admins: number; token: string }> {
  deps.progress.update('Looking for the administrator');
  const existing = await deps.client.send({
    method: 'POST',
    path: '/api/event/auth/admin/login',
    body: demonstrationAdmin,
  });
  const session = adminSession.safeParse(existing.body);
  if (existing.status === 200 && session.success) return { admins: 0, token: session.data.access_token };
  if (deps.bootstrapToken === null) {
    throw new CommandError(
      'There is no administrator to make the events, and no one-time token to make one. ' +
        'Run this on the machine of the platform, or set EVENTLY_BOOTSTRAP_TOKEN.',
    );
  }
  await createFirstAdmin(deps.client, deps.bootstrapToken, { ...demonstrationAdmin, name: seedAdminName });
  return { admins: 1, token: await logInAdmin(deps.client, demonstrationAdmin) };
}

async function ensureUsers(deps: SeedDeps): Promise<number> {
  let made = 0;
  for (const { email, name } of seedUsers) {
    deps.progress.update(`User ${email}`);
    const credentials = { email, password: demonstrationPassword };
    if ((await logInUser(deps.client, credentials)) !== null) continue;
    const session = await registerUser(deps.client, credentials, name);
    if (session === null)
      throw new CommandError(
        `${email} exists with another password; the demonstration leaves it alone and stops.`,
      );
    made += 1;
  }
  return made;
}

const venuePage = z
  .object({ venues: z.array(z.object({ venue_id: z.string(), name: z.string() })), total: z.number() })
  .transform(({ venues, total }) => ({
    total,
    items: venues.map((venue) => [venue.name, venue.venue_id] as const),
  }));
const eventPage = z
  .object({
    events: z.array(z.object({ event_id: z.string(), name: z.string(), status: z.string() })),
    total: z.number(),
  })
  .transform(({ events, total }) => ({
    total,
    items: events.map((event) => [event.name, { id: event.event_id, status: event.status }] as const),
  }));

/** All pages of an administrator's list, by name; the oldest of several with one name. */
async function listByName<T>(
  client: Client,
  token: string,
  path: string,
  schema: z.ZodType<{ total: number; items: readonly (readonly [string, T])[] }>,
): Promise<Map<string, T>> {
  const found = new Map<string, T>();
  for (let number = 1; number <= maxPages; number += 1) {
    const { total, items } = await client.ask(schema, {
      method: 'GET',
      path: `${path}?page=${number}&limit=${page}`,
      token,
    });
    for (const [name, value] of items) found.set(name, value);
    if (number * page >= total) return found;
  }
  throw new CommandError(
    `${path} lists more than ${maxPages * page} entries; this platform is not one to seed.`,
  );
}

async function ensureVenues(deps: SeedDeps, token: string, known: Map<string, string>): Promise<number> {
  let made = 0;
  for (const venue of seedVenues.filter(({ name }) => !known.has(name))) {
    deps.progress.update(`Venue ${venue.name}`);
    const created = await deps.client.ask(z.object({ venue_id: z.string() }), {
      method: 'POST',
      path: '/api/event/admin/venues',
      token,
      body: venueBody(venue),
    });
    known.set(venue.name, created.venue_id);
    made += 1;
  }
  return made;
}

async function ensureEvents(
  deps: SeedDeps,
  token: string,
  venueIds: ReadonlyMap<string, string>,
  known: ReadonlyMap<string, { id: string; status: string }>,
): Promise<number> {
  let made = 0;
  for (const event of seedEvents) {
    const existing = known.get(event.name);
    // A draft is what an interrupted run leaves behind; everything else was meant by somebody.
    if (existing !== undefined && existing.status !== 'draft') continue;
    deps.progress.update(`Event ${event.name}`);
    const id = existing?.id ?? (await createEvent(deps, token, event, venueIds.get(event.venue)));
    await deps.client.ask(z.unknown(), {
      method: 'POST',
      path: `/api/event/admin/events/${id}/publish`,
      token,
    });
    made += 1;
  }
  return made;
}

async function createEvent(
  deps: SeedDeps,
  token: string,
  event: SeedEvent,
  venueId: string | undefined,
): Promise<string> {
  if (venueId === undefined)
    throw new CommandError(`The venue "${event.venue}" of "${event.name}" is missing.`);
  const created = await deps.client.ask(z.object({ event_id: z.string() }), {
    method: 'POST',
    path: '/api/event/admin/events',
    token,
    body: eventBody(event, venueId, deps.now),
  });
  return created.event_id;
}

function venueBody(venue: SeedVenue): object {
  return {
    name: venue.name,
    address: venue.address,
    city: venue.city,
    state: venue.state,
    country: 'India',
    postal_code: venue.postalCode,
    latitude: venue.latitude,
    longitude: venue.longitude,
    capacity: venue.capacity,
  };
}

/** The create body; dates count from midnight UTC of today. */
export function eventBody(event: SeedEvent, venueId: string, now: Date): object {
  const midnightMs = Math.floor(now.getTime() / msPerDay) * msPerDay;
  const startsAtMs = midnightMs + event.daysAhead * msPerDay + event.startHour * msPerHour;
  return {
    name: event.name,
    description: event.description,
    venue_id: venueId,
    event_type: event.type,
    start_datetime: new Date(startsAtMs).toISOString(),
    end_datetime: new Date(startsAtMs + event.hours * msPerHour).toISOString(),
    total_capacity: event.capacity,
    base_price: event.price,
    currency: 'INR',
    max_tickets_per_booking: event.maxPerBooking,
    ...(event.tiers === undefined ? {} : { tiers: event.tiers }),
  };
}
