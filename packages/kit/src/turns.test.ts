import { expect, test } from 'vitest';
import { collectTurns } from './turns.ts';

test('what comes in one turn is handled once and in order, and the next turn by itself', async () => {
  const handled: (readonly number[])[] = [];
  let done: () => void = () => {};
  const collect = collectTurns<number>((items) => {
    handled.push(items);
    done();
  });
  const turn = (items: readonly number[]): Promise<void> =>
    new Promise((resolve) => {
      done = resolve;
      items.forEach(collect);
    });
  await turn([1, 2, 3]);
  await turn([4]);
  expect(handled).toEqual([[1, 2, 3], [4]]);
});

test('what comes while a turn is handled belongs to the next', async () => {
  const handled: (readonly string[])[] = [];
  await new Promise<void>((resolve) => {
    const collect = collectTurns<string>((items) => {
      handled.push(items);
      if (handled.length === 1) collect('late');
      else resolve();
    });
    collect('early');
  });
  expect(handled).toEqual([['early'], ['late']]);
});
