/** Metrics as plain numbers: read from a registry, picked by labels, added up. */
import type { Registry } from 'prom-client';

export type Sample = { labels: Readonly<Record<string, string>>; value: number };
/** By the name that a scrape writes: those of a histogram are `<name>_bucket`, `<name>_sum` and `<name>_count`. */
export type Samples = ReadonlyMap<string, readonly Sample[]>;

type Labels = Readonly<Record<string, string>>;

/** What the metrics of `names` say now; one that is not registered is absent. Asks nobody outside but their own collectors. */
export async function readRegistry(registry: Registry, names: readonly string[]): Promise<Samples> {
  const samples = new Map<string, Sample[]>();
  await Promise.all(
    names.map(async (name) => {
      const read = await registry.getSingleMetric(name)?.get();
      for (const entry of read?.values ?? []) {
        const written =
          'metricName' in entry && typeof entry.metricName === 'string' ? entry.metricName : name;
        const labels = Object.fromEntries(
          Object.entries(entry.labels).map(([label, value]) => [label, String(value)]),
        );
        const own = samples.get(written) ?? [];
        own.push({ labels, value: entry.value });
        samples.set(written, own);
      }
    }),
  );
  return samples;
}

/** The samples of `name` that carry all labels of `where`. */
export function pick(samples: Samples, name: string, where: Labels = {}): readonly Sample[] {
  const wanted = Object.entries(where);
  return (samples.get(name) ?? []).filter(({ labels }) =>
    wanted.every(([label, value]) => labels[label] === value),
  );
}

/** Their sum; 0 when there is none. */
export function total(samples: Samples, name: string, where: Labels = {}): number {
  return pick(samples, name, where).reduce((sum, { value }) => sum + value, 0);
}

/** Their sums by what `label` says, those without it left out. */
export function totalsBy(
  samples: Samples,
  name: string,
  label: string,
  where: Labels = {},
): Map<string, number> {
  const totals = new Map<string, number>();
  for (const { labels, value } of pick(samples, name, where)) {
    const key = labels[label];
    if (key !== undefined) totals.set(key, (totals.get(key) ?? 0) + value);
  }
  return totals;
}

/** By how much a counter rose; one that fell has begun anew, and all of it is new. */
export function increase(before: number, after: number): number {
  return after >= before ? after - before : after;
}
