/** The options that all scripts share: open arrivals, and thresholds without which no run has passed. */
import type { Options, Scenario } from 'k6/options';
import type { Goal } from './goals.ts';
import { wholeNumber } from './sizes.ts';

type Thresholds = Record<string, string[]>;

// A request in flight takes a virtual user: half a second of arrivals to begin with, up to two seconds of them.
const secondsOfArrivals = 0.5;
const fewestUsers = 100;
const mostUsers = 20_000;
const growth = 4;
// Who was told to come again later still gets an answer after the last arrival.
const patience = '120s';

/** As many users as the arrivals need, or as VUS says, and the time they have to finish in the end. */
export function usersFor(rate: number): { preAllocatedVUs: number; maxVUs: number; gracefulStop: string } {
  const given = __ENV['VUS'] ?? '';
  const preAllocatedVUs =
    given === ''
      ? Math.min(mostUsers, Math.max(fewestUsers, Math.ceil(rate * secondsOfArrivals)))
      : wholeNumber('VUS', given, 1, mostUsers);
  return { preAllocatedVUs, maxVUs: Math.min(mostUsers, preAllocatedVUs * growth), gracefulStop: patience };
}

/** `rate` arrivals each second, whatever the answers do. */
export function evenArrivals(exec: string, rate: number, seconds: number): Scenario {
  return { executor: 'constant-arrival-rate', exec, rate, duration: `${seconds}s`, ...usersFor(rate) };
}

/** Scenarios under the thresholds of all runs and those of this one. */
export function optionsFor(scenarios: Record<string, Scenario>, thresholds: Thresholds): Options {
  return {
    scenarios,
    thresholds: {
      http_req_failed: ['rate==0'],
      failed: ['count==0'],
      dropped_iterations: ['count==0'],
      ...thresholds,
    },
    summaryTrendStats: ['min', 'med', 'p(90)', 'p(99)', 'p(99.9)', 'max', 'count'],
  };
}

/** The thresholds of a run that sells: acknowledged is what is taken, and never more than there is. */
export const booksAgree: Thresholds = {
  oversold: ['count==0'],
  unaccounted: ['count==0'],
  houses_read: ['count==1'],
};

/** The goal's share of the requests is quick enough. */
export function slowest({ quickShare, withinMs }: Goal, ...trends: readonly string[]): Thresholds {
  // Without the noise of binary fractions: 99, and not 99.00000000000001.
  const percentile = Number((quickShare * 100).toPrecision(6));
  return Object.fromEntries(trends.map((name) => [name, [`p(${percentile})<${withinMs}`]]));
}

/** The goal's share of the attempts is answered. */
export function answered({ answeredShare }: Goal, ...rates: readonly string[]): Thresholds {
  return Object.fromEntries(rates.map((name) => [name, [`rate>=${answeredShare}`]]));
}
