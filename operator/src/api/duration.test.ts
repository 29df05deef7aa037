import { expect, test } from 'vitest';
import { formatDuration, parseDuration } from './duration.ts';

test.each([
  ['0s', 0],
  ['500ms', 500],
  ['90s', 90_000],
  ['1h30m', 5_400_000],
  ['1h2m3s4ms', 3_723_004],
  ['30m1h', 5_400_000],
])('%s is %d ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
  expect(parseDuration(formatDuration(ms))).toBe(ms);
});

test.each(['', 'Auto', '10', '1d', '1.5h', '-1s', '1h 30m', '1H', '1234567s', '1h1h1h1h1h', '1h\n'])(
  '%j is no duration',
  (text) => {
    expect(parseDuration(text)).toBeNull();
  },
);

test('a duration is written in the shortest way', () => {
  expect([0, 1, 60_000, 90_000, 86_400_000].map(formatDuration)).toEqual(['0s', '1ms', '1m', '1m30s', '24h']);
});
