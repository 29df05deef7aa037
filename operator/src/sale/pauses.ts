/** When a sale is looked at again, and how urgent its look is among those that wait. Pure. */
import type { ParsedEventSale } from '../api/parse-event-sale.ts';
import type { Sale } from './model.ts';
import type { SalePlan } from './sale-plan.ts';

/** No plan, however wrong, brings a sale back more often. */
const shortestPauseMs = 200;
/** A wall clock may be set: no wait for an instant is longer. */
const longestPauseMs = 600_000;
/** After commands that failed in a row: doubling between these. */
const shortestRetryMs = 500;
const longestRetryMs = 30_000;
/** From ten minutes before an opening on, nobody is to wait half a minute for a booking that is back. */
const nearRetry = { longestMs: 5_000, fromMs: 600_000 };

export type Round = {
  sale: Sale;
  plan: Pick<SalePlan, 'wakeAtMs' | 'finalize'>;
  failures: number;
  nowMs: number;
};

/**
 * What booking does not take is not told it again and again; any change of the sale comes at once all the same. A sale
 * that is deleted is let go in time, however often booking failed.
 */
export function pauseAfter({ sale, plan, failures, nowMs }: Round): number {
  const until = (atMs: number): number => Math.min(longestPauseMs, Math.max(shortestPauseMs, atMs - nowMs));
  const restMs = Math.max(until(plan.wakeAtMs), pauseAfterFailures(sale, failures, nowMs));
  return plan.finalize.kind === 'wait' ? Math.min(restMs, until(plan.finalize.untilMs)) : restMs;
}

function pauseAfterFailures({ opensAtMs }: Sale, failures: number, nowMs: number): number {
  if (failures === 0) return 0;
  const isNear = nowMs > opensAtMs - nearRetry.fromMs;
  return Math.min(isNear ? nearRetry.longestMs : longestRetryMs, shortestRetryMs * 2 ** failures);
}

/**
 * The higher, the sooner: an edit that no status has answered, because it may be a Stop of a sale that opened weeks ago;
 * then the sale whose opening is nearest. What cannot be read comes last.
 */
export function urgencyOf(parsed: ParsedEventSale | null, nowMs: number): number {
  if (parsed === null || parsed.sale === null) return -Infinity;
  const answered = parsed.status?.observedGeneration;
  if (answered !== undefined && answered !== parsed.metadata.generation) return 1;
  return -Math.abs(parsed.sale.opensAtMs - nowMs);
}
