/** The page of all metrics, made from the values that the code makes its metrics of. */
import type { LabelSets, MetricDefinition } from '@evently/kit/metrics-define';
import { metricSections, type Section } from './metrics-catalog.ts';
import { unitOf } from './metric-names.ts';

export const metricsPagePath = 'docs/reference/metrics.md';

const opening = `# Metrics

Every process serves its metrics at \`/metrics\` of a port of its own (\`METRICS_PORT\`): in Prometheus' text format, or as
OpenMetrics with exemplars to a scraper that asks for it. This page is made by \`make metrics-reference\` from where the metrics
are defined; tests keep it current, and compare it with what the real processes answer.

**Labels are bounded.** A label has the values that are named here and no other. \`event\` is the id of an event that is on sale or
sold within ten minutes, of 50 at most; every other event is counted as \`other\`. A place becomes free when its event neither sells
nor is on sale, and its series end.

**Exemplars.** While a trace is recorded (\`OTEL_EXPORTER_OTLP_ENDPOINT\`), the buckets of
\`evently_http_request_duration_seconds\` carry the \`trace_id\` of their newest request. Without a collector none is looked for.

**Figures from a database** are read when a scrape asks, one reading for all of them, shared by scrapes within a second. A
scrape waits half a second for it and no more; it takes one connection of the service's pool, and no lock. Figures that are older than 15
seconds are not shown (of oversold tickets: two minutes, because a count rests a hundred times as long as it took). What fails is
counted in \`evently_db_figures_reads_total\` and logged once.

**Version conflicts** as a share: \`evently_booking_version_conflicts_total\` by \`evently_booking_stock_changes_total\`, both counted
where the version of an event rises.

**What it costs**: [benchmarks](../benchmarks.md#what-the-metrics-cost).
`;

/** The whole page as Markdown, the same for the same definitions. */
export function writeMetricsPage(): string {
  return `${[opening, ...metricSections().map(showSection)].join('\n').trimEnd()}\n`;
}

function showSection({ title, about, processes, definitions }: Section): string {
  const has = `In: ${processes.join(', ')}.`;
  const rows = definitions.map(showMetric);
  return `## ${title}\n\n${about} ${has}\n\n| metric | type | unit | labels | what it means |\n| --- | --- | --- | --- | --- |\n${rows.join('\n')}\n`;
}

function showMetric({ type, name, help, labels, buckets }: MetricDefinition): string {
  const kind = buckets.length === 0 ? type : `${type}: up to ${buckets.join(', ')}`;
  return `| \`${name}\` | ${kind} | ${unitOf(name)} | ${inCell(showLabels(labels))} | ${inCell(help)} |`;
}

function showLabels(labels: LabelSets): string {
  return Object.entries(labels)
    .map(([name, values]) => `\`${name}\`: ${typeof values === 'string' ? values : values.join(', ')}`)
    .join('; ');
}

function inCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
