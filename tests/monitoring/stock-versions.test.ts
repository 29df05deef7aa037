import { expect, test } from 'vitest';
import { countConflicts } from './stock-versions.ts';

const written = (writers: string): { version: number; writer: string }[] =>
  [...writers].map((writer, at) => ({ version: at + 1, writer }));

test('a conflict is a version whose writer is another than that of the version before', () => {
  expect(countConflicts(written('aabba'), 1)).toEqual({ changes: 4, conflicts: 2 });
  expect(countConflicts(written('ababab'), 2)).toEqual({ changes: 4, conflicts: 4 });
  expect(countConflicts(written('aaaa'), 1)).toEqual({ changes: 3, conflicts: 0 });
  expect(countConflicts(written('aaab'), 4)).toEqual({ changes: 0, conflicts: 0 });
});

test('a version that is missing is no version without a conflict', () => {
  expect(() =>
    countConflicts(
      written('abab').filter(({ version }) => version !== 2),
      2,
    ),
  ).toThrow('the version before 3 is not among the messages');
});
