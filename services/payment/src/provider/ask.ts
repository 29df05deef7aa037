/** Asking the provider: always with a deadline, and a missing or broken answer is a value. */
import { monotonicMs, pause } from '@evently/kit/clock';
import { inSpan, markFailed } from '@evently/kit/tracing';
import type { PaymentMetrics } from '../metrics.ts';

export type Answered<T> = { kind: 'answered'; value: T } | { kind: 'no-answer'; reason: string };
export type AskDeps = { providerDeadlineMs: number; metrics: PaymentMetrics };
type Operation = 'capture' | 'retrieve' | 'void' | 'refund';

const tooLate = Symbol('too late');

/**
 * Runs `work` with a signal that aborts at the deadline. `no-answer` means that nothing is known about the
 * effect: the money may have been taken. Never rejects.
 */
export function askProvider<T>(
  deps: AskDeps,
  operation: Operation,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<Answered<T>> {
  const start = {
    name: `provider ${operation}`,
    kind: 'client' as const,
    attributes: { 'evently.payment.operation': operation },
  };
  return inSpan(start, async (span) => {
    const outcome = await askInTime(deps, operation, work);
    span?.setAttribute('evently.payment.outcome', outcome.kind);
    if (outcome.kind === 'no-answer') markFailed(span, 'no_answer');
    return outcome;
  });
}

async function askInTime<T>(
  deps: AskDeps,
  operation: Operation,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<Answered<T>> {
  const deadline = new AbortController();
  const answered = new AbortController();
  const startedMs = monotonicMs();
  const running = work(deadline.signal);
  running.catch(() => undefined); // Past the deadline nobody waits for it any more.
  const expiry = pause(deps.providerDeadlineMs, answered.signal).then((): typeof tooLate => tooLate);
  let outcome: Answered<T>;
  try {
    const first = await Promise.race([running, expiry]);
    outcome =
      first === tooLate
        ? { kind: 'no-answer', reason: `no answer in ${deps.providerDeadlineMs} ms` }
        : { kind: 'answered', value: first };
  } catch (error) {
    outcome = { kind: 'no-answer', reason: error instanceof Error ? error.message : 'a broken answer' };
  }
  answered.abort();
  deadline.abort();
  deps.metrics.providerAnswered(operation, outcome.kind, (monotonicMs() - startedMs) / 1000);
  return outcome;
}
