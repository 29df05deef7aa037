/** The on-sale: buyers arrive evenly at one event until the house is full; the others are told so. */
import type { Options } from 'k6/options';
import { answered, booksAgree, evenArrivals, optionsFor, slowest } from './lib/arrivals.ts';
import { buyOneSeat } from './lib/buyer.ts';
import { closeBooks, requireEmptyHouse } from './lib/house.ts';
import { openStage } from './lib/stage.ts';
import { summarize, type SummaryInput } from './lib/summary.ts';

const stage = openStage('on-sale');
const { seats } = stage.first;
const { rate, seconds } = stage.sizes;

export const options: Options = optionsFor(
  { buyers: evenArrivals('buy', rate, seconds) },
  {
    ...booksAgree,
    sold: [`count==${seats}`],
    ...answered(stage.goals.reserve, 'reserve_answered'),
    ...slowest(stage.goals.reserve, 'winners_ms', 'losers_ms'),
  },
);

export function setup(): void {
  requireEmptyHouse(stage);
}

export function buy(): void {
  buyOneSeat(stage);
}

export function teardown(): void {
  closeBooks(stage);
}

export function handleSummary(input: SummaryInput): Record<string, string> {
  return summarize(stage, input);
}
