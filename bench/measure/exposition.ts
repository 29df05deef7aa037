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

/** Batches of reserving: how many, how large, and how often another process had written in between. */
export type BatchCounts = {
  conflicts: number;
  batches: number;
  requests: number;
  /** Batches by the upper bound of their size. */
  sizes: Readonly<Record<string, number>>;
};

const isReserve = ({ labels }: Sample): boolean => labels['kind'] === 'reserve';

/** The counters of all `pages` together, as they stand. */
export function countBatches(pages: readonly string[]): BatchCounts {
  const samples = pages.flatMap(parseExposition);
  const total = (name: string, only: (sample: Sample) => boolean): number =>
    samples.filter((sample) => sample.name === name && only(sample)).reduce((sum, one) => sum + one.value, 0);
  const size = 'evently_booking_batch_size_items';
  const bounds = [...new Set(samples.filter(isReserve).map(({ labels }) => labels['le'] ?? ''))]
    .filter((bound) => /^\d+$/.test(bound))
    .toSorted((a, b) => Number(a) - Number(b));
  const upTo = (bound: string): number =>
    total(`${size}_bucket`, (sample) => isReserve(sample) && sample.labels['le'] === bound);
  return {
    conflicts: total('evently_booking_version_conflicts_total', () => true),
    batches: total(`${size}_count`, isReserve),
    requests: total(`${size}_sum`, isReserve),
    sizes: Object.fromEntries(bounds.map((bound, at) => [bound, upTo(bound) - upTo(bounds[at - 1] ?? '')])),
  };
}

/** What was added from one reading to a later one. */
export function subtractBatches(later: BatchCounts, earlier: BatchCounts): BatchCounts {
  return {
    conflicts: later.conflicts - earlier.conflicts,
    batches: later.batches - earlier.batches,
    requests: later.requests - earlier.requests,
    sizes: Object.fromEntries(
      Object.entries(later.sizes).map(([bound, count]) => [bound, count - (earlier.sizes[bound] ?? 0)]),
    ),
  };
}

/** The pages of the processes that book. */
export async function readBatches(metricsUrls: readonly string[]): Promise<BatchCounts> {
  const pages = await Promise.all(
    metricsUrls.map(async (url) => {
      const answer = await fetch(url, { signal: AbortSignal.timeout(fetchDeadlineMs) });
      return answer.text();
    }),
  );
  return countBatches(pages);
}
