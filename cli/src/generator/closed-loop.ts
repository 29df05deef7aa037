/** A closed-loop run: each connection sends its next request when the last is answered. Shows a maximum, hides stalls. */
import { monotonicMs, pause } from '@evently/kit/clock';
import { createConnectionPool } from './connection-pool.ts';
import { countOutcome, emptyReport, type Answer, type LoadReport } from './open-loop.ts';
import type { Target } from './request-bytes.ts';

export type MaximumPlan = {
  target: Target;
  /** Requests in all. */
  count: number;
  /** Requests under way at any time. */
  connections: number;
  requestOf: (index: number) => Buffer;
  onAnswer: (answer: Answer) => void;
  /** Time from sending to giving up. */
  deadlineMs: number;
  signal?: AbortSignal;
};

const expireEveryMs = 50;

/**
 * Sends `count` requests with `connections` of them under way, as fast as they are answered. A server that
 * stalls is simply asked less, so latencies count from the sending and may not be compared with those of an
 * open loop (coordinated omission); what it measures is the most that can be had. There are no late starts.
 */
export async function runMaximum(plan: MaximumPlan): Promise<LoadReport> {
  const pool = createConnectionPool(plan.target, plan.connections);
  const report = emptyReport();
  try {
    await pool.open(Math.min(plan.count, plan.connections));
    const startedAtMs = monotonicMs();
    let settled = 0;
    const sendNext = (): void => {
      if (report.offered >= plan.count) return;
      const index = report.offered;
      const intendedMs = monotonicMs() - startedAtMs;
      report.offered += 1;
      pool.submit({
        bytes: plan.requestOf(index),
        deadlineAtMs: intendedMs + plan.deadlineMs,
        started: () => {
          report.started += 1;
        },
        settled: (outcome) => {
          settled += 1;
          countOutcome(report, outcome);
          const endedMs = monotonicMs() - startedAtMs;
          report.durationMs = endedMs;
          plan.onAnswer({ index, intendedMs, endedMs, latencyMs: endedMs - intendedMs, outcome });
          sendNext();
        },
      });
    };
    for (let under = 0; under < plan.connections; under += 1) sendNext();
    while (settled < plan.count && plan.signal?.aborted !== true) {
      await pause(expireEveryMs);
      pool.expire(monotonicMs() - startedAtMs);
    }
    return report;
  } finally {
    pool.close();
  }
}
