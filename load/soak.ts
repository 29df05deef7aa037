/** The soak: moderate traffic for long. Buyers reserve, then confirm or cancel; readers look on beside them. */
import { sleep } from 'k6';
import exec from 'k6/execution';
import type { Options } from 'k6/options';
import { answered, booksAgree, evenArrivals, optionsFor, slowest } from './lib/arrivals.ts';
import { cancel, confirm, reserve } from './lib/buyer.ts';
import { closeBooks, requireEmptyHouse } from './lib/house.ts';
import { readAvailability } from './lib/reader.ts';
import { eventAt, openStage, tokenAt } from './lib/stage.ts';
import { summarize, type SummaryInput } from './lib/summary.ts';

const stage = openStage('soak');
const { rate, readRate, seconds } = stage.sizes;

// Of ten buyers seven pay, two change their mind before they have paid and one afterwards. Nobody lets a hold lapse,
// so that what is taken in the end is known exactly.
const groupSize = 10;
const payAndKeep = 7;
const giveBackUnpaid = 2;
const thinkSeconds = 0.5;

export const options: Options = optionsFor(
  { buyers: evenArrivals('buy', rate, seconds), readers: evenArrivals('look', readRate, seconds) },
  {
    ...booksAgree,
    sold: ['count>0'],
    sold_out: ['count==0'],
    confirmed: ['count>0'],
    cancelled: ['count>0'],
    read: ['count>0'],
    ...answered(stage.goals.reserve, 'reserve_answered'),
    ...answered(stage.goals.confirm, 'confirm_answered'),
    ...answered(stage.goals.browse, 'browse_answered'),
    ...slowest(stage.goals.reserve, 'winners_ms'),
    // To give seats back takes the way that to pay for them does.
    ...slowest(stage.goals.confirm, 'confirm_ms', 'cancel_ms'),
    ...slowest(stage.goals.browse, 'availability_ms'),
  },
);

export function setup(): void {
  requireEmptyHouse(stage);
}

export function buy(): void {
  const order = exec.scenario.iterationInTest;
  const { eventId } = eventAt(stage, order);
  const token = tokenAt(stage, order % stage.tokens.length);
  const bookingId = reserve(stage, { eventId, token, quantity: 1, key: `k6 ${eventId} ${order}` });
  if (bookingId === null) return;
  sleep(thinkSeconds);
  const place = order % groupSize;
  const pays = place < payAndKeep || place >= payAndKeep + giveBackUnpaid;
  if (pays && !confirm(stage, bookingId, token)) return;
  if (place >= payAndKeep) cancel(stage, bookingId, token, 1);
}

export function look(): void {
  const { eventId, seats } = eventAt(stage, exec.scenario.iterationInTest);
  readAvailability(stage, eventId, seats);
}

export function teardown(): void {
  closeBooks(stage);
}

export function handleSummary(input: SummaryInput): Record<string, string> {
  return summarize(stage, input);
}
