import { expect, test } from 'vitest';
import { groupBy, spreadOf } from './spread.ts';

test('the median of an odd count is the middle value, of an even count the mean of both', () => {
  expect(spreadOf([5, 1, 3])).toEqual({ median: 3, least: 1, most: 5, runs: 3 });
  expect(spreadOf([4, 1, 3, 2])).toEqual({ median: 2.5, least: 1, most: 4, runs: 4 });
  expect(spreadOf([7])).toEqual({ median: 7, least: 7, most: 7, runs: 1 });
  expect(spreadOf([])).toBeNull();
});

test('groups keep the order of their first members', () => {
  expect([...groupBy(['b1', 'a1', 'b2'], (text) => text.charAt(0))]).toEqual([
    ['b', ['b1', 'b2']],
    ['a', ['a1']],
  ]);
});
