/** The loop of a controller: takes keys, reconciles each with a deadline, and brings back those that failed. */
import { AssertionError } from 'node:assert';
import { DeadlinePassed } from '@evently/kit/clock';
import type { Logger } from '@evently/kit/log';
import { withinNone } from '@evently/kit/tracing';
import type { WorkQueue } from './queue.ts';
import { maxTimerMs, type Time } from './time.ts';

/** Trying again cannot help before somebody changes the object; it is counted apart and not retried. */
export class TerminalError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TerminalError';
  }
}

export type ReconcileResult = { requeueAfterMs?: number };
export type ReconcileContext = {
  /** Aborts when the deadline passes or the controller stops; give it to every call. */
  signal: AbortSignal;
};
export type Reconcile = (key: string, context: ReconcileContext) => Promise<ReconcileResult>;

/** The values of `result` in controller-runtime's `controller_runtime_reconcile_total`. */
export type ReconcileOutcome = 'success' | 'requeue_after' | 'error';

export type ControllerMetrics = {
  started: () => void;
  finished: (outcome: ReconcileOutcome, seconds: number) => void;
  terminal: () => void;
  panicked: () => void;
  timedOut: () => void;
};

export type ControllerOptions = {
  name: string;
  queue: WorkQueue;
  /** How many keys are reconciled at once; never two times the same. */
  workers: number;
  reconcile: Reconcile;
  time: Time;
  log: Logger;
  metrics?: ControllerMetrics;
  /** What one reconcile may take; 20 s unless said otherwise. */
  deadlineMs?: number;
};

export type Controller = {
  /**
   * Shuts the queue down and waits for the reconciles at work. Those that are not through after `deadlineMs` are
   * aborted, and given two seconds to return. Answers whether everything was finished.
   */
  stop: (deadlineMs: number) => Promise<boolean>;
};

export const defaultReconcileDeadlineMs = 20_000;
const abortGraceMs = 2_000;

/**
 * Starts the workers. A reconcile that throws comes back with the queue's backoff, whatever it threw; one that
 * returns has its backoff ended, and comes back after `requeueAfterMs` when it says so. A reconcile that does not
 * heed its signal keeps its key and its worker: giving the key to another one would have two write at once.
 */
export function runController(options: ControllerOptions): Controller {
  const stopping = new AbortController();
  const workers = Array.from({ length: options.workers }, () => work(options, stopping.signal));
  const all = Promise.all(workers);
  return {
    stop: async (deadlineMs) => {
      const drained = await options.queue.shutDown(deadlineMs);
      stopping.abort(new Error(`the controller ${options.name} stops`));
      const returned = new AbortController();
      const late = options.time.pause(abortGraceMs, returned.signal).then(() => false);
      const ended = await Promise.race([all.then(() => true), late]);
      returned.abort();
      return drained && ended;
    },
  };
}

async function work(options: ControllerOptions, stopping: AbortSignal): Promise<void> {
  const { queue } = options;
  for (let key = await queue.take(); key !== null; key = await queue.take()) {
    const taken = key;
    await withinNone(() => reconcileOnce(options, taken, stopping));
    queue.done(key);
  }
}

/** Never throws: what goes wrong is logged and counted, and the key comes back. */
async function reconcileOnce(options: ControllerOptions, key: string, stopping: AbortSignal): Promise<void> {
  const { queue, metrics, time } = options;
  const startedAtMs = time.nowMs();
  metrics?.started();
  let outcome: ReconcileOutcome = 'error';
  try {
    const { requeueAfterMs } = await withSignal(options, key, stopping);
    if (requeueAfterMs !== undefined && !(requeueAfterMs >= 0)) {
      throw new RangeError(`the reconcile of ${key} asks to come back after ${requeueAfterMs} ms`);
    }
    queue.forget(key);
    if (requeueAfterMs !== undefined) queue.addAfter(key, Math.min(requeueAfterMs, maxTimerMs));
    outcome = requeueAfterMs === undefined ? 'success' : 'requeue_after';
  } catch (error) {
    dealWith(options, key, error);
  } finally {
    metrics?.finished(outcome, (time.nowMs() - startedAtMs) / 1_000);
  }
}

function dealWith({ name, queue, log, metrics }: ControllerOptions, key: string, error: unknown): void {
  const fields = { controller: name, key, err: error };
  if (error instanceof TerminalError) {
    metrics?.terminal();
    queue.forget(key);
    log.error(fields, 'a reconcile failed for good: it waits for a change of the object');
    return;
  }
  if (isDefect(error)) metrics?.panicked();
  queue.addRateLimited(key);
  log.warn({ ...fields, failures: queue.failures(key) }, 'a reconcile failed and is tried again');
}

/** What controller-runtime would call a panic: our own mistake, not the world's. */
function isDefect(error: unknown): boolean {
  if (!(error instanceof Error)) return true;
  // A fetch that fails is a TypeError as well; it names its cause.
  if (error instanceof TypeError) return error.cause === undefined;
  return error instanceof ReferenceError || error instanceof RangeError || error instanceof AssertionError;
}

async function withSignal(
  options: ControllerOptions,
  key: string,
  stopping: AbortSignal,
): Promise<ReconcileResult> {
  const deadlineMs = options.deadlineMs ?? defaultReconcileDeadlineMs;
  const over = new AbortController();
  const ended = new AbortController();
  const stop = (): void => over.abort(stopping.reason);
  if (stopping.aborted) stop();
  stopping.addEventListener('abort', stop);
  void options.time.pause(deadlineMs, ended.signal).then(() => {
    if (ended.signal.aborted) return;
    options.metrics?.timedOut();
    over.abort(new DeadlinePassed(`the reconcile of ${key} by ${options.name}`, deadlineMs));
  });
  try {
    return await options.reconcile(key, { signal: over.signal });
  } finally {
    ended.abort();
    stopping.removeEventListener('abort', stop);
  }
}
