/** Whether an expression asks for metrics, labels and values of labels that there are; what is misspelt finds nothing, silently. */
import type { MetricDefinition } from '@evently/kit/metrics-define';
import type { Grouping, Reading, Selector } from './promql.ts';

export type KnownMetric = Pick<MetricDefinition, 'type' | 'labels'>;
export type KnownMetrics = ReadonlyMap<string, KnownMetric>;

// Prometheus puts them on every series of a target.
const targetLabels = ['job', 'instance'];
const endings = /_(?:bucket|sum|count)$/;

/** A sentence for each metric, label, or value of a closed set that nobody defines. */
export function unknownFaults({ selectors, groupings }: Reading, known: KnownMetrics): string[] {
  return [
    ...selectors.flatMap((selector) => selectorFaults(selector, known)),
    ...groupings.flatMap((grouping) => groupingFaults(grouping, known)),
  ];
}

/** A histogram is asked for by its parts, and by nothing else. */
function metricOf(name: string, known: KnownMetrics): KnownMetric | undefined {
  const whole = known.get(name);
  if (whole !== undefined) return whole.type === 'histogram' ? undefined : whole;
  const histogram = known.get(name.replace(endings, ''));
  return histogram?.type === 'histogram' ? histogram : undefined;
}

function labelsOf(name: string, known: KnownMetrics): string[] {
  const own = Object.keys(metricOf(name, known)?.labels ?? {});
  return [...targetLabels, ...own, ...(name.endsWith('_bucket') ? ['le'] : [])];
}

function selectorFaults({ metric, matchers, range }: Selector, known: KnownMetrics): string[] {
  const definition = metricOf(metric, known);
  if (definition === undefined) return [`nobody has a metric ${metric}`];
  const isCounted = definition.type !== 'gauge';
  return [
    ...(range === null && isCounted ? [`${metric} only counts up: ask for its rate`] : []),
    ...(range !== null && !isCounted ? [`${metric} is a gauge, and has no rate`] : []),
    ...matchers.flatMap(({ label, operator, value }) => {
      if (!labelsOf(metric, known).includes(label)) return [`${metric} has no label ${label}`];
      const values = definition.labels[label];
      const isClosed = values !== undefined && typeof values !== 'string';
      return isClosed && ['=', '!='].includes(operator) && !values.includes(value)
        ? [`the label ${label} of ${metric} is never ${value}`]
        : [];
    }),
  ];
}

/** Each label of a grouping is one of a metric below it; else all of them become one series. */
function groupingFaults({ labels, made, metrics }: Grouping, known: KnownMetrics): string[] {
  const there = new Set([...made, ...metrics.flatMap((metric) => labelsOf(metric, known))]);
  return labels
    .filter((label) => !there.has(label))
    .map((label) => `none of ${metrics.join(', ')} has the label ${label} by which they are grouped`);
}

/** Labels in a legend, `{{label}}`, that the series do not have: Grafana shows nothing in their place. */
export function legendFaults(legend: string, reading: Reading, known: KnownMetrics): string[] {
  const { groupings, selectors } = reading;
  const kept = new Set(
    groupings.length > 0
      ? groupings.flatMap(({ labels, made }) => [...labels, ...made])
      : selectors.flatMap(({ metric }) => labelsOf(metric, known)),
  );
  return [...legend.matchAll(/\{\{(\w+)\}\}/g)]
    .map(([, label = '']) => label)
    .filter((label) => !kept.has(label))
    .map((label) => `the legend shows the label ${label}, which no series has`);
}
