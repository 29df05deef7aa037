/** The adapters of time and chance: the only place where a process reads them. */
import { randomBytes } from 'node:crypto';
import { withinNone } from './tracing.ts';

export type Clock = { now: () => Date };
export const systemClock: Clock = { now: () => new Date() };

/** Milliseconds of a monotonic clock, for durations only. */
export function monotonicMs(): number {
  return performance.now();
}

/** The longest wait that a timer of Node keeps: one millisecond more, and it fires at once. */
export const maxTimerMs = 2 ** 31 - 1;

/** Resolves after `ms`, however long; at once when `signal` aborts. Never rejects. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  let leftMs = ms;
  for (; leftMs > maxTimerMs && signal?.aborted !== true; leftMs -= maxTimerMs)
    await pauseOnce(maxTimerMs, signal);
  await pauseOnce(leftMs, signal);
}

function pauseOnce(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    }
    signal?.addEventListener('abort', done);
  });
}

/** Calls `over` once when `ms` have passed since the start or the last `touch`; never after `clear`. */
export type TimeLimit = { touch: () => void; clear: () => void };
export function startTimeLimit(ms: number, over: () => void): TimeLimit {
  const timer = setTimeout(over, Math.min(ms, maxTimerMs));
  return { touch: () => timer.refresh(), clear: () => clearTimeout(timer) };
}

/** Something took longer than it was given. */
export class DeadlinePassed extends Error {
  constructor(what: string, deadlineMs: number) {
    super(`${what} took longer than ${deadlineMs} ms`);
    this.name = 'DeadlinePassed';
  }
}

/**
 * Settles as `work` does, or rejects after `deadlineMs` with a `DeadlinePassed` that names `what`. The work itself
 * goes on: give it a signal of its own when it must end.
 */
export function withDeadline<T>(work: Promise<T>, deadlineMs: number, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new DeadlinePassed(what, deadlineMs)),
      Math.min(deadlineMs, maxTimerMs),
    );
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/**
 * A timer that calls `work` every `everyMs`, never two at once; `stop` waits for the running one. A round belongs to
 * nobody's trace, whoever started the timer; its log lines have a trace id of their own.
 */
export type Ticker = { stop: () => Promise<void>; wake: () => void };
export function startTicker(everyMs: number, work: () => Promise<void>): Ticker {
  let stopped = false;
  let wakeUp = new AbortController();
  const loop = (async () => {
    while (!stopped) {
      wakeUp = new AbortController();
      await withinNone(work);
      if (!stopped) await pause(everyMs, wakeUp.signal);
    }
  })();
  return {
    wake: () => wakeUp.abort(),
    stop: async () => {
      stopped = true;
      wakeUp.abort();
      await loop;
    },
  };
}

/** A number in [0, 1) for jitter and sampling; never for secrets. */
export function chance(): number {
  return randomBytes(4).readUInt32BE() / 2 ** 32;
}
