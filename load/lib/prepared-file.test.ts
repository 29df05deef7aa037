import { expect, test } from 'vitest';
import { parsePrepared, type Prepared } from './prepared-file.ts';
import { readSizes } from './sizes.ts';

const prepared: Prepared = {
  script: 'ramp',
  base_url: 'http://127.0.0.1:8080',
  sizes: readSizes('ramp', {}),
  events: [{ event_id: 'e', seats: 3 }],
  tokens: ['t'],
};

test('what was written is read', () => {
  expect(parsePrepared(JSON.stringify(prepared), 'x.json', 'ramp')).toEqual(prepared);
});

test.each([
  ['another script', prepared, 'was prepared for ramp, not for soak'],
  ['an event without its seats', { ...prepared, events: [{ event_id: 'e' }] }, 'prepare the run again'],
  [
    'a size that is no number',
    { ...prepared, sizes: { ...prepared.sizes, rate: 'x' } },
    'prepare the run again',
  ],
  ['a token that is no text', { ...prepared, tokens: [1] }, 'prepare the run again'],
  ['nothing', null, 'prepare the run again'],
])('a file with %s is refused', (_, content, says) => {
  expect(() => parsePrepared(JSON.stringify(content), 'x.json', 'soak')).toThrow(says);
});
