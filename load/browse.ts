/** Browsing: the list of events, one event and its availability in turn, by people who buy nothing. */
import exec from 'k6/execution';
import type { Options } from 'k6/options';
import { answered, evenArrivals, optionsFor, slowest } from './lib/arrivals.ts';
import { readAvailability, readDetail, readList } from './lib/reader.ts';
import { eventAt, openStage } from './lib/stage.ts';
import { summarize, type SummaryInput } from './lib/summary.ts';

const stage = openStage('browse');
const { rate, seconds } = stage.sizes;

export const options: Options = optionsFor(
  { readers: evenArrivals('browse', rate, seconds) },
  {
    // A run that meets the limit on reads measures the limit.
    shed: ['count==0'],
    read: ['count>0'],
    ...answered(stage.goals.browse, 'browse_answered'),
    ...slowest(stage.goals.browse, 'list_ms', 'detail_ms', 'availability_ms'),
  },
);

export function browse(): void {
  const reader = exec.scenario.iterationInTest;
  const { eventId, seats } = eventAt(stage, Math.floor(reader / 3));
  if (reader % 3 === 0) readList(stage);
  else if (reader % 3 === 1) readDetail(stage, eventId);
  else readAvailability(stage, eventId, seats);
}

export function handleSummary(input: SummaryInput): Record<string, string> {
  return summarize(stage, input);
}
