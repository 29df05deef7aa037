import fc from 'fast-check';
import { expect, test } from 'vitest';
import { measureFairness } from './fairness.ts';

test('first come, first served has no inversions', () => {
  expect(measureFairness([1, 2, 3], [4, 5])).toEqual({
    pairs: 6,
    inversions: 0,
    share: 0,
    longestOvertakingMs: 0,
  });
});

test('a winner who came after two losers overtook both', () => {
  expect(measureFairness([1, 9], [2, 5])).toEqual({
    pairs: 4,
    inversions: 2,
    share: 0.5,
    longestOvertakingMs: 7,
  });
});

test('nobody is overtaken where nobody lost or nobody won', () => {
  expect([measureFairness([1], []).share, measureFairness([], [1]).share]).toEqual([0, 0]);
});

test('the count equals that of looking at every pair', () => {
  const times = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 40 });
  fc.assert(
    fc.property(times, times, (winners, losers) => {
      const overtaking = winners.flatMap((won) =>
        losers.filter((lost) => lost < won).map((lost) => won - lost),
      );
      expect(measureFairness(winners, losers)).toMatchObject({
        inversions: overtaking.length,
        longestOvertakingMs: Math.max(0, ...overtaking),
      });
    }),
  );
});
