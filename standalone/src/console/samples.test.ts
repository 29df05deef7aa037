import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { histogramBetween, histogramOf, meanOf, quantileOf } from './histogram.ts';
import { increase, readRegistry, total, totalsBy, type Sample, type Samples } from './samples.ts';

const samplesOf = (name: string, values: Readonly<Record<string, number>>): Samples =>
  new Map<string, readonly Sample[]>([
    [`${name}_bucket`, Object.entries(values).map(([le, value]) => ({ labels: { le }, value }))],
    [`${name}_sum`, [{ labels: {}, value: 0 }]],
    [`${name}_count`, [{ labels: {}, value: values['+Inf'] ?? 0 }]],
  ]);

test('a registry is read by name: series with their labels, histograms as they are written', async () => {
  const registry = new Registry();
  const registers = [registry];
  const sold = new Counter({ name: 'sold_total', help: 'Sold', labelNames: ['event', 'tier'], registers });
  sold.inc({ event: 'a', tier: '1' }, 3);
  sold.inc({ event: 'a', tier: '2' }, 4);
  sold.inc({ event: 'b', tier: '1' });
  new Gauge({
    name: 'queue_items',
    help: 'Queue',
    registers,
    collect() {
      this.set(9);
    },
  });
  const time = new Histogram({ name: 'time_seconds', help: 'Time', buckets: [1, 2], registers });
  for (const seconds of [0.5, 1.5, 5]) time.observe(seconds);
  const samples = await readRegistry(registry, ['sold_total', 'queue_items', 'time_seconds', 'unknown']);
  expect(total(samples, 'sold_total', { event: 'a' })).toBe(7);
  expect(Object.fromEntries(totalsBy(samples, 'sold_total', 'tier'))).toEqual({ 1: 4, 2: 4 });
  expect([total(samples, 'queue_items'), total(samples, 'unknown')]).toEqual([9, 0]);
  const histogram = histogramOf(samples, 'time_seconds');
  expect(histogram).toEqual({
    bounds: [1, 2, Number.POSITIVE_INFINITY],
    counts: [1, 2, 3],
    sum: 7,
    count: 3,
  });
  expect(meanOf(histogram)).toBeCloseTo(7 / 3);
});

test('a counter that fell has begun anew', () => {
  expect([increase(5, 8), increase(8, 8), increase(8, 2)]).toEqual([3, 0, 2]);
});

test('quantiles are those of Prometheus: spread evenly inside a bucket, the largest finite bound above', () => {
  // 100 observations: 50 up to 1, 40 between 1 and 2, 10 above 4.
  const histogram = histogramOf(samplesOf('t', { 1: 50, 2: 90, 4: 90, '+Inf': 100 }), 't');
  expect(quantileOf(histogram, 0.25)).toBeCloseTo(0.5);
  expect(quantileOf(histogram, 0.5)).toBe(1);
  expect(quantileOf(histogram, 0.7)).toBeCloseTo(1.5);
  expect(quantileOf(histogram, 0.99)).toBe(4);
  expect(quantileOf(histogramOf(new Map(), 't'), 0.5)).toBeNull();
});

test('between two readings lies what was observed meanwhile; after a restart, what came since', () => {
  const before = histogramOf(samplesOf('t', { 1: 50, '+Inf': 60 }), 't');
  const after = histogramOf(samplesOf('t', { 1: 53, '+Inf': 70 }), 't');
  expect(histogramBetween(before, after)).toMatchObject({ counts: [3, 10], count: 10 });
  expect(histogramBetween(after, before)).toMatchObject({ counts: [50, 60], count: 60 });
  expect(quantileOf(histogramBetween(before, before), 0.5)).toBeNull();
});
