/** Histograms of metrics: taken from samples, subtracted, and what quantiles they allow. Pure. */
import { increase, pick, total, type Samples } from './samples.ts';

/** `counts` are cumulative, as Prometheus writes them: how many were at most `bounds` of the same place; the last bound is infinite. */
export type Histogram = { bounds: readonly number[]; counts: readonly number[]; sum: number; count: number };

export const emptyHistogram: Histogram = { bounds: [], counts: [], sum: 0, count: 0 };

/** All series of `name` that carry the labels of `where`, as if they were one. */
export function histogramOf(
  samples: Samples,
  name: string,
  where: Readonly<Record<string, string>> = {},
): Histogram {
  const byBound = new Map<number, number>();
  for (const { labels, value } of pick(samples, `${name}_bucket`, where)) {
    const bound = labels['le'] === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels['le']);
    if (!Number.isNaN(bound)) byBound.set(bound, (byBound.get(bound) ?? 0) + value);
  }
  const bounds = [...byBound.keys()].toSorted((a, b) => a - b);
  return {
    bounds,
    counts: bounds.map((bound) => byBound.get(bound) ?? 0),
    sum: total(samples, `${name}_sum`, where),
    count: total(samples, `${name}_count`, where),
  };
}

/** What was observed between two readings of the same histogram; a restart in between leaves what came after it. */
export function histogramBetween(before: Histogram, after: Histogram): Histogram {
  const restarted = after.count < before.count;
  const earlier = new Map(before.bounds.map((bound, at) => [bound, before.counts[at] ?? 0]));
  return {
    bounds: after.bounds,
    counts: after.counts.map((count, at) =>
      restarted ? count : increase(earlier.get(after.bounds[at] ?? Number.NaN) ?? 0, count),
    ),
    sum: restarted ? after.sum : after.sum - before.sum,
    count: restarted ? after.count : after.count - before.count,
  };
}

/**
 * The value that `share` of what was observed did not exceed, as `histogram_quantile` of Prometheus estimates it:
 * evenly spread inside its bucket, and the largest finite bound when it lies above. Null when nothing was observed.
 */
export function quantileOf({ bounds, counts, count }: Histogram, share: number): number | null {
  if (count === 0 || bounds.length === 0) return null;
  const rank = share * count;
  const at = counts.findIndex((reached) => reached >= rank);
  const bound = bounds[at];
  const below = at > 0 ? (bounds[at - 1] ?? 0) : 0;
  if (bound === undefined || bound === Number.POSITIVE_INFINITY) return largestFinite(bounds);
  const before = at > 0 ? (counts[at - 1] ?? 0) : 0;
  const inside = (counts[at] ?? 0) - before;
  return inside === 0 ? bound : below + ((bound - below) * (rank - before)) / inside;
}

export function meanOf({ sum, count }: Histogram): number | null {
  return count === 0 ? null : sum / count;
}

function largestFinite(bounds: readonly number[]): number {
  return bounds.findLast((bound) => bound !== Number.POSITIVE_INFINITY) ?? 0;
}
