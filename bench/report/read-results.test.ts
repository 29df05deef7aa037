import { expect, test } from 'vitest';
import { saleResult } from '../example-results.ts';
import { resultFormat } from '../result.ts';
import { parseResults } from './read-results.ts';

const file = {
  format: resultFormat,
  machine: { processor: 'one', cores: 2 },
  size: 'full',
  settings: {},
  results: [saleResult()],
};

test('what a run kept is read as it was', () => {
  expect(parseResults('load-1.json', JSON.stringify(file))).toEqual(file);
});

test.each([
  ['an earlier format', JSON.stringify({ ...file, format: 1 })],
  ['a result of an unknown kind', JSON.stringify({ ...file, results: [{ ...saleResult(), kind: 'else' }] })],
  ['half a file', JSON.stringify(file).slice(0, 40)],
])('%s is refused by name', (_what, text) => {
  expect(() => parseResults('load-1.json', text)).toThrow('load-1.json is no result of this version');
});
