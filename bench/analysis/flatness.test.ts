import { expect, test } from 'vitest';
import { isFlat } from './flatness.ts';

test('memory that rises at the start and then sways is flat', () => {
  expect(isFlat({ samples: [50, 90, 100, 104, 98, 103, 99, 102] })).toBe(true);
});

test('memory that goes on rising is not', () => {
  expect(isFlat({ samples: [50, 60, 70, 80, 90, 100, 110, 120] })).toBe(false);
});

test('a run too short to have quarters says nothing against it', () => {
  expect(isFlat({ samples: [50, 80] })).toBe(true);
});
