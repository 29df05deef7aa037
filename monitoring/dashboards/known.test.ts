import { expect, test } from 'vitest';
import { searchDefinitions } from '@evently/search/metrics';
import { metricSections } from '../../tests/reference/metrics-catalog.ts';
import {
  dashboardExpressions,
  replaceVariables,
  ruleExpressions,
  type VariableValues,
} from '../expressions.ts';
import { legendFaults, unknownFaults, type KnownMetric } from '../lint/known-metrics.ts';
import { readPromQl } from '../lint/promql.ts';
import { dashboards } from './dashboard-files.ts';

const defined = [
  ...metricSections().flatMap(({ definitions }) => definitions),
  ...Object.values(searchDefinitions),
];
const known = new Map<string, KnownMetric>([
  ...defined.map((one) => [one.name, one] as const),
  // Prometheus' own word on each target.
  ['up', { type: 'gauge', labels: {} }],
  // What recording rules make, with the labels that they keep.
  ...ruleExpressions()
    .filter(({ panel }) => panel.startsWith('evently:'))
    .map(({ panel }) => [panel, { type: 'gauge', labels: { slo: 'objectives, by name' } }] as const),
]);
// A choice of everything, so that only what we wrote is compared with what may be.
const values: VariableValues = {
  job: '.+',
  instance: '.+',
  event: '.+',
  service: '.+',
  __rate_interval: '1m',
  __range: '1h',
};

test('every expression asks for metrics, labels and values that there are', () => {
  const faults = dashboardExpressions(values).flatMap(({ source, panel, expr }) =>
    unknownFaults(readPromQl(expr), known).map((fault) => `${source}, "${panel}": ${fault}`),
  );
  expect([...new Set(faults)]).toEqual([]);
});

test('legends show labels that their series have', () => {
  const faults = dashboards.flatMap(({ title: dashboard, rows }) =>
    rows
      .flatMap(({ panels }) => panels)
      .flatMap(({ title, queries }) =>
        queries.flatMap(({ expr, legend }) =>
          legendFaults(legend, readPromQl(replaceVariables(expr, values)), known).map(
            (fault) => `${dashboard}, "${title}": ${fault}`,
          ),
        ),
      ),
  );
  expect(faults).toEqual([]);
  expect(legendFaults('{{cause}}', readPromQl('sum by (event) (rate(a_total[1m]))'), known)).toHaveLength(1);
});

test.each([
  ['nobody has a metric evently_booking_tickets', 'max(evently_booking_tickets)'],
  ['nobody has a metric evently_http_request_duration_seconds', 'max(evently_http_request_duration_seconds)'],
  ['has no label reason', 'sum by (event) (rate(evently_booking_stock_changes_total{reason="x"}[1m]))'],
  ['is never full', 'max(evently_booking_inventory_tickets{state="full"})'],
  ['only counts up', 'sum(evently_booking_stock_changes_total)'],
  ['is a gauge', 'sum(rate(evently_booking_inventory_tickets[1m]))'],
  ['by which they are grouped', 'sum by (reason) (rate(evently_booking_stock_changes_total[1m]))'],
])('found: %s', (fault, expr) => {
  expect(unknownFaults(readPromQl(expr), known).join()).toContain(fault);
});
