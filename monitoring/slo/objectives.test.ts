import { readFileSync } from 'node:fs';
import path from 'node:path';
import { latencyBuckets } from '@evently/kit/metrics-define';
import { expect, test } from 'vitest';
import { recordingRules, windowsOf } from './burn-rates.ts';
import { budgetOf, parseObjectives, readObjectives, secondsOf, type Objectives } from './objectives.ts';

const text = readFileSync(path.join(import.meta.dirname, 'objectives.json'), 'utf8');
const objectives = readObjectives();
const [first] = objectives.objectives;
const [rate] = objectives.burn_rates;

test("a latency's limit is a bound that the histogram counts by", () => {
  const limits = objectives.objectives.flatMap((one) =>
    one.kind === 'latency' ? [one.within_ms / 1_000] : [],
  );
  expect(limits.filter((seconds) => !latencyBuckets.includes(seconds))).toEqual([]);
  expect(limits.length).toBeGreaterThan(2);
});

test('the burn rates are those of the workbook, each short window a twelfth of its long one', () => {
  expect(
    objectives.burn_rates.map(({ factor, long, short, severity }) => [factor, long, short, severity]),
  ).toEqual([
    [14.4, '1h', '5m', 'page'],
    [6, '6h', '30m', 'page'],
    [1, '3d', '6h', 'ticket'],
  ]);
  for (const { long, short } of objectives.burn_rates) expect(secondsOf(long) / secondsOf(short)).toBe(12);
  expect(windowsOf(objectives)).toEqual(['5m', '30m', '1h', '6h', '3d']);
});

test('with the least number of requests several have to be bad before anybody is told', () => {
  for (const objective of objectives.objectives) {
    for (const { factor, minimum_requests: least } of objectives.burn_rates)
      expect(least * factor * budgetOf(objective)).toBeGreaterThanOrEqual(7);
  }
});

test('a budget has no noise of binary fractions', () => {
  expect([budgetOf({ target: 0.999 }), budgetOf({ target: 0.99 })]).toEqual([0.001, 0.01]);
});

test('each objective has its rates in each window', () => {
  const rules = recordingRules(objectives);
  for (const { name } of objectives.objectives) {
    expect(rules.filter(({ labels }) => labels?.['slo'] === name)).toHaveLength(11);
  }
});

const other = (change: Partial<Objectives>): string => JSON.stringify({ ...objectives, ...change });

test.each([
  [
    'a field that nobody reads',
    text.replace('"sale": {', '"sale": { "colour": 1,'),
    'sale: Unrecognized key',
  ],
  ['a target above all', text.replace('0.999', '1.999'), 'objectives.0.target'],
  [
    'an objective twice',
    other({ objectives: first === undefined ? [] : [first, first] }),
    'two objectives are called reserve-availability',
  ],
  [
    'a route with a matcher in it',
    text.replace('/api/v1/bookings/reserve', '/api/.*'),
    'must be the pattern of a route',
  ],
  [
    'a short window that is longer',
    other({ burn_rates: rate === undefined ? [] : [{ ...rate, short: '2h' }] }),
    'a short window of 2h is not within 1h',
  ],
  [
    'a rate that no ratio reaches',
    other({ burn_rates: rate === undefined ? [] : [{ ...rate, factor: 200 }] }),
    'no ratio of failures is 200 times its budget',
  ],
])('%s is refused, and where it is is said', (_, broken, says) => {
  expect(() => parseObjectives(broken)).toThrow(says);
});
