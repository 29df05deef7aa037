import { expect, test } from 'vitest';
import { z } from 'zod';
import { sorts, type SearchQuery } from '../port.ts';
import { searchBody, suggestionsBody } from './answered-search.ts';
import { wordsOf } from './words-clause.ts';

/** What nobody but a person would write. */
const typed = 'zz"}}]},"script":{"source":"1"}} OR *:*';
/** Keys of values, and the two fields whose term is the value itself. */
const mayHold = new Set(['query', 'value', 'text', 'cityKey', 'eventType']);

function queryOf(sort: SearchQuery['sort']): SearchQuery {
  return {
    text: { tokens: [typed, `${typed}2`] },
    filters: {
      city: typed,
      type: typed,
      startsFrom: new Date(0),
      startsBefore: new Date(1),
      minPrice: 1,
      maxPrice: 2,
    },
    near: { latitude: 1, longitude: 2 },
    sort,
    now: new Date(2),
    offset: 0,
    limit: 20,
    facets: true,
  };
}

const tree = z.union([z.record(z.string(), z.unknown()), z.array(z.unknown())]);

/** Every key on the way to a text of the person, and every key that is one. */
function placesOf(value: unknown, way: readonly string[] = []): { keys: string[]; texts: string[] } {
  if (typeof value === 'string')
    return { keys: [], texts: value.includes('zz') ? [way.findLast((key) => !/^\d+$/.test(key)) ?? ''] : [] };
  const parsed = tree.safeParse(value);
  if (!parsed.success) return { keys: [], texts: [] };
  const inside = Object.entries(parsed.data).map(([key, each]) => placesOf(each, [...way, key]));
  return {
    keys: [
      ...Object.keys(parsed.data).filter((key) => key.includes('zz')),
      ...inside.flatMap(({ keys }) => keys),
    ],
    texts: inside.flatMap(({ texts }) => texts),
  };
}

test.each(sorts)(
  'sorted by %s, text of a person is the value of a word, never a key or a query of its own',
  (sort) => {
    for (const matching of ['all', 'some'] as const) {
      const query = queryOf(sort);
      const words = wordsOf(query.text?.tokens ?? []).map((word) => ({ ...word, meant: [typed] }));
      const body = searchBody({ query, words, matching });
      const { keys, texts } = placesOf(JSON.parse(JSON.stringify(body)));
      expect(keys).toEqual([]);
      expect(texts.filter((key) => !mayHold.has(key))).toEqual([]);
      expect(texts.length).toBeGreaterThan(10);
      expect(JSON.stringify(Object.keys(body))).not.toMatch(/query_string|script/);
      expect(body).toMatchObject({ size: 20 });
      expect(body).toHaveProperty('terminate_after');
    }
  },
);

test('what is asked of the dictionary has the text of a person as its text alone', () => {
  const { keys, texts } = placesOf(JSON.parse(JSON.stringify(suggestionsBody(wordsOf([typed])))));
  expect(keys).toEqual([]);
  expect(texts).toEqual(['text']);
});
