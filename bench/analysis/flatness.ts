/** Whether a process's memory stays where it is while it works on. Pure. */
import type { MemorySpan } from '../measure/processes.ts';

const allowedGrowth = 1.1;

/**
 * Flat: the mean of the last quarter of the run is within a tenth of the mean of its second quarter. The
 * first quarter is left out, because a fresh process still takes the memory that it works with.
 */
export function isFlat({ samples }: Pick<MemorySpan, 'samples'>): boolean {
  const quarter = Math.floor(samples.length / 4);
  if (quarter === 0) return true;
  const second = mean(samples.slice(quarter, 2 * quarter));
  return mean(samples.slice(-quarter)) <= second * allowedGrowth;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
