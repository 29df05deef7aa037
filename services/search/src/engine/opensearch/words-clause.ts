/** What words match, where, and how much each place counts. Pure. */
import { commonWords } from './common-words.ts';
import type { Clause, Matching } from './answered-search.ts';

/** `meant` are words of the index that a typing error may have made into this one. */
export type Word = { token: string; isLast: boolean; meant: readonly string[] };

/** Name over city and venue over description and kind; in the name its own form over a stem or a part of a compound. */
const places = [
  { field: 'words.name', boost: 6 },
  { field: 'words.root', boost: 4.5 },
  { field: 'words.place', boost: 2.9 },
  { field: 'words.text', boost: 0.9 },
] as const;
const tieBreaker = 0.15;
/** A word that was meant counts so much of one that was typed. */
const meantFactor = 0.7;
const beginningBoost = 3;
const phraseBoost = 4;
const commonFactor = 0.1;
/** More than a word is worth anywhere. */
const countBoost = 50;
/** OpenSearch's suggestions have the first letter right when there are two errors; these have not. */
const lettersForTwoErrors = 7;
const maxSpellings = 20;
/** Shorter beginnings say too little; the index has no longer ones ready. */
const shortestBeginning = 3;
/** A beginning in the middle of what was typed is meant so only when it is long: German compounds. */
const shortestInnerBeginning = 5;
/** The longest that a tokeniser makes, twice over. */
const maxWordLength = 80;

export function wordsOf(tokens: readonly string[]): Word[] {
  const cut = tokens.map((token) => token.slice(0, maxWordLength));
  return cut.map((token, index) => ({ token, isLast: index === cut.length - 1, meant: [] }));
}

/** Common words such as `the` are never asked for, unless there are no others. */
export function wordsClause(words: readonly Word[], matching: Matching): Clause {
  const rare = words.filter(({ token }) => !commonWords.has(token));
  const asked = rare.length === 0 ? words : rare;
  const others = words.filter((word) => !asked.includes(word));
  return {
    bool: {
      must: [
        {
          bool: {
            should: asked.map((word) => (matching === 'all' ? wordClause(word) : countedClause(word))),
            minimum_should_match: matching === 'all' ? asked.length : 1,
          },
        },
      ],
      should: [
        ...others.map(({ token }) => match('words.name', token, commonFactor)),
        ...(words.length > 1 ? [phraseClause(words)] : []),
      ],
    },
  };
}

function wordClause({ token, isLast, meant }: Word): Clause {
  const length = [...token].length;
  const mayBegin = length >= (isLast ? shortestBeginning : shortestInnerBeginning);
  return {
    dis_max: {
      tie_breaker: tieBreaker,
      queries: [
        ...placesOf(token, 1),
        ...(mayBegin
          ? [
              {
                constant_score: {
                  filter: { prefix: { 'words.title': { value: token } } },
                  boost: beginningBoost,
                },
              },
            ]
          : []),
        ...meant.flatMap((each) => placesOf(each, meantFactor)),
      ],
    },
  };
}

/** Where one word is enough: whoever has more of them stands before all who have fewer. */
function countedClause(word: Word): Clause {
  const isLong = [...word.token].length >= lettersForTwoErrors && word.meant.length === 0;
  const misspelt = {
    fuzzy: { 'words.title': { value: word.token, fuzziness: 2, max_expansions: maxSpellings } },
  };
  const found = wordClause(word);
  return {
    bool: {
      must: [isLong ? { bool: { should: [found, misspelt], minimum_should_match: 1 } } : found],
      should: [{ match_all: { boost: countBoost } }],
    },
  };
}

function placesOf(token: string, factor: number): Clause[] {
  return places.map(({ field, boost }) => match(field, token, boost * factor));
}

function match(field: string, query: string, boost: number): Clause {
  return { match: { [field]: { query, boost } } };
}

/** The words as they follow each other in a name. */
function phraseClause(words: readonly Word[]): Clause {
  const query = words.map(({ token, meant }) => meant[0] ?? token).join(' ');
  return { match_phrase: { 'words.name': { query, analyzer: 'words', slop: 1, boost: phraseBoost } } };
}
