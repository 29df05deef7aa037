/** Moments counted per step of time. Pure. */

/** A tenth of a second where that gives few enough steps, else the next longer one. */
const stepsMs = [
  100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000, 21_600_000,
  86_400_000,
] as const;
export const maxSteps = 1_200;

/** The shortest step that divides `spanMs` into at most `maxSteps`; the longest there is for years. */
export function stepFor(spanMs: number): number {
  return stepsMs.find((step) => spanMs / step < maxSteps) ?? Math.ceil(spanMs / maxSteps);
}

/** How many of `momentsMs` lie in each step from 0 to `spanMs`; later ones count into the last. */
export function countPerStep(momentsMs: readonly number[], stepMs: number, spanMs: number): number[] {
  const counts = Array.from({ length: Math.floor(spanMs / stepMs) + 1 }, () => 0);
  for (const moment of momentsMs) {
    const at = Math.min(counts.length - 1, Math.max(0, Math.floor(moment / stepMs)));
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts;
}
