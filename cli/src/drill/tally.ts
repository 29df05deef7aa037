/** Counts what a drill's answers say, and judges them against what the platform says. Pure. */
import { z } from 'zod';
import { createLatencyRecorder, type LatencySummary } from '../generator/latency.ts';
import type { Answer } from '../generator/open-loop.ts';
import { headerOf } from '../generator/response-parser.ts';

export type Tally = {
  offered: number;
  /** Seats in distinct acknowledged reservations. */
  sold: number;
  winners: readonly { buyer: number; reservationId: string }[];
  /** Acknowledged reservations whose id another buyer was given as well. */
  duplicates: number;
  /** Refusals by problem code. */
  refused: Readonly<Record<string, number>>;
  /** Answers by status; `timed out` and `disconnected` for those without. */
  statuses: Readonly<Record<string, number>>;
  serverErrors: number;
  /** Answers that tell the buyer to do it again: in words, or by Retry-After. */
  toldToRetry: number;
  /** No answer: whether they hold a seat is not known. */
  unanswered: number;
  winnerLatency: LatencySummary;
  loserLatency: LatencySummary;
  /** From the first arrival to the answer that sold the last seat sold. */
  lastSaleMs: number;
};

const replySchema = z.object({ reservation_id: z.string().optional(), code: z.string().optional() });
const retryWords = /\b(retry|try again)\b/i;
const maxReasons = 20;

/** Each buyer asked for one seat. */
export function tallyAnswers(answers: readonly Answer[]): Tally {
  const winning = createLatencyRecorder();
  const losing = createLatencyRecorder();
  const winners: { buyer: number; reservationId: string }[] = [];
  const refused = new Map<string, number>();
  const statuses = new Map<string, number>();
  const faults = { serverErrors: 0, toldToRetry: 0, unanswered: 0 };
  let lastSaleMs = 0;
  for (const { index, latencyMs, endedMs, outcome } of answers) {
    if (outcome.kind !== 'answered') {
      faults.unanswered += 1;
      addOne(statuses, outcome.kind === 'timed-out' ? 'timed out' : 'disconnected');
      continue;
    }
    const { status, head, body } = outcome.response;
    const text = body.toString();
    const reply = parseReply(text);
    addOne(statuses, String(status));
    if (status >= 500) faults.serverErrors += 1;
    if (status === 200 && reply.reservation_id !== undefined) {
      winners.push({ buyer: index, reservationId: reply.reservation_id });
      winning.record(latencyMs);
      lastSaleMs = Math.max(lastSaleMs, endedMs);
      continue;
    }
    losing.record(latencyMs);
    addOne(refused, refused.size < maxReasons ? (reply.code ?? `status_${status}`) : 'other');
    if (retryWords.test(text) || headerOf(head, 'retry-after') !== null) faults.toldToRetry += 1;
  }
  const distinct = new Set(winners.map(({ reservationId }) => reservationId)).size;
  return {
    offered: answers.length,
    sold: distinct,
    winners,
    duplicates: winners.length - distinct,
    refused: Object.fromEntries(refused),
    statuses: Object.fromEntries(statuses),
    ...faults,
    winnerLatency: winning.summary(),
    loserLatency: losing.summary(),
    lastSaleMs,
  };
}

function addOne(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** What a reservation was answered, as far as a drill looks at it. */
export function parseReply(text: string): z.output<typeof replySchema> {
  try {
    return replySchema.safeParse(JSON.parse(text)).data ?? {};
  } catch {
    return {}; // Not JSON: counted by its status.
  }
}

/** What the interface says afterwards. `missing` counts acknowledged reservations that cannot be read. */
export type ReadBack = { available: number; reportedTaken: number; checked: number; missing: number };

export type Verdict = {
  sold: number;
  fill: number;
  oversold: number;
  lost: number;
  /** One sentence each; a drill passes when there is none. */
  faults: readonly string[];
};

/** A full house, nobody told a lie, nothing broken; anything else is a fault with a sentence. */
export function judgeDrill(tally: Tally, seats: number, readBack: ReadBack): Verdict {
  const taken = seats - readBack.available;
  const sellable = Math.min(seats, tally.offered);
  const oversold = Math.max(0, tally.sold - seats, taken - seats, readBack.reportedTaken - seats);
  const lost = Math.max(0, tally.sold - taken) + readBack.missing;
  const unexplained = Math.max(0, taken - tally.sold - tally.unanswered);
  const faults = [
    tally.sold < sellable && `${sellable - tally.sold} of ${sellable} seats were not sold`,
    oversold > 0 && `${oversold} seats were sold twice`,
    tally.duplicates > 0 && `${tally.duplicates} reservations were given to two buyers`,
    lost > 0 && `${lost} acknowledged reservations are gone`,
    unexplained > 0 && `${unexplained} seats are taken that no buyer was told about`,
    readBack.reportedTaken !== taken &&
      `the report counts ${readBack.reportedTaken} taken seats, the stock ${taken}`,
    tally.serverErrors > 0 && `${tally.serverErrors} answers were 5xx`,
    tally.toldToRetry > 0 && `${tally.toldToRetry} buyers were told to try again`,
    tally.unanswered > 0 && `${tally.unanswered} buyers got no answer`,
  ].filter((fault) => fault !== false);
  return { sold: tally.sold, fill: sellable === 0 ? 1 : tally.sold / sellable, oversold, lost, faults };
}
