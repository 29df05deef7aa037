/** The stage of one drill: a venue and a published event with exactly the seats it needs. */
import { z } from 'zod';
import type { Client } from '../api/client.ts';

export type StagedEvent = { eventId: string; seats: number };

const venueAnswer = z.object({ venue_id: z.string() });
const eventAnswer = z.object({ event_id: z.string() });

const daysAhead = 30;
const msPerDay = 86_400_000;
const msPerHour = 3_600_000;

/** Creates and publishes "Drill <buyers> for <seats> <time>", on sale at once, starting in 30 days. */
export async function stageEvent(
  client: Client,
  adminToken: string,
  title: string,
  seats: number,
  now: Date,
): Promise<StagedEvent> {
  const post = { method: 'POST', token: adminToken } as const;
  const { venue_id } = await client.ask(venueAnswer, {
    ...post,
    path: '/api/event/admin/venues',
    body: {
      name: `${title} hall`,
      address: '1 Drill Road',
      city: 'Bengaluru',
      country: 'India',
      capacity: seats,
    },
  });
  const startsAt = new Date(now.getTime() + daysAhead * msPerDay);
  const { event_id } = await client.ask(eventAnswer, {
    ...post,
    path: '/api/event/admin/events',
    body: {
      name: `${title} ${now.toISOString()}`,
      venue_id,
      event_type: 'concert',
      start_datetime: startsAt.toISOString(),
      end_datetime: new Date(startsAt.getTime() + 3 * msPerHour).toISOString(),
      total_capacity: seats,
      base_price: 499.5,
      currency: 'INR',
    },
  });
  await client.ask(z.unknown(), { ...post, path: `/api/event/admin/events/${event_id}/publish` });
  return { eventId: event_id, seats };
}
