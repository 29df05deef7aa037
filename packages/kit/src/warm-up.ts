/** Warming up before a crowd comes: tasks that are timed and bounded, and say in words why they failed. */
import { DeadlinePassed, monotonicMs, withDeadline } from './clock.ts';
import type { Logger } from './log.ts';
import { isDatabaseUnavailable } from './postgres.ts';

/** `items` is what is warm now: connections, tiers, pages. `error` is there when the task failed. */
export type WarmTask = {
  task: string;
  result: 'warm' | 'failed';
  items: number;
  seconds: number;
  error?: string;
};

/** Something is not warm for a reason that may be told to whoever asked. */
export class NotWarm extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'NotWarm';
  }
}

/**
 * Runs `work`, which answers how many things it warmed, for at most `deadlineMs`. Never rejects: a failure is
 * logged, and told in a sentence without addresses or credentials.
 */
export async function runWarmTask(
  log: Logger,
  task: string,
  deadlineMs: number,
  work: () => Promise<number>,
): Promise<WarmTask> {
  const startedMs = monotonicMs();
  const secondsSince = (): number => (monotonicMs() - startedMs) / 1_000;
  try {
    const items = await withDeadline(work(), deadlineMs, task);
    return { task, result: 'warm', items, seconds: secondsSince() };
  } catch (error) {
    log.warn({ task, err: error }, 'a part could not be warmed');
    return { task, result: 'failed', items: 0, seconds: secondsSince(), error: reasonOf(error) };
  }
}

/** Foreign messages may name hosts, users or values; only our own words leave the process. */
function reasonOf(error: unknown): string {
  if (error instanceof NotWarm || error instanceof DeadlinePassed) return error.message;
  if (isDatabaseUnavailable(error)) return 'the database is not available';
  return 'it failed; the log of this process says why';
}
