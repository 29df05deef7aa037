import { expect, test } from 'vitest';
import { readSizes } from './sizes.ts';
import { summarize, summaryOf, textOf, type SummaryInput } from './summary.ts';

const subject = {
  script: 'on-sale',
  baseUrl: 'http://127.0.0.1:8080',
  sizes: readSizes('on-sale', {}),
  summaryFile: 'out.json',
};
const counter = (count: number, ok = true): SummaryInput['metrics'][string] => ({
  type: 'counter',
  values: { count },
  thresholds: { 'count==0': { ok } },
});
function inputWith(more: SummaryInput['metrics']): SummaryInput {
  return {
    state: { testRunDurationMs: 2_500 },
    metrics: {
      iterations: { type: 'counter', values: { count: 12_001 } },
      sold: { type: 'counter', values: { count: 10 } },
      house_seats: { type: 'gauge', values: { value: 10 } },
      house_taken: { type: 'gauge', values: { value: 10 } },
      winners_ms: { type: 'trend', values: { med: 1.25, 'p(99)': 9, count: 10 } },
      losers_ms: { type: 'trend', values: { count: 0 } },
      failed: counter(0),
      ...more,
    },
  };
}

test('a run has passed when every threshold holds, and its numbers are as k6 counted them', () => {
  expect(summaryOf(subject, inputWith({}))).toMatchObject({
    passed: true,
    seconds: 2.5,
    arrivals: 12_001,
    outcomes: { sold: 10, sold_out: 0, failed: 0 },
    house: { seats: 10, taken: 10 },
    latency_ms: { winners: { med: 1.25 } },
    thresholds: [{ metric: 'failed', expression: 'count==0', ok: true }],
  });
});

test('one broken threshold fails the run, and so does a run without any', () => {
  const broken = summaryOf(subject, inputWith({ oversold: counter(1, false) }));
  expect(broken.passed).toBe(false);
  expect(textOf(broken)).toMatch(/on-sale: FAILED[\s\S]*FAILED {2}oversold count==0/);
  const none = inputWith({ failed: { type: 'counter', values: { count: 0 } } });
  expect(summaryOf(subject, none).passed).toBe(false);
});

test('a person reads the text, a program the file', () => {
  const written = summarize(subject, inputWith({}));
  expect(Object.keys(written)).toEqual(['stdout', 'out.json']);
  expect(written['stdout']).toContain('arrivals      12,001');
  expect(written['stdout']).toContain('10 of 10 seats taken');
  expect(written['stdout']).not.toContain('losers');
  expect(JSON.parse(written['out.json'] ?? '')).toMatchObject({ script: 'on-sale', passed: true });
});
