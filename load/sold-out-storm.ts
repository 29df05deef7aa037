/** The storm after the sale: the house is full before it begins, and every arrival has to be refused. */
import type { Options } from 'k6/options';
import { answered, booksAgree, evenArrivals, optionsFor, slowest } from './lib/arrivals.ts';
import { buyOneSeat, fillHouse } from './lib/buyer.ts';
import { closeBooks, requireEmptyHouse } from './lib/house.ts';
import { openStage } from './lib/stage.ts';
import { summarize, type SummaryInput } from './lib/summary.ts';

const stage = openStage('sold-out-storm');
const { eventId, seats } = stage.first;
const { rate, seconds } = stage.sizes;

export const options: Options = optionsFor(
  { buyers: evenArrivals('ask', rate, seconds) },
  {
    ...booksAgree,
    // Those that filled the house, and not one more.
    sold: [`count==${seats}`],
    sold_out: ['count>0'],
    ...answered(stage.goals.reserve, 'reserve_answered'),
    ...slowest(stage.goals.reserve, 'losers_ms'),
  },
);

export function setup(): void {
  requireEmptyHouse(stage);
  fillHouse(stage, eventId, seats);
}

export function ask(): void {
  buyOneSeat(stage);
}

export function teardown(): void {
  closeBooks(stage);
}

export function handleSummary(input: SummaryInput): Record<string, string> {
  return summarize(stage, input);
}
