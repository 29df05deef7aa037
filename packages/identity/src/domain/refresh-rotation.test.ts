import { expect, test } from 'vitest';
import { decideRotation } from './refresh-rotation.ts';

const unused = { expired: false, rotatedSecondsAgo: null };

test('an unused token is exchanged once', () => {
  expect(decideRotation(false, unused, null)).toBe('rotate');
});

test('an expired, an unknown and a revoked token earn the same nothing', () => {
  expect(decideRotation(false, { ...unused, expired: true }, null)).toBe('invalid');
  expect(decideRotation(false, null, null)).toBe('invalid');
  expect(decideRotation(true, unused, null)).toBe('invalid');
});

test('the direct parent gets the same successor for ten seconds', () => {
  expect(decideRotation(false, { ...unused, rotatedSecondsAgo: 10 }, unused)).toBe('same-successor');
  expect(decideRotation(false, { ...unused, rotatedSecondsAgo: 10.1 }, unused)).toBe('reuse');
});

test('a grandparent is theft, however quick it comes', () => {
  expect(
    decideRotation(false, { ...unused, rotatedSecondsAgo: 1 }, { ...unused, rotatedSecondsAgo: 0 }),
  ).toBe('reuse');
});
