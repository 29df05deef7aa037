/** How far first come was first served: pairs in which a later buyer got what an earlier one was refused. Pure. */
import type { Fairness } from './story.ts';

/**
 * In order of arrival; `undecided` (nobody answered) counts for neither side. Buyers are numbered from 1. Needs one pass:
 * each winner adds the losers before it.
 */
export function judgeFairness(outcomes: readonly ('taken' | 'refused' | 'undecided')[]): Fairness {
  let refused = 0;
  let taken = 0;
  let unfair = 0;
  let firstRefused: number | null = null;
  let lastTaken: number | null = null;
  for (const [at, outcome] of outcomes.entries()) {
    if (outcome === 'refused') {
      refused += 1;
      firstRefused ??= at + 1;
    } else if (outcome === 'taken') {
      taken += 1;
      unfair += refused;
      lastTaken = at + 1;
    }
  }
  const pairs = taken * refused;
  return {
    pairs,
    unfair_pairs: unfair,
    share: pairs === 0 ? 0 : unfair / pairs,
    first_refused: firstRefused,
    last_taken: lastTaken,
  };
}
