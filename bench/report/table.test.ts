import { expect, test } from 'vitest';
import { callResult, saleResult } from '../example-results.ts';
import { formatSpread, markdownTable } from './markdown.ts';
import { renderCalls, renderCosts, renderSales, renderSkipped, renderWrittenLater } from './table.ts';

const whole = (value: number): string => value.toFixed(0);

test('a range is given where the runs differ as printed, and only there', () => {
  expect(formatSpread({ median: 5, least: 3, most: 9, runs: 3 }, whole)).toBe('5 (3 to 9)');
  expect(formatSpread({ median: 5, least: 4.9, most: 5.1, runs: 3 }, whole)).toBe('5');
});

test('a column in which nothing was measured is left out', () => {
  expect(markdownTable(['a', 'b', 'c'], 1, [['x', '', '1']])).toBe('| a | c |\n| --- | ---: |\n| x | 1 |');
});

test('several runs of a measurement are one row: median and range, of percentiles too', () => {
  const runs = [10, 30, 20].map((p99, at) =>
    saleResult({ run: at + 1, soldPerSecond: 1_000 * (at + 1), winners: { ...saleResult().winners, p99 } }),
  );
  const rows = renderSales(runs).split('\n').slice(4);
  expect(rows).toHaveLength(1);
  expect(rows[0]).toContain('2,000 (1,000 to 3,000)');
  expect(rows[0]).toContain('20.0 ms (10.0 ms to 30.0 ms)');
});

test('answers by status are those of all runs together', () => {
  const runs = [saleResult(), saleResult({ run: 2, answers: { 200: 99, 503: 1 } })];
  expect(renderSales(runs)).toContain('| 199 x 200, 1 x 503 |');
});

test('a faulty run stands in its row', () => {
  expect(renderSales([saleResult({ faults: ['sold twice'] })])).toContain('1 FAULTY');
});

test('the cost of a sale names each kind of process', () => {
  const text = renderCosts([saleResult({ cpuSeconds: { servers: 1.5, postgres: 2.5, generator: 3.5 } })]);
  for (const part of ['server CPU s', 'PostgreSQL CPU s', 'generator CPU s', '1.5', '2.5', '3.5'])
    expect(text).toContain(part);
});

test('what is answered before it is stored is told, and is not called clean', () => {
  const settings = { appendonly: 'no', save: '' };
  const late = saleResult({
    variant: 'Redis',
    writtenLater: { mostNotStored: 456, notStored: 123, storedAfterMs: 45, settings },
  });
  expect(renderWrittenLater([late])).toContain('| Redis | appendonly no, save none | 456 | 123 | 45.0 ms |');
  expect(renderSales([late])).toContain('not durable');
  expect(renderWrittenLater([saleResult()])).toBe('');
});

test('other requests have a table of their own, and what was skipped is named with its reason', () => {
  expect(renderCalls([callResult({ servedPerSecond: 4_321 })])).toContain('4,321');
  const skipped = {
    kind: 'skipped',
    profile: 'p',
    variant: 'v',
    run: 1,
    at: '',
    reason: 'no engine',
  } as const;
  expect(renderSkipped([skipped])).toBe('## Skipped\n\n- p: v: no engine');
  expect(renderSkipped([])).toBe('');
});
