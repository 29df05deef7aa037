/** Reads the counters and histograms of a Prometheus page that the benchmark reports. Pure but for the fetch. */

const fetchDeadlineMs = 5_000;
const line = /^([a-zA-Z_:][\w:]*)(?:\{([^}]*)\})? (\S+)$/gm;

export type Sample = { name: string; labels: Readonly<Record<string, string>>; value: number };

/** Every sample of a page in the Prometheus text format, without comments and timestamps. */
export function parseExposition(text: string): Sample[] {
  return [...text.matchAll(line)].map(([, name = '', labels = '', value]) => ({
    name,
    labels: Object.fromEntries(
      [...labels.matchAll(/(\w+)="([^"]*)"/g)].map((match) => [match[1] ?? '', match[2] ?? '']),
    ),
    value: Number(value),
  }));
}

/** Batches of one kind: how many, how large, how long, and how often another process had written in between. */
export type BatchCounts = {
  conflicts: number;
  batches: number;
  requests: number;
  /** Batches by the upper bound of their size. */
  sizes: Readonly<Record<string, number>>;
  /** Batches by the upper bound of their time in milliseconds, the wait for the lock and the commit included. */
  durationsMs: Readonly<Record<string, number>>;
};

const msPerSecond = 1_000;

/** The counters of all `pages` together, as they stand; `kind` is what the batches do. */
export function countBatches(pages: readonly string[], kind = 'reserve'): BatchCounts {
  const isOfKind = ({ labels }: Sample): boolean => labels['kind'] === kind;
  const samples = pages.flatMap(parseExposition);
  const total = (name: string, only: (sample: Sample) => boolean): number =>
    samples.filter((sample) => sample.name === name && only(sample)).reduce((sum, one) => sum + one.value, 0);
  const size = 'evently_booking_batch_size_items';
  const buckets = (name: string, factor: number): Record<string, number> =>
    readBuckets(
      samples.filter((sample) => sample.name === `${name}_bucket` && isOfKind(sample)),
      factor,
    );
  return {
    conflicts: total('evently_booking_version_conflicts_total', () => true),
    batches: total(`${size}_count`, isOfKind),
    requests: total(`${size}_sum`, isOfKind),
    sizes: buckets(size, 1),
    durationsMs: buckets('evently_booking_batch_duration_seconds', msPerSecond),
  };
}

/** From the cumulative counts of a histogram to those of each bucket; what exceeds the last bound is at Infinity. */
function readBuckets(samples: readonly Sample[], factor: number): Record<string, number> {
  const upTo = new Map<number, number>();
  for (const { labels, value } of samples) {
    const bound = labels['le'] === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels['le']);
    upTo.set(bound, (upTo.get(bound) ?? 0) + value);
  }
  const bounds = [...upTo.keys()].toSorted((a, b) => a - b);
  return Object.fromEntries(
    bounds.map((bound, at) => [
      String(bound * factor),
      (upTo.get(bound) ?? 0) - (upTo.get(bounds[at - 1] ?? Number.NaN) ?? 0),
    ]),
  );
}

/** The upper bound of the slowest batch's time; Infinity beyond the last bound, null without batches. */
export function slowestBatchMs({ durationsMs }: Pick<BatchCounts, 'durationsMs'>): number | null {
  const taken = Object.entries(durationsMs).filter(([, count]) => count > 0);
  return taken.length === 0 ? null : Math.max(...taken.map(([bound]) => Number(bound)));
}

/** What was added from one reading to a later one. */
export function subtractBatches(later: BatchCounts, earlier: BatchCounts): BatchCounts {
  const less = (after: Readonly<Record<string, number>>, before: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(after).map(([bound, count]) => [bound, count - (before[bound] ?? 0)]));
  return {
    conflicts: later.conflicts - earlier.conflicts,
    batches: later.batches - earlier.batches,
    requests: later.requests - earlier.requests,
    sizes: less(later.sizes, earlier.sizes),
    durationsMs: less(later.durationsMs, earlier.durationsMs),
  };
}

/** The pages of the processes that book. */
export async function readBatches(metricsUrls: readonly string[], kind?: string): Promise<BatchCounts> {
  const pages = await Promise.all(
    metricsUrls.map(async (url) => {
      const answer = await fetch(url, { signal: AbortSignal.timeout(fetchDeadlineMs) });
      return answer.text();
    }),
  );
  return countBatches(pages, kind);
}
