import { expect, test } from 'vitest';
import { alignColumns } from './align-columns.ts';

test('columns are as wide as their widest value, and a row is one line', () => {
  expect(
    alignColumns(
      ['id', 'name'],
      [
        ['1', 'a'],
        ['22222', 'two\nlines'],
      ],
    ),
  ).toBe(['id    | name', '------+-----------', '1     | a', '22222 | two\\nlines'].join('\n'));
});

test('a table without rows has its head, and a long value is cut', () => {
  expect(alignColumns(['id'], [])).toBe('id\n--');
  expect(alignColumns(['v'], [['x'.repeat(5_000)]])).toContain(`${'x'.repeat(200)}...`);
});
