import { expect, test } from 'vitest';
import { createEpochs, mayRaise } from './epoch.ts';

const command = { epoch: 4, uid: 'a', generation: 2 };
const nobody = (): boolean => false;

test('a leader keeps the epoch that it took for an event, and never a lower one', () => {
  const epochs = createEpochs();
  expect(epochs.kept('e')).toBeNull();
  epochs.keep('e', 5);
  epochs.keep('e', 3);
  expect(epochs.kept('e')).toBe(5);
  epochs.forget('e');
  expect(epochs.kept('e')).toBeNull();
});

test('an edit that booking has not seen comes again above the epoch of whoever wrote meanwhile', () => {
  expect(mayRaise(command, { epoch: 6, uid: 'a', generation: 1 }, nobody)).toBe(true);
});

test('the same generation or an older one never raises the epoch: the other side knows at least as much', () => {
  expect(mayRaise(command, { epoch: 6, uid: 'a', generation: 2 }, nobody)).toBe(false);
  expect(mayRaise(command, { epoch: 6, uid: 'a', generation: 3 }, nobody)).toBe(false);
});

test('a sale that left without closing makes room for the next one; a sale that is there does not', () => {
  const left = { epoch: 4, uid: 'gone', generation: 9 };
  expect(mayRaise(command, left, nobody)).toBe(true);
  expect(mayRaise(command, left, (uid) => uid === 'gone')).toBe(false);
});

test('a refusal that does not name a later epoch is not answered by raising it', () => {
  expect(mayRaise(command, { epoch: 3, uid: 'gone', generation: 1 }, nobody)).toBe(false);
});
