/** Reads back from the interface what a drill sold: the stock, the organizer's report, the winners' bookings. */
import { monotonicMs, pause } from '@evently/kit/clock';
import { z } from 'zod';
import type { Client } from '../api/client.ts';
import type { StagedEvent } from './stage.ts';
import type { ReadBack, Tally } from './tally.ts';

const stockAnswer = z.object({ available_seats: z.number() });
const reportAnswer = z.object({
  tickets_sold: z.number(),
  available_seats: z.number(),
  held: z.number().optional(),
});
const bookingAnswer = z.object({ quantity: z.number(), status: z.string() });

const reportDeadlineMs = 5_000;
const reportPollMs = 200;
const parallelChecks = 8;
const largestCheck = 1_000;

export type ReadBackPlan = {
  client: Client;
  adminToken: string;
  event: StagedEvent;
  tally: Tally;
  tokens: readonly string[];
  /** Reads each winner's booking (a thousand, evenly chosen, when there are more). */
  checkWinners: boolean;
};

/** The stock must be right at once; the report, which may be a second old, within five seconds. */
export async function readBackDrill(plan: ReadBackPlan): Promise<ReadBack> {
  const { client, event, tokens } = plan;
  const { available_seats: available } = await client.ask(stockAnswer, {
    method: 'GET',
    path: `/api/booking/bookings/check-availability?event_id=${event.eventId}&quantity=1`,
    ...(tokens[0] === undefined ? {} : { token: tokens[0] }),
  });
  const reportedTaken = await readReport(plan, event.seats - available);
  const checked = plan.checkWinners ? pickEvenly(plan.tally.winners, largestCheck) : [];
  const missing = await countMissing(plan, checked);
  return { available, reportedTaken, checked: checked.length, missing };
}

async function readReport(
  { client, event, adminToken }: ReadBackPlan,
  expectedTaken: number,
): Promise<number> {
  const giveUpAtMs = monotonicMs() + reportDeadlineMs;
  for (;;) {
    const report = await client.ask(reportAnswer, {
      method: 'GET',
      path: `/api/event/admin/events/${event.eventId}/analytics`,
      token: adminToken,
    });
    const taken =
      report.held === undefined ? event.seats - report.available_seats : report.held + report.tickets_sold;
    if (taken === expectedTaken || monotonicMs() >= giveUpAtMs) return taken;
    await pause(reportPollMs);
  }
}

async function countMissing(plan: ReadBackPlan, winners: Tally['winners']): Promise<number> {
  let next = 0;
  let missing = 0;
  async function work(): Promise<void> {
    for (let winner = winners[next++]; winner !== undefined; winner = winners[next++]) {
      const token = plan.tokens[winner.buyer];
      const answer = await plan.client.send({
        method: 'GET',
        path: `/api/booking/bookings/${winner.reservationId}`,
        ...(token === undefined ? {} : { token }),
      });
      const booking = bookingAnswer.safeParse(answer.body).data;
      const stands = answer.status === 200 && booking?.quantity === 1 && booking.status === 'pending';
      if (!stands) missing += 1;
    }
  }
  await Promise.all(Array.from({ length: parallelChecks }, work));
  return missing;
}

/** At most `limit` items, evenly spaced, in order. */
export function pickEvenly<T>(items: readonly T[], limit: number): readonly T[] {
  if (items.length <= limit) return items;
  return items.filter(
    (_, index) =>
      Math.floor((index * limit) / items.length) !== Math.floor(((index - 1) * limit) / items.length),
  );
}
