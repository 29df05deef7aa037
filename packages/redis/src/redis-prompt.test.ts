import { expect, test } from 'vitest';
import { describeReply, wordsOf } from './redis-prompt.ts';

test.each([
  ['get key', ['get', 'key']],
  ['  ', []],
  ['set a "two words" \'and "three" words\'', ['set', 'a', 'two words', 'and "three" words']],
  ['set a "a \\"quoted\\" word" ""', ['set', 'a', 'a "quoted" word', '']],
])('%j has the words %j', (line, words) => {
  expect(wordsOf(line)).toEqual(words);
});

test('replies are shown as a person reads them', () => {
  expect(describeReply(null)).toBe('(nil)');
  expect(describeReply(3)).toBe('(integer) 3');
  expect(describeReply('PONG')).toBe('PONG');
  expect(describeReply([])).toBe('(empty)');
  expect(describeReply(['a', ['b', 2]])).toBe('1) a\n2) 1) b\n   2) (integer) 2');
});
