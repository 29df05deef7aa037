/** How often a later arrival won a seat over an earlier one that was refused. Pure. */

export type Fairness = {
  /** Pairs of one loser and one winner. */
  pairs: number;
  /** Those in which the loser had arrived first. */
  inversions: number;
  /** `inversions / pairs`; 0 without pairs. */
  share: number;
  /** The longest time by which a winner had arrived after a loser. */
  longestOvertakingMs: number;
};

/** Times are the intended arrivals, in milliseconds; equal times overtake nobody. Takes n log n steps. */
export function measureFairness(winners: readonly number[], losers: readonly number[]): Fairness {
  const won = Float64Array.from(winners).toSorted();
  const lost = Float64Array.from(losers).toSorted();
  let inversions = 0;
  let earlierLosers = 0;
  for (const winnerAtMs of won) {
    while (earlierLosers < lost.length && (lost[earlierLosers] ?? 0) < winnerAtMs) earlierLosers += 1;
    inversions += earlierLosers;
  }
  const pairs = won.length * lost.length;
  const overtaking = (won.at(-1) ?? 0) - (lost[0] ?? 0);
  return {
    pairs,
    inversions,
    share: pairs === 0 ? 0 : inversions / pairs,
    longestOvertakingMs: inversions === 0 ? 0 : overtaking,
  };
}
