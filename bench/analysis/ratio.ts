/** How two measurements of the same runs compare. Pure. */
import { spreadOf, type Spread } from './spread.ts';

type Run = { run: number };

/**
 * The ratio within each run that has both, and then the spread of these: what slows a whole run down is in
 * both of its halves. Of several results of one run the last counts. Null without a common run.
 */
export function ratioOf<T extends Run>(
  above: readonly T[],
  below: readonly T[],
  value: (result: T) => number,
): Spread | null {
  const belowOf = new Map(below.map((result) => [result.run, value(result)]));
  const aboveOf = new Map(above.map((result) => [result.run, value(result)]));
  const ratios = [...aboveOf].flatMap(([run, top]) => {
    const bottom = belowOf.get(run);
    return bottom === undefined || bottom === 0 ? [] : [top / bottom];
  });
  return spreadOf(ratios);
}
