/** An open-loop load run: arrivals at an even pace, whatever the answers do. */
import { monotonicMs } from '@evently/kit/clock';
import { createConnectionPool, type ConnectionPool } from './connection-pool.ts';
import type { Outcome } from './connection.ts';
import { createPacer, dueAtMs, type Pacer } from './pacer.ts';
import type { Target } from './request-bytes.ts';

export type LoadPlan = {
  target: Target;
  /** Arrivals in all. */
  count: number;
  ratePerSecond: number;
  /** The prepared bytes of one arrival. */
  requestOf: (index: number) => Buffer;
  /** Told once per arrival, in the order of the answers. */
  onAnswer: (answer: Answer) => void;
  /** Connections at most; up to as many as there are arrivals are opened before the first one. */
  connections: number;
  /** Time from the intended arrival to giving up. */
  deadlineMs: number;
  /** Ends the run early; what is under way settles as disconnected. */
  signal?: AbortSignal;
};

/** Times are milliseconds after the start of the run; latency counts from `intendedMs`. */
export type Answer = {
  index: number;
  intendedMs: number;
  endedMs: number;
  latencyMs: number;
  outcome: Outcome;
};

export type LoadReport = {
  offered: number;
  answered: number;
  timedOut: number;
  disconnected: number;
  /** Arrivals handed to a socket more than 10 ms after they were due: by the generator or for want of a connection. */
  lateStarts: number;
  worstStartMs: number;
  durationMs: number;
};

const lateAfterMs = 10;
const expireEveryMs = 50;
const drainStepMs = 5;

type Run = { pool: ConnectionPool; pacer: Pacer; startedAtMs: number; settled: number; report: LoadReport };

/**
 * Opens the connections, then sends `count` requests evenly at `ratePerSecond` and waits for each to be
 * answered or to pass its deadline. A slow answer delays no later arrival, and the delay that an arrival
 * suffers before it is sent is part of its latency (no coordinated omission).
 * Rejects only when the first connections cannot be opened.
 */
export async function runOpenLoop(plan: LoadPlan): Promise<LoadReport> {
  const pool = createConnectionPool(plan.target, plan.connections);
  try {
    await pool.open(Math.min(plan.count, plan.connections));
    const report: LoadReport = {
      offered: 0,
      answered: 0,
      timedOut: 0,
      disconnected: 0,
      lateStarts: 0,
      worstStartMs: 0,
      durationMs: 0,
    };
    const run: Run = { pool, pacer: createPacer(), startedAtMs: monotonicMs(), settled: 0, report };
    await driveArrivals(plan, run);
    report.durationMs = monotonicMs() - run.startedAtMs;
    return report;
  } finally {
    pool.close();
  }
}

async function driveArrivals(plan: LoadPlan, run: Run): Promise<void> {
  let nextExpiryMs = expireEveryMs;
  while (run.settled < plan.count && plan.signal?.aborted !== true) {
    const nowMs = monotonicMs() - run.startedAtMs;
    while (run.report.offered < plan.count && dueAtMs(run.report.offered, plan.ratePerSecond) <= nowMs) {
      submitArrival(plan, run, run.report.offered);
      run.report.offered += 1;
    }
    if (nowMs >= nextExpiryMs) {
      run.pool.expire(nowMs);
      nextExpiryMs = nowMs + expireEveryMs;
    }
    const hasMore = run.report.offered < plan.count;
    await run.pacer.rest(hasMore ? dueAtMs(run.report.offered, plan.ratePerSecond) - nowMs : drainStepMs);
  }
}

function submitArrival(plan: LoadPlan, run: Run, index: number): void {
  const intendedMs = dueAtMs(index, plan.ratePerSecond);
  run.pool.submit({
    bytes: plan.requestOf(index),
    deadlineAtMs: intendedMs + plan.deadlineMs,
    started: () => {
      const startMs = monotonicMs() - run.startedAtMs - intendedMs;
      if (startMs > lateAfterMs) run.report.lateStarts += 1;
      run.report.worstStartMs = Math.max(run.report.worstStartMs, startMs);
    },
    settled: (outcome) => {
      run.settled += 1;
      countOutcome(run.report, outcome);
      const endedMs = monotonicMs() - run.startedAtMs;
      plan.onAnswer({ index, intendedMs, endedMs, latencyMs: endedMs - intendedMs, outcome });
    },
  });
}

function countOutcome(report: LoadReport, outcome: Outcome): void {
  switch (outcome.kind) {
    case 'answered':
      report.answered += 1;
      return;
    case 'timed-out':
      report.timedOut += 1;
      return;
    case 'disconnected':
      report.disconnected += 1;
  }
}
