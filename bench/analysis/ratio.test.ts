import { expect, test } from 'vitest';
import { ratioOf } from './ratio.ts';

const of = (...values: number[]) => values.map((value, at) => ({ run: at + 1, value }));
const value = ({ value: figure }: { value: number }): number => figure;

test('runs are compared with themselves, not their medians with each other', () => {
  expect(ratioOf(of(50, 10, 90), of(100, 10, 100), value)).toEqual({
    median: 0.9,
    least: 0.5,
    most: 1,
    runs: 3,
  });
});

test('a run that has only one of the two is left out', () => {
  expect(ratioOf(of(50, 60), of(100), value)).toMatchObject({ median: 0.5, runs: 1 });
  expect(ratioOf(of(50), [], value)).toBeNull();
  expect(ratioOf(of(50), of(0), value)).toBeNull();
});
