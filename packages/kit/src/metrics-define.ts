/** The one door through which a process gets a metric: defined as a value first, so that a page can tell of it. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/**
 * The values that each label may have: a closed set, or a sentence that says what bounds them. There is no third:
 * a label whose values nothing bounds makes a series for each of them.
 */
export type LabelSets = Readonly<Record<string, readonly string[] | string>>;

/** The labels of one series: of a closed set only its members compile. */
export type LabelsOf<L extends LabelSets> = {
  readonly [K in keyof L]: L[K] extends readonly string[] ? L[K][number] : string;
};

export type MetricDefinition<L extends LabelSets = LabelSets> = {
  type: 'counter' | 'gauge' | 'histogram';
  /** Ends in its unit, always a base unit: `_seconds`, `_tickets`; counters in `_total`. */
  name: string;
  help: string;
  labels: L;
  /** Upper bounds, of a histogram only. */
  buckets: readonly number[];
};

type Words<L extends LabelSets> = { name: string; help: string; labels: L };

export function defineCounter<const L extends LabelSets>(words: Words<L>): MetricDefinition<L> {
  return { type: 'counter', ...words, buckets: [] };
}

export function defineGauge<const L extends LabelSets>(words: Words<L>): MetricDefinition<L> {
  return { type: 'gauge', ...words, buckets: [] };
}

export function defineHistogram<const L extends LabelSets>(
  words: Words<L> & { buckets: readonly number[] },
): MetricDefinition<L> {
  return { type: 'histogram', ...words };
}

/** Seconds; fit for answers between half a millisecond and ten seconds. An objective's limit is one of them. */
export const latencyBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
/** Seconds; fit for statements and waits of milliseconds; the last are for a database that is ill, so that seconds are told apart. */
export const shortBuckets = [
  0.0001, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1, 2.5, 10,
];
/** Items of one batch. */
export const sizeBuckets = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

/** The id of the trace that is recorded now; undefined while none is, which costs one call. */
export type TraceIdOf = () => string | undefined;

export type CounterOf<L extends LabelSets> = {
  inc: (labels: LabelsOf<L>, value?: number) => void;
  remove: (labels: LabelsOf<L>) => void;
  /** Removes the series that have this value of one label, whatever the others are: those must be closed sets. */
  removeEach: (label: keyof L & string, value: string) => void;
};
export type GaugeOf<L extends LabelSets> = {
  set: (labels: LabelsOf<L>, value: number) => void;
  remove: (labels: LabelsOf<L>) => void;
  /** Without series, until they are set again. */
  reset: () => void;
  inc: (labels: LabelsOf<L>) => void;
  dec: (labels: LabelsOf<L>) => void;
};
export type HistogramOf<L extends LabelSets> = {
  /** With the id of a recorded trace, the observation is its bucket's exemplar. */
  observe: (labels: LabelsOf<L>, value: number, traceId?: string) => void;
  remove: (labels: LabelsOf<L>) => void;
};

export function addCounter<const L extends LabelSets>(
  registry: Registry,
  definition: MetricDefinition<L>,
): CounterOf<L>;
export function addCounter(registry: Registry, definition: MetricDefinition): CounterOf<LabelSets> {
  const present = presentIn(registry, definition);
  const made =
    present instanceof Counter ? present : new Counter({ ...wordsOf(definition), registers: [registry] });
  return {
    inc: (labels, value) => made.inc(labels, value),
    remove: (labels) => made.remove(labels),
    removeEach: (label, value) => {
      for (const labels of seriesOf(definition, label, value)) made.remove(labels);
    },
  };
}

function seriesOf(
  { name, labels }: MetricDefinition,
  label: string,
  value: string,
): Record<string, string>[] {
  let series: Record<string, string>[] = [{ [label]: value }];
  for (const [other, values] of Object.entries(labels)) {
    if (other === label) continue;
    if (typeof values === 'string') throw new Error(`the label ${other} of ${name} is no closed set`);
    series = series.flatMap((one) => values.map((each) => ({ ...one, [other]: each })));
  }
  return series;
}

/** `collect` is called at each scrape and awaited; it must have a deadline of its own, and is the only one of its gauge. */
export function addGauge<const L extends LabelSets>(
  registry: Registry,
  definition: MetricDefinition<L>,
  collect?: (gauge: GaugeOf<L>) => void | Promise<void>,
): GaugeOf<L>;
export function addGauge(
  registry: Registry,
  definition: MetricDefinition,
  collect?: (gauge: GaugeOf<LabelSets>) => void | Promise<void>,
): GaugeOf<LabelSets> {
  const present = collect === undefined ? presentIn(registry, definition) : undefined;
  const made: Gauge =
    present instanceof Gauge
      ? present
      : new Gauge({
          ...wordsOf(definition),
          registers: [registry],
          ...(collect === undefined ? {} : { collect: () => collect(gauge) }),
        });
  const gauge: GaugeOf<LabelSets> = {
    set: (labels, value) => made.set(labels, value),
    remove: (labels) => made.remove(labels),
    reset: () => emptied(made, definition),
    inc: (labels) => made.inc(labels),
    dec: (labels) => made.dec(labels),
  };
  if (present === undefined) emptied(made, definition);
  return gauge;
}

/** A gauge without labels shows 0 before it was ever set; what is not known has no series instead. */
function emptied(gauge: Gauge, definition: MetricDefinition): void {
  gauge.reset();
  if (Object.keys(definition.labels).length === 0) gauge.remove({});
}

export function addHistogram<const L extends LabelSets>(
  registry: Registry,
  definition: MetricDefinition<L>,
): HistogramOf<L>;
export function addHistogram(registry: Registry, definition: MetricDefinition): HistogramOf<LabelSets> {
  const present = presentIn(registry, definition);
  if (present instanceof Histogram) return histogramOf(present);
  // Registered by hand: the constructor refuses exemplars in a registry whose text has none, and `exposition` has both.
  const made = new Histogram({
    ...wordsOf(definition),
    buckets: [...definition.buckets],
    enableExemplars: true,
    registers: [],
  });
  registry.registerMetric(made);
  return histogramOf(made);
}

function histogramOf(made: Histogram): HistogramOf<LabelSets> {
  return {
    observe: (labels, value, traceId) =>
      made.observe(
        traceId === undefined ? { labels, value } : { labels, value, exemplarLabels: { trace_id: traceId } },
      ),
    remove: (labels) => made.remove(labels),
  };
}

/** Services that share a process share what they have in common: one metric for each name, with their labels. */
function presentIn(registry: Registry, { name, help }: MetricDefinition) {
  const present = registry.getSingleMetric(name);
  if (present === undefined || !('help' in present) || present.help === help) return present;
  throw new Error(`the metric ${name} is defined twice, and not the same`);
}

function wordsOf({ name, help, labels }: MetricDefinition): {
  name: string;
  help: string;
  labelNames: string[];
} {
  return { name, help, labelNames: Object.keys(labels) };
}
