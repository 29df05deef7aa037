import { expect, test } from 'vitest';
import { planRotation, type KeyAges } from './key-rotation.ts';

const periods = { rotationSeconds: 86_400, accessTokenSeconds: 900 };
function key(keyId: string, ages: Partial<KeyAges>): KeyAges {
  return {
    keyId,
    status: 'current',
    createdSecondsAgo: 0,
    activatedSecondsAgo: null,
    retiredSecondsAgo: null,
    ...ages,
  };
}

test('the first key signs at once', () => {
  expect(planRotation([], periods)).toEqual([{ kind: 'create', status: 'current' }]);
});

test('a young key is left alone', () => {
  expect(planRotation([key('a', { activatedSecondsAgo: 100 })], periods)).toEqual([]);
});

test('the next key is published ten minutes before the current one is due', () => {
  expect(planRotation([key('a', { activatedSecondsAgo: 85_800 })], periods)).toEqual([
    { kind: 'create', status: 'next' },
  ]);
});

test('a key never signs before it was published for ten minutes', () => {
  const current = key('a', { activatedSecondsAgo: 900_000 });
  expect(planRotation([current, key('b', { status: 'next', createdSecondsAgo: 599 })], periods)).toEqual([]);
  expect(planRotation([current, key('b', { status: 'next', createdSecondsAgo: 600 })], periods)).toEqual([
    { kind: 'promote', keyId: 'b' },
  ]);
});

test('a published key waits until the current one is due', () => {
  const current = key('a', { activatedSecondsAgo: 86_000 });
  expect(planRotation([current, key('b', { status: 'next', createdSecondsAgo: 5_000 })], periods)).toEqual(
    [],
  );
});

test('a retired key goes only after every token it signed has run out', () => {
  const current = key('b', { activatedSecondsAgo: 1_200 });
  expect(planRotation([current, key('a', { status: 'retired', retiredSecondsAgo: 1_200 })], periods)).toEqual(
    [],
  );
  expect(planRotation([current, key('a', { status: 'retired', retiredSecondsAgo: 1_201 })], periods)).toEqual(
    [{ kind: 'remove', keyId: 'a' }],
  );
});

test('a waiting key takes over when the current one is missing', () => {
  expect(planRotation([key('b', { status: 'next', createdSecondsAgo: 1 })], periods)).toEqual([
    { kind: 'promote', keyId: 'b' },
  ]);
});
