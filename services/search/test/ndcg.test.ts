import { expect, test } from 'vitest';
import { ndcg } from './ndcg.ts';

test('the best order is 1, the worst is less, and what was not found counts', () => {
  expect(ndcg([3, 2, 1, 0], [0, 1, 2, 3], 10)).toBe(1);
  expect(ndcg([0, 1, 2, 3], [0, 1, 2, 3], 10)).toBeLessThan(0.6);
  expect(ndcg([3], [3, 3], 10)).toBeCloseTo(7 / (7 + 7 / Math.log2(3)), 10);
  expect(ndcg([], [3], 10)).toBe(0);
  expect(ndcg([], [0, 0], 10)).toBe(1);
});

test('only the first places count', () => {
  expect(ndcg([0, 3], [3], 1)).toBe(0);
  expect(ndcg([3, 0, 0], [3, 0, 0], 2)).toBe(1);
});
