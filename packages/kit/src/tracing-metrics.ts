/** Metrics of traces on their way to the collector. */
import type { Registry } from 'prom-client';
import { addCounter, addGauge, defineCounter, defineGauge } from './metrics-define.ts';

export const tracingDefinitions = {
  spans: defineCounter({
    name: 'evently_traces_spans_total',
    help: 'Spans of recorded traces, by what became of them; dropped ones found the queue full',
    labels: { outcome: ['exported', 'failed', 'dropped'] },
  }),
  waiting: defineGauge({
    name: 'evently_traces_waiting_items',
    help: 'Spans that wait for the collector',
    labels: {},
  }),
};

export type TracingMetrics = { count: (outcome: 'exported' | 'failed' | 'dropped', spans: number) => void };

/** `waiting` is asked at each scrape. */
export function createTracingMetrics(registry: Registry, waiting: () => number): TracingMetrics {
  const spans = addCounter(registry, tracingDefinitions.spans);
  for (const outcome of tracingDefinitions.spans.labels.outcome) spans.inc({ outcome }, 0);
  addGauge(registry, tracingDefinitions.waiting, (gauge) => gauge.set({}, waiting()));
  return { count: (outcome, count) => spans.inc({ outcome }, count) };
}
