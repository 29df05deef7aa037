/** The story of a sale that is over or goes on, from what the database and the metrics still know. */
import { countBookings, listBookingMoments, type BookingMoment } from '@evently/booking/store/books';
import type { Database } from '@evently/kit/postgres';
import type { Samples } from '@evently/standalone/console/samples';
import { CommandError } from '../command-error.ts';
import { maxListedBuyers } from './drill-story.ts';
import { readBatches, readBooks } from './read-books.ts';
import { refusalsOf } from './read-metrics.ts';
import { countPerStep, stepFor } from './timeline.ts';
import type { Buyer, Buyers, SaleStory, Timeline } from './story.ts';

/** A sale of more bookings is told by its first ones; the books are of all of them. */
const maxMoments = 500_000;

const outcomes = ['held', 'sold', 'cancelled', 'expired'];
const outcomeOf: Readonly<Record<string, number>> = {
  pending: 0,
  paying: 0,
  payment_unknown: 0,
  confirmed: 1,
  cancelled: 2,
  expired: 3,
};

/** Throws a sentence for an event that booking does not know. `samples` null where no process answers. */
export async function tellAfterwards(
  db: Database,
  eventId: string,
  now: Date,
  samples: Samples | null,
): Promise<SaleStory> {
  const known = await readBooks(db, eventId);
  if (known === null) {
    throw new CommandError(
      `Booking knows no event ${eventId}. Ids are those of published events: look at /api/event/events.`,
    );
  }
  const { name, books } = known;
  const moments = await listBookingMoments(db, eventId, maxMoments);
  const firstMs = moments[0]?.createdMs ?? now.getTime();
  return {
    summary: {
      written_at: now.toISOString(),
      title: name,
      event_id: eventId,
      event_name: name,
      capacity: books.capacity,
      sold: books.sold,
      held: books.held,
      available: books.available,
      oversold: books.oversold,
      source: 'afterwards',
      faults: faultsOf(books),
    },
    event: { id: eventId, name },
    drill: null,
    books,
    timeline: timelineOf(moments, firstMs),
    buyers: buyersOf(moments, firstMs, await countBookings(db, eventId)),
    fairness: null,
    fairness_about:
      'Not known afterwards: the database keeps who got seats, and nothing of who was refused. A drill counts both.',
    refusals: samples === null ? {} : refusalsOf(samples, eventId),
    refusals_about:
      samples === null
        ? 'Not known: no process was asked for its metrics.'
        : 'By the metrics of the processes that answered, since each began; events that were not on sale lately are not told apart.',
    batches: await readBatches(db, eventId),
    time: null,
  };
}

function faultsOf(books: SaleStory['books']): string[] {
  const isCounted = books.held === books.held_by_bookings && books.sold === books.sold_by_bookings;
  return [
    ...(books.oversold > 0 ? [`${books.oversold} seats were sold twice`] : []),
    ...(isCounted
      ? []
      : [
          `the stock counts ${books.held} held and ${books.sold} sold, the bookings ${books.held_by_bookings} and ${books.sold_by_bookings}`,
        ]),
  ];
}

function timelineOf(moments: readonly BookingMoment[], firstMs: number): Timeline {
  const after = (times: readonly (number | null)[]): number[] =>
    times.filter((time) => time !== null).map((time) => time - firstMs);
  const taken = after(moments.map(({ createdMs }) => createdMs));
  const sold = after(moments.map(({ confirmedMs }) => confirmedMs));
  const ended = after(moments.map(({ endedMs }) => endedMs));
  let spanMs = 0;
  for (const moment of [...taken, ...sold, ...ended]) spanMs = Math.max(spanMs, moment);
  const stepMs = stepFor(spanMs);
  return {
    started_at: new Date(firstMs).toISOString(),
    step_ms: stepMs,
    series: [
      { name: 'taken', counts: countPerStep(taken, stepMs, spanMs) },
      { name: 'sold', counts: countPerStep(sold, stepMs, spanMs) },
      { name: 'ended', counts: countPerStep(ended, stepMs, spanMs) },
    ],
  };
}

function buyersOf(moments: readonly BookingMoment[], firstMs: number, count: number): Buyers {
  return {
    about:
      'Bookings in the order in which they were reserved, and how long after that each was sold or ended.',
    outcomes,
    count,
    rows: moments.slice(0, maxListedBuyers).map((moment): Buyer => {
      const doneMs = moment.endedMs ?? moment.confirmedMs;
      return [
        moment.createdMs - firstMs,
        doneMs === null ? null : doneMs - moment.createdMs,
        outcomeOf[moment.status] ?? 0,
        moment.quantity,
      ];
    }),
  };
}
