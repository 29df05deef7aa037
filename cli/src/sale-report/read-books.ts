/** The books of an event: from booking's database, or from the interface where that is out of reach. */
import { readEventBatches, readEventBooks, type EventBooks } from '@evently/booking/store/books';
import type { Database } from '@evently/kit/postgres';
import { z } from 'zod';
import type { Client } from '../api/client.ts';
import type { Batches, Books } from './story.ts';

const reportAnswer = z.object({
  total_capacity: z.int(),
  available_seats: z.int(),
  tickets_sold: z.int(),
  held: z.int().default(0),
});

/** The same numbers that `evently verify --event` prints. */
export function booksFrom(read: EventBooks): Books {
  return {
    capacity: read.capacity,
    available: read.available,
    held: read.held,
    sold: read.sold,
    blocked: read.blocked,
    oversold: read.oversold,
    held_by_bookings: read.heldByBookings,
    sold_by_bookings: read.soldByBookings,
    counted_from: 'database',
  };
}

/** Null for an event that booking does not know. */
export async function readBooks(
  db: Database,
  eventId: string,
): Promise<{ name: string; books: Books } | null> {
  const read = await readEventBooks(db, eventId);
  return read === null ? null : { name: read.name, books: booksFrom(read) };
}

/** What the organizer's report says; there are no bookings to count, so it is believed. */
export async function askBooks(client: Client, adminToken: string, eventId: string): Promise<Books> {
  const report = await client.ask(reportAnswer, {
    method: 'GET',
    path: `/api/event/admin/events/${eventId}/analytics`,
    token: adminToken,
  });
  const { total_capacity: capacity, available_seats: available, tickets_sold: sold, held } = report;
  return {
    capacity,
    available,
    held,
    sold,
    blocked: Math.max(0, capacity - available - held - sold),
    oversold: Math.max(0, held + sold - capacity),
    held_by_bookings: held,
    sold_by_bookings: sold,
    counted_from: 'interface',
  };
}

/** Null when the database keeps no message of a batch of this event any more. */
export async function readBatches(db: Database, eventId: string): Promise<Batches | null> {
  const read = await readEventBatches(db, eventId);
  if (read.count === 0) return null;
  return {
    count: read.count,
    reservations: read.reservations,
    mean_size: read.reservations / read.count,
    largest: read.largest,
    conflicts: read.conflicts,
    conflict_ratio: read.conflicts / read.count,
    first_version: read.firstVersion,
    last_version: read.lastVersion,
  };
}
