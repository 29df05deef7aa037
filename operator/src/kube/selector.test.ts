import { expect, test } from 'vitest';
import { parseLabelSelector } from './selector.ts';

const pod = { app: 'booking', tier: 'sell', 'evently.dev/part': 'booking' };

const cases: readonly [text: string, matches: boolean][] = [
  ['app=booking', true],
  ['app==booking', true],
  ['app = booking', true],
  ['app!=booking', false],
  ['zone!=a', true],
  ['app=booking,tier=sell', true],
  ['app=booking,tier=read', false],
  ['evently.dev/part=booking', true],
  ['tier in (sell, read)', true],
  ['tier in (read)', false],
  ['tier notin (read,write),app=booking', true],
  ['zone notin (a)', true],
  ['zone in (a)', false],
  ['tier', true],
  ['!tier', false],
  ['!zone,app', true],
];

test.for(cases)('the selector %s says %s', ([text, matches]) => {
  expect(parseLabelSelector(text)?.matches(pod)).toBe(matches);
});

test('what is no selector is none, and an empty one does not match everything', () => {
  for (const text of ['', ' ', 'app=booking,', 'tier in sell', 'app=(x)', '-app=x', 'app=boo king'])
    expect(parseLabelSelector(text)).toBeNull();
});
