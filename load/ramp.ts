/** The ramp: ever more buyers a second at one event that has a seat for each, so that only the rate changes. */
import type { Options } from 'k6/options';
import { answered, booksAgree, optionsFor, slowest, usersFor } from './lib/arrivals.ts';
import { buyOneSeat } from './lib/buyer.ts';
import { closeBooks, requireEmptyHouse } from './lib/house.ts';
import { openStage } from './lib/stage.ts';
import { summarize, type SummaryInput } from './lib/summary.ts';

const stage = openStage('ramp');
const { startRate, rate, seconds } = stage.sizes;

export const options: Options = optionsFor(
  {
    buyers: {
      executor: 'ramping-arrival-rate',
      exec: 'buy',
      startRate,
      timeUnit: '1s',
      stages: [{ target: rate, duration: `${seconds}s` }],
      ...usersFor(rate),
    },
  },
  {
    ...booksAgree,
    sold: ['count>0'],
    sold_out: ['count==0'],
    ...answered(stage.goals.reserve, 'reserve_answered'),
    ...slowest(stage.goals.reserve, 'winners_ms'),
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
