import fc from 'fast-check';
import { expect, test } from 'vitest';
import { linearScale, logScale } from './scale.ts';

test('linear ticks are round and reach beyond the largest value', () => {
  expect(linearScale(23_000, 0, 100, 5).ticks).toEqual([0, 5_000, 10_000, 15_000, 20_000, 25_000]);
  expect(linearScale(0, 0, 100, 5).at(0)).toBe(0);
});

test('every value lies inside the axis, in order', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: 1e7, noNaN: true }), (most) => {
      for (const scale of [linearScale(most, 10, 110, 5), logScale(most / 50, most, 10, 110)]) {
        const [low, high] = [scale.at(most / 2), scale.at(most)];
        expect(low).toBeGreaterThanOrEqual(10 - 1e-6);
        expect(high).toBeGreaterThan(low);
        expect(high).toBeLessThanOrEqual(110 + 1e-6);
        expect(scale.ticks.length).toBeLessThan(12);
      }
    }),
  );
});

test('a logarithmic axis has whole decades, and keeps zero at its lower end', () => {
  const scale = logScale(3, 800, 0, 300);
  expect(scale.ticks).toEqual([1, 10, 100, 1_000]);
  expect([scale.at(1), scale.at(10), scale.at(1_000), scale.at(0)]).toEqual([0, 100, 300, 0]);
});
