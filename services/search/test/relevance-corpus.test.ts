import { expect, test } from 'vitest';
import { makeCorpus } from './relevance-corpus.ts';
import { gradeOf } from './relevance-judging.ts';
import { judgedQueries } from './relevance-queries.ts';

const corpus = makeCorpus();

test('the corpus is large, the same every time, and names each event once', () => {
  expect(corpus.length).toBeGreaterThanOrEqual(2_000);
  expect(new Set(corpus.map(({ document }) => document.eventId)).size).toBe(corpus.length);
  expect(makeCorpus()).toEqual(corpus);
  expect(new Set(corpus.map(({ document }) => document.venueCountry))).toContain('Germany');
  expect(corpus.some(({ facts }) => facts.isSoldOut)).toBe(true);
  expect(corpus.some(({ facts }) => facts.isOver)).toBe(true);
});

test('there are at least sixty queries, none twice, and each has something worth finding', () => {
  expect(judgedQueries.length).toBeGreaterThanOrEqual(60);
  expect(new Set(judgedQueries.map(({ typed }) => typed)).size).toBe(judgedQueries.length);
  const without = judgedQueries.filter((query) => !corpus.some((event) => gradeOf(query, event) >= 2));
  expect(without.map(({ typed }) => typed)).toEqual([]);
});

test('judgements by hand name events that there are', () => {
  const slugs = new Set(corpus.map(({ slug }) => slug));
  const named = judgedQueries.flatMap(({ byHand = {} }) => Object.keys(byHand));
  expect(named.filter((slug) => !slugs.has(slug))).toEqual([]);
});
