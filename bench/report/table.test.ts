import { expect, test } from 'vitest';
import { formatSpread } from './table.ts';

const whole = (value: number): string => value.toFixed(0);

test('a range is given where the runs differ as printed, and only there', () => {
  expect(formatSpread({ median: 5, least: 3, most: 9, runs: 3 }, whole)).toBe('5 (3 to 9)');
  expect(formatSpread({ median: 5, least: 4.9, most: 5.1, runs: 3 }, whole)).toBe('5');
});
