/** Normalised discounted cumulative gain (Järvelin and Kekäläinen, 2002), with the gain 2^grade - 1. */

/** 0 to 3: not at all, barely, well, exactly what was asked. */
export type Grade = 0 | 1 | 2 | 3;

/** Of the grades of the first `depth` answers, in their order. */
function gainOf(grades: readonly number[], depth: number): number {
  return grades
    .slice(0, depth)
    .reduce((sum, grade, place) => sum + (2 ** grade - 1) / Math.log2(place + 2), 0);
}

/** From 0 to 1; `all` are the grades of everything that there is, found or not. 1 when nothing is worth finding. */
export function ndcg(found: readonly number[], all: readonly number[], depth: number): number {
  const ideal = gainOf(
    all.toSorted((one, other) => other - one),
    depth,
  );
  return ideal === 0 ? 1 : gainOf(found, depth) / ideal;
}
