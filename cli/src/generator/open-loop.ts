/** An open-loop load run: arrivals at an even pace, whatever the answers do. */
import { monotonicMs } from '@evently/kit/clock';
import { createConnectionPool, type ConnectionPool } from './connection-pool.ts';
import type { Outcome } from './connection.ts';
import { createPacer, dueAtMs, type Pacer } from './pacer.ts';
import type { Target } from './request-bytes.ts';
import { createTimetable, type Timetable } from './timetable.ts';

export type LoadPlan = {
  target: Target;
  /** Further addresses of the same platform; arrivals go to `target` and these in turn. */
  moreTargets?: readonly Target[];
  /** Arrivals in all. */
  count: number;
  ratePerSecond: number;
  /** When arrival `index` is due, milliseconds after the start, never earlier than the one before; even spacing without it. */
  dueMs?: (index: number) => number;
  /** The prepared bytes of one arrival. */
  requestOf: (index: number) => Buffer;
  /** Told once per arrival, in the order of the answers. */
  onAnswer: (answer: Answer) => void;
  /**
   * Milliseconds after which the arrival is sent once more, or null for the answer to stand (then `onAnswer`
   * is told). Latency goes on counting from the first intended arrival. The caller bounds the repeats.
   */
  again?: (answer: Answer) => number | null;
  /** Connections at most, to each address; up to as many as there are arrivals are opened before the first one. */
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
  /** Requests handed to a socket, repeats included. */
  started: number;
  /** Requests sent once more because `again` said so. */
  repeated: number;
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

type Run = {
  pools: readonly ConnectionPool[];
  pacer: Pacer;
  repeats: Timetable;
  dueMs: (index: number) => number;
  startedAtMs: number;
  settled: number;
  report: LoadReport;
};

/**
 * Opens the connections, then sends `count` requests evenly at `ratePerSecond` (or as `dueMs` says) and waits
 * for each to be answered or to pass its deadline. A slow answer delays no later arrival, and the delay that
 * an arrival suffers before it is sent is part of its latency (no coordinated omission).
 * Rejects only when the first connections cannot be opened.
 */
export async function runOpenLoop(plan: LoadPlan): Promise<LoadReport> {
  const pools = [plan.target, ...(plan.moreTargets ?? [])].map((target) =>
    createConnectionPool(target, plan.connections),
  );
  try {
    const share = Math.ceil(plan.count / pools.length);
    await Promise.all(pools.map((pool) => pool.open(Math.min(share, plan.connections))));
    const run: Run = {
      pools,
      pacer: createPacer(),
      repeats: createTimetable(),
      dueMs: plan.dueMs ?? ((index) => dueAtMs(index, plan.ratePerSecond)),
      startedAtMs: monotonicMs(),
      settled: 0,
      report: emptyReport(),
    };
    await driveArrivals(plan, run);
    run.report.durationMs = monotonicMs() - run.startedAtMs;
    return run.report;
  } finally {
    for (const pool of pools) pool.close();
  }
}

/** A report of nothing so far. */
export function emptyReport(): LoadReport {
  return {
    offered: 0,
    started: 0,
    repeated: 0,
    answered: 0,
    timedOut: 0,
    disconnected: 0,
    lateStarts: 0,
    worstStartMs: 0,
    durationMs: 0,
  };
}

async function driveArrivals(plan: LoadPlan, run: Run): Promise<void> {
  let nextExpiryMs = expireEveryMs;
  while (run.settled < plan.count && plan.signal?.aborted !== true) {
    const nowMs = monotonicMs() - run.startedAtMs;
    while (run.report.offered < plan.count && run.dueMs(run.report.offered) <= nowMs) {
      submitArrival(plan, run, run.report.offered, run.dueMs(run.report.offered));
      run.report.offered += 1;
    }
    for (const { index, atMs } of run.repeats.takeDue(nowMs)) submitArrival(plan, run, index, atMs);
    if (nowMs >= nextExpiryMs) {
      for (const pool of run.pools) pool.expire(nowMs);
      nextExpiryMs = nowMs + expireEveryMs;
    }
    const hasMore = run.report.offered < plan.count;
    await run.pacer.rest(hasMore ? run.dueMs(run.report.offered) - nowMs : drainStepMs);
  }
}

/** `dueMs` is the arrival's own time at first, and the time of its repeat later. */
function submitArrival(plan: LoadPlan, run: Run, index: number, dueMs: number): void {
  const { report } = run;
  run.pools[index % run.pools.length]?.submit({
    bytes: plan.requestOf(index),
    deadlineAtMs: dueMs + plan.deadlineMs,
    started: () => {
      const startMs = monotonicMs() - run.startedAtMs - dueMs;
      report.started += 1;
      if (startMs > lateAfterMs) report.lateStarts += 1;
      report.worstStartMs = Math.max(report.worstStartMs, startMs);
    },
    settled: (outcome) => {
      const intendedMs = run.dueMs(index);
      const endedMs = monotonicMs() - run.startedAtMs;
      const answer = { index, intendedMs, endedMs, latencyMs: endedMs - intendedMs, outcome };
      const againMs = plan.again?.(answer) ?? null;
      if (againMs !== null) {
        report.repeated += 1;
        run.repeats.add(index, endedMs + againMs);
        return;
      }
      run.settled += 1;
      countOutcome(report, outcome);
      plan.onAnswer(answer);
    },
  });
}

/** Adds how one arrival ended to the report. */
export function countOutcome(report: LoadReport, outcome: Outcome): void {
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
