import fc from 'fast-check';
import { expect, test } from 'vitest';
import { kneeOf, nextRate, type RampPlan, type Step } from './knee.ts';

const plan: RampPlan = {
  firstPerSecond: 1_000,
  factor: 2,
  highestPerSecond: 40_000,
  precision: 0.1,
  maxSteps: 30,
};

function search(limit: number, ramp: RampPlan): Step[] {
  const steps: Step[] = [];
  for (let rate = nextRate(ramp, steps); rate !== null; rate = nextRate(ramp, steps)) {
    steps.push({ ratePerSecond: rate, held: rate <= limit });
  }
  return steps;
}

test('the ramp rises by its factor, then halves the gap', () => {
  expect(search(5_500, plan).map((step) => step.ratePerSecond)).toEqual([
    1_000, 2_000, 4_000, 8_000, 6_000, 5_000, 5_500,
  ]);
});

test('whatever the limit is, it is found as precisely as asked', () => {
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 39_999 }), (limit) => {
      const knee = kneeOf(search(limit, plan));
      expect(knee).toBeLessThanOrEqual(limit);
      expect(knee).toBeGreaterThanOrEqual(limit * 0.85);
    }),
  );
});

test('the ramp ends at its highest rate, and at its number of steps', () => {
  expect(search(1_000_000, plan).at(-1)).toEqual({ ratePerSecond: 40_000, held: true });
  expect(search(5_500, { ...plan, maxSteps: 3 })).toHaveLength(3);
});

test('a rate that was held above a failed one is luck, not the knee', () => {
  const steps = [
    { ratePerSecond: 1_000, held: true },
    { ratePerSecond: 2_000, held: false },
    { ratePerSecond: 3_000, held: true },
  ];
  expect(kneeOf(steps)).toBe(1_000);
});
