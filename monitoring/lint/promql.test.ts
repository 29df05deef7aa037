import { expect, test } from 'vitest';
import { readPromQl } from './promql.ts';

test('a selector is read with its matchers, its window and what it stands in', () => {
  const { faults, selectors } = readPromQl('max(sum by (le) (rate(a_total{job=~"$job", x!="y"}[5m])))');
  expect(faults).toEqual([]);
  expect(selectors).toEqual([
    {
      metric: 'a_total',
      matchers: [
        { label: 'job', operator: '=~', value: '$job' },
        { label: 'x', operator: '!=', value: 'y' },
      ],
      range: '5m',
      within: ['rate', 'sum', 'max'],
    },
  ]);
});

test('every selector of an expression is found, on both sides and in arguments', () => {
  const { selectors } = readPromQl(
    '(a * on (x) group_left (y) topk by (x) (1, b)) or on (x) label_replace(c, "y", "$1", "x", "(.*)") / evently:d:rate5m',
  );
  expect(selectors.map(({ metric }) => metric)).toEqual(['a', 'b', 'c', 'evently:d:rate5m']);
});

test.each([
  'sum(rate(a_total[5m])',
  'rate(a_total[])',
  'nosuchfunction(a)',
  'a{job="b"',
  'a{job=~"("}',
  'sum by le (a)',
  'a and',
])('"%s" is not well-formed', (expr) => {
  expect(readPromQl(expr).faults).not.toEqual([]);
});
