import { expect, test } from 'vitest';
import { createBacklog, retryDelayMs } from './backlog.ts';
import type { Entry } from './stream.ts';

const entry = (place: string, key: string, more: Partial<Entry> = {}): Entry => ({
  place,
  key,
  delivery: 1,
  bytes: 10,
  idleMs: 0,
  body: null,
  ...more,
});
const placesOf = (entries: readonly Entry[]): string[] => entries.map(({ place }) => place);
const set = (...places: string[]): Set<string> => new Set(places);

test('what is due comes in order of place, whatever the order of arrival and the length of its numbers', () => {
  const backlog = createBacklog();
  backlog.add([entry('10-0', 'a'), entry('9-1', 'a'), entry('9-0', 'b'), entry('9-10', 'b')], 0);
  expect(placesOf(backlog.due(0, 10, 1_000))).toEqual(['9-0', '9-1', '9-10', '10-0']);
});

test('a batch is bounded in number and in bytes, and never empty because of one large message', () => {
  const backlog = createBacklog();
  backlog.add([entry('1-0', 'a', { bytes: 5_000 }), entry('2-0', 'a'), entry('3-0', 'b')], 0);
  expect(placesOf(backlog.due(0, 2, 10_000))).toEqual(['1-0', '2-0']);
  expect(placesOf(backlog.due(0, 10, 100))).toEqual(['1-0']);
});

test('a failure holds back its key until its time has come, and counts', () => {
  const backlog = createBacklog();
  const batch = [entry('1-0', 'a'), entry('2-0', 'a'), entry('3-0', 'b')];
  backlog.add(batch, 0);
  backlog.settle(batch, set('3-0'), set('1-0'), 100);
  expect(backlog.size()).toBe(2);
  expect(backlog.due(1_099, 10, 1_000)).toEqual([]);
  expect(backlog.nextAttemptMs()).toBe(1_100);
  const again = backlog.due(1_100, 10, 1_000);
  expect(again.map(({ place, delivery }) => [place, delivery])).toEqual([
    ['1-0', 2],
    ['2-0', 1],
  ]);
  backlog.settle(again, set(), set('1-0'), 1_200);
  expect(backlog.nextAttemptMs()).toBe(3_200);
});

test('what was taken and not tried is due at once', () => {
  const backlog = createBacklog();
  const batch = [entry('1-0', 'a'), entry('2-0', 'a')];
  backlog.add(batch, 0);
  backlog.settle(batch, set('1-0'), set(), 0);
  expect(placesOf(backlog.due(0, 10, 1_000))).toEqual(['2-0']);
});

test('a message that failed with another reader waits for the rest of its time', () => {
  const backlog = createBacklog();
  backlog.add([entry('1-0', 'a', { delivery: 3, idleMs: 500 }), entry('2-0', 'a')], 10_000);
  expect(backlog.due(11_499, 10, 1_000)).toEqual([]);
  expect(placesOf(backlog.due(11_500, 10, 1_000))).toEqual(['1-0', '2-0']);
});

test('an entry that is known is replaced, not counted twice', () => {
  const backlog = createBacklog();
  backlog.add([entry('1-0', 'a'), entry('1-0', 'a', { bytes: 20 })], 0);
  expect(backlog.size()).toBe(1);
  expect(backlog.due(0, 10, 1_000)[0]?.bytes).toBe(20);
});

test('the waits are 1, 2, 4 ... 30 s', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 100].map(retryDelayMs)).toEqual([
    1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
  ]);
});
