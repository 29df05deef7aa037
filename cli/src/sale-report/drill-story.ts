/** The story of a drill: what its buyers saw, beside the books and the server's own clocks. */
import type { Samples } from '@evently/standalone/console/samples';
import type { ReportSummary } from '@evently/standalone/console/report-folder';
import type { Arrival } from '../drill/arrivals.ts';
import type { DrillSpec } from '../drill/herds.ts';
import { judgeFairness } from './fairness.ts';
import { spreadOfTimes, timeSpent } from './read-metrics.ts';
import { countPerStep, stepFor } from './timeline.ts';
import type { Batches, Books, Buyer, Buyers, SaleStory, Timeline } from './story.ts';

export type DrillFacts = {
  spec: DrillSpec;
  arrivalsPerSecond: number;
  event: { id: string; name: string };
  arrivals: readonly Arrival[];
  startedAt: Date;
  writtenAt: Date;
  books: Books;
  batches: Batches | null;
  metrics: { before: Samples | null; after: Samples | null };
  refused: Readonly<Record<string, number>>;
  faults: readonly string[];
};

export const maxListedBuyers = 20_000;

export function tellDrill(facts: DrillFacts): SaleStory {
  const { spec, arrivals, books, metrics } = facts;
  const inOrder = arrivals.toSorted((a, b) => a.intendedMs - b.intendedMs || a.index - b.index);
  const { before, after } = metrics;
  const client = spreadOfTimes(
    arrivals
      .filter(({ outcome }) => outcome.kind !== 'unanswered')
      .map((one) => one.endedMs - one.intendedMs),
  );
  return {
    summary: summaryOf(facts),
    event: facts.event,
    drill: {
      name: spec.name,
      buyers: spec.buyers,
      seats: spec.seats,
      arrivals_per_second: facts.arrivalsPerSecond,
    },
    books,
    timeline: timelineOf(inOrder, facts.startedAt),
    buyers: buyersOf(inOrder),
    fairness: judgeFairness(
      inOrder.map(({ outcome }) => (outcome.kind === 'unanswered' ? 'undecided' : outcome.kind)),
    ),
    fairness_about:
      'Of all pairs of a buyer who got a seat and one who was refused: those in which the refused one was meant to arrive ' +
      'earlier. The drill sends on many connections at once, so buyers a few milliseconds apart may reach the server in ' +
      'another order than they were meant to.',
    refusals: facts.refused,
    refusals_about: 'Counted from the answers that the buyers got.',
    batches: facts.batches,
    time: before === null || after === null ? null : timeSpent({ before, after }, client),
  };
}

function summaryOf({ spec, event, books, writtenAt, faults }: DrillFacts): ReportSummary {
  return {
    written_at: writtenAt.toISOString(),
    title: `${spec.buyers.toLocaleString('en-US')} buyers for ${spec.seats.toLocaleString('en-US')} seats`,
    event_id: event.id,
    event_name: event.name,
    capacity: books.capacity,
    sold: books.sold,
    held: books.held,
    available: books.available,
    oversold: books.oversold,
    source: 'drill',
    faults: [...faults],
  };
}

function timelineOf(arrivals: readonly Arrival[], startedAt: Date): Timeline {
  const spanMs = Math.max(0, ...lastOf(arrivals));
  const stepMs = stepFor(spanMs);
  const count = (momentsMs: readonly number[]): number[] => countPerStep(momentsMs, stepMs, spanMs);
  const ended = (kind: Arrival['outcome']['kind']): number[] =>
    count(arrivals.filter(({ outcome }) => outcome.kind === kind).map(({ endedMs }) => endedMs));
  return {
    started_at: startedAt.toISOString(),
    step_ms: stepMs,
    series: [
      { name: 'arrived', counts: count(arrivals.map(({ intendedMs }) => intendedMs)) },
      { name: 'taken', counts: ended('taken') },
      { name: 'refused', counts: ended('refused') },
      { name: 'unanswered', counts: ended('unanswered') },
    ],
  };
}

/** A spread of 20,000 arguments is more than a call takes everywhere, so the largest is looked for. */
function lastOf(arrivals: readonly Arrival[]): number[] {
  let last = 0;
  for (const { intendedMs, endedMs } of arrivals) last = Math.max(last, intendedMs, endedMs);
  return [last];
}

function buyersOf(inOrder: readonly Arrival[]): Buyers {
  const outcomes = ['taken', ...new Set(inOrder.map(wordOf).filter((word) => word !== 'taken'))];
  const places = new Map(outcomes.map((word, at) => [word, at]));
  const rows = inOrder.slice(0, maxListedBuyers).map((arrival): Buyer => {
    const isAnswered = arrival.outcome.kind !== 'unanswered';
    return [
      tenth(arrival.intendedMs),
      isAnswered ? tenth(arrival.endedMs - arrival.intendedMs) : null,
      places.get(wordOf(arrival)) ?? 0,
      arrival.outcome.kind === 'taken' ? 1 : 0,
    ];
  });
  return {
    about: 'In the order in which they were meant to arrive, and how long each waited for the answer.',
    outcomes,
    count: inOrder.length,
    rows,
  };
}

function wordOf({ outcome }: Arrival): string {
  return outcome.kind === 'taken' ? 'taken' : outcome.reason;
}

function tenth(ms: number): number {
  return Math.round(ms * 10) / 10;
}
