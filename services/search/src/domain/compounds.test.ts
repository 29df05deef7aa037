import { expect, test } from 'vitest';
import { compoundParts } from './compounds.ts';

test('a compound is its parts and what neighbours make together', () => {
  expect(compoundParts('nachtflohmarkt')).toEqual(['nacht', 'nachtfloh', 'floh', 'flohmarkt', 'markt']);
  expect(compoundParts('weihnachtszirkus')).toEqual(['weihnacht', 'zirkus']);
  expect(compoundParts('feuerwerksmusik')).toContain('feuerwerk');
  expect(compoundParts('strassenmusikfestival')).toContain('musikfestival');
  expect(compoundParts('kammermusikabend')).toContain('musikabend');
  expect(compoundParts('silvesterkonzert')).toEqual(['silvester', 'konzert']);
});

test('a word of other parts is left alone', () => {
  for (const word of [
    'breakfast',
    'manifest',
    'symphony',
    'konzert',
    'orchestra',
    'festival',
    'championship',
  ])
    expect(compoundParts(word), word).toEqual([]);
});

test('a word as long as words may be is taken apart at once', () => {
  expect(compoundParts('kunstkunstkunstkunstkunstkunstkunstkunsx'.slice(0, 40))).toEqual([]);
});
