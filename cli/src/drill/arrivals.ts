/** What became of each buyer of a drill, in few words: for the report. Pure. */
import type { Answer } from '../generator/open-loop.ts';
import { parseReply } from './tally.ts';

/** Milliseconds after the start of the run. */
export type Arrival = {
  index: number;
  intendedMs: number;
  endedMs: number;
  outcome: { kind: 'taken' } | { kind: 'refused' | 'unanswered'; reason: string };
};

/** The answers without their bytes. */
export function recordArrivals(answers: readonly Answer[]): Arrival[] {
  return answers.map((answer) => ({
    index: answer.index,
    intendedMs: answer.intendedMs,
    endedMs: answer.endedMs,
    outcome: outcomeOf(answer),
  }));
}

function outcomeOf({ outcome }: Answer): Arrival['outcome'] {
  if (outcome.kind !== 'answered') {
    return { kind: 'unanswered', reason: outcome.kind === 'timed-out' ? 'timed out' : 'disconnected' };
  }
  const { status, body } = outcome.response;
  const reply = parseReply(body.toString());
  if (status === 200 && reply.reservation_id !== undefined) return { kind: 'taken' };
  return { kind: 'refused', reason: reply.code ?? `status_${status}` };
}
