/** Counts the answers of a run as they come, cheaply: the generator shares the machine with what it measures. */
import { createLatencyRecorder, type LatencyRecorder, type LatencySummary } from 'evently/generator/latency';
import type { Answer } from 'evently/generator/open-loop';
import { headerOf } from 'evently/generator/response-parser';
import { measureFairness, type Fairness } from './analysis/fairness.ts';

export type CollectOptions = {
  quantityOf: (index: number) => number;
  /** Arrivals of one buyer with one key are the same buyer's. */
  buyerOf: (index: number) => number;
  /** Whether a 503 is obeyed: the buyer comes again after `Retry-After`. */
  obeysRetryAfter: boolean;
  /** Whether an arrival without an answer is repeated with its key, as a client does after a lost connection. */
  repeatsUnanswered: boolean;
};
export type Collected = {
  answers: Record<string, number>;
  shed: number;
  unavailable: number;
  replayed: number;
  sold: number;
  reservationIds: readonly string[];
  duplicates: number;
  winners: LatencySummary;
  losers: LatencySummary;
  lastSaleMs: number;
  fairness: Fairness;
};
export type Collector = {
  onAnswer: (answer: Answer) => void;
  again: (answer: Answer) => number | null;
  collected: () => Collected;
  /** Distinct reservations acknowledged so far. */
  acknowledged: () => number;
  /** Called with the end of each new sale, in milliseconds after the start. */
  onSale: (listener: (endedMs: number) => void) => void;
};

const idMember = Buffer.from('"reservation_id":"');
const idLength = 36;
const maxRepeats = 600;
const repeatUnansweredMs = 250;
const soldOutStatus = 409;
const defaultRetryAfterMs = 1_000;

type Counts = {
  statuses: Map<string, number>;
  shed: number;
  unavailable: number;
  replayed: number;
  duplicates: number;
  sold: number;
  lastSaleMs: number;
  wonAtMs: number[];
  lostAtMs: number[];
  buyerOfId: Map<string, number>;
  repeatsOf: Map<number, number>;
  winners: LatencyRecorder;
  losers: LatencyRecorder;
  saleListener: (endedMs: number) => void;
};

export function createCollector(options: CollectOptions): Collector {
  const counts: Counts = {
    statuses: new Map(),
    shed: 0,
    unavailable: 0,
    replayed: 0,
    duplicates: 0,
    sold: 0,
    lastSaleMs: 0,
    wonAtMs: [],
    lostAtMs: [],
    buyerOfId: new Map(),
    repeatsOf: new Map(),
    winners: createLatencyRecorder(),
    losers: createLatencyRecorder(),
    saleListener: () => {},
  };
  return {
    onSale: (listener) => {
      counts.saleListener = listener;
    },
    again: (answer) => repeatAfterMs(counts, options, answer),
    onAnswer: (answer) => countAnswer(counts, options, answer),
    acknowledged: () => counts.buyerOfId.size,
    collected: () => ({
      answers: Object.fromEntries(counts.statuses),
      shed: counts.shed,
      unavailable: counts.unavailable,
      replayed: counts.replayed,
      sold: counts.sold,
      reservationIds: [...counts.buyerOfId.keys()],
      duplicates: counts.duplicates,
      winners: counts.winners.summary(),
      losers: counts.losers.summary(),
      lastSaleMs: counts.lastSaleMs,
      fairness: measureFairness(counts.wonAtMs, counts.lostAtMs),
    }),
  };
}

function repeatAfterMs(counts: Counts, options: CollectOptions, { index, outcome }: Answer): number | null {
  const isShed = outcome.kind === 'answered' && outcome.response.status === 503 && options.obeysRetryAfter;
  const isUnanswered = outcome.kind !== 'answered' && options.repeatsUnanswered;
  if (!isShed && !isUnanswered) return null;
  const repeats = (counts.repeatsOf.get(index) ?? 0) + 1;
  if (repeats > maxRepeats) return null;
  counts.repeatsOf.set(index, repeats);
  if (outcome.kind !== 'answered') return repeatUnansweredMs;
  if (outcome.response.body.includes('"queue_full"')) counts.shed += 1;
  else counts.unavailable += 1;
  const seconds = Number(headerOf(outcome.response.head, 'retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds * 1_000 : defaultRetryAfterMs;
}

function countAnswer(counts: Counts, options: CollectOptions, answer: Answer): void {
  const { outcome } = answer;
  const status = outcome.kind === 'answered' ? String(outcome.response.status) : outcome.kind;
  counts.statuses.set(status, (counts.statuses.get(status) ?? 0) + 1);
  if (outcome.kind !== 'answered') return;
  if (outcome.response.status === 200) {
    countWinner(counts, options, answer, outcome.response.body);
    return;
  }
  counts.losers.record(answer.latencyMs);
  if (outcome.response.status === soldOutStatus) counts.lostAtMs.push(answer.intendedMs);
}

function countWinner(counts: Counts, options: CollectOptions, answer: Answer, body: Buffer): void {
  counts.winners.record(answer.latencyMs);
  const buyer = options.buyerOf(answer.index);
  const id = reservationIdOf(body);
  const known = counts.buyerOfId.get(id);
  if (known !== undefined) {
    if (known === buyer) counts.replayed += 1;
    else counts.duplicates += 1;
    return;
  }
  counts.buyerOfId.set(id, buyer);
  counts.sold += options.quantityOf(answer.index);
  counts.lastSaleMs = Math.max(counts.lastSaleMs, answer.endedMs);
  counts.wonAtMs.push(answer.intendedMs);
  counts.saleListener(answer.endedMs);
}

/** The id without parsing the whole answer, which would cost the generator more than all else it does. */
export function reservationIdOf(body: Buffer): string {
  const at = body.indexOf(idMember);
  if (at < 0) throw new Error(`a 200 without a reservation: ${body.toString('utf8', 0, 200)}`);
  return body.toString('latin1', at + idMember.length, at + idMember.length + idLength);
}
