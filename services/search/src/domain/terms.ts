/** The words of a document for PostgreSQL's full text, and the alternatives of a word that somebody typed. Pure. */
import type { SearchDocument } from '../engine/port.ts';
import { compoundParts } from './compounds.ts';
import { editDistance, errorsForgiven } from './distance.ts';
import { fold, otherSpellingOf, tokensOf } from './tokens.ts';

/** Words of one field that are indexed at most. */
const maxFieldTokens = 2_000;
/** PostgreSQL counts places up to here, and keeps 256 of each lexeme. */
const maxPlace = 16_383;
const gapBetweenFields = 10;

export type Weight = 'A' | 'B' | 'D';
/** The folded words of one weight, in order. */
export type Field = { weight: Weight; tokens: readonly string[] };

/** The name; the venue, its city, what kind of event it is, parts of compounds; the description. Other spellings stand behind. */
export function fieldsOf(document: SearchDocument): Field[] {
  const { name, venueName, venueCity, venueState, eventType, description, venueAddress } = document;
  return [
    { weight: 'A', tokens: wordsOf(name) },
    {
      weight: 'B',
      tokens: [
        ...wordsOf(`${venueName} ${venueCity} ${venueState ?? ''} ${eventType}`),
        ...tokensOf(name, maxFieldTokens).flatMap(compoundParts),
      ],
    },
    { weight: 'D', tokens: wordsOf(`${description} ${venueAddress}`) },
  ];
}

const wordsOf = (text: string): string[] => [
  ...tokensOf(text, maxFieldTokens),
  ...otherSpellingOf(text, maxFieldTokens),
];

/**
 * What a token is looked up by: itself without accents that folding left, and its English stem, when it has another.
 * `isCommon` is a word such as `the`, which is found but never asked for beside others.
 */
export type Lexemes = { plain: string; stem: string | null; isCommon: boolean };

/**
 * The text of a tsvector; every lexeme is quoted, so none can be syntax. A description's words have no places, which ranks
 * them last, and stand as their stems alone: whoever asks for a word asks for its stem as well.
 */
export function vectorOf(fields: readonly Field[], lexemes: ReadonlyMap<string, Lexemes>): string {
  const places = new Map<string, Set<string>>();
  let place = 0;
  for (const { weight, tokens } of fields) {
    const isDescription = weight === 'D';
    for (const token of tokens) {
      place = Math.min(place + 1, maxPlace);
      for (const lexeme of isDescription ? lexemesOf(token, lexemes).slice(-1) : lexemesOf(token, lexemes)) {
        const known = places.get(lexeme) ?? new Set();
        if (!isDescription) known.add(`${place}${weight}`);
        places.set(lexeme, known);
      }
    }
    place += gapBetweenFields;
  }
  return [...places]
    .map(([lexeme, at]) => (at.size === 0 ? quoted(lexeme) : `${quoted(lexeme)}:${[...at].join(',')}`))
    .join(' ');
}

/** Each lexeme of the fields once. */
export function termsOf(fields: readonly Field[], lexemes: ReadonlyMap<string, Lexemes>): string[] {
  return [
    ...new Set(fields.flatMap(({ tokens }) => tokens.flatMap((token) => lexemesOf(token, lexemes)))),
  ].toSorted();
}

function lexemesOf(token: string, lexemes: ReadonlyMap<string, Lexemes>): string[] {
  const known = lexemes.get(token);
  if (known === undefined) return [token];
  return known.stem === null ? [known.plain] : [known.plain, known.stem];
}

/** A lexeme as tsvector and tsquery read it: between quotes, quotes and back slashes doubled (manual, 8.11). */
export function quoted(lexeme: string): string {
  return `'${lexeme.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`;
}

const lettersOfAlphabet = 26;
const ownLetters = /^[a-z0-9]$/;

/** A term in a to z and 0 to 9, other characters as three letters each: equal letters stay equal, others differ. */
export function spellingOf(term: string): string {
  return Array.from(term, (letter) => (ownLetters.test(letter) ? letter : threeLetters(letter))).join('');
}

function threeLetters(letter: string): string {
  let rest = letter.codePointAt(0) ?? 0;
  let spelled = '';
  for (let index = 0; index < 3; index += 1) {
    spelled = String.fromCodePoint(97 + (rest % lettersOfAlphabet)) + spelled;
    rest = Math.floor(rest / lettersOfAlphabet);
  }
  return spelled;
}

export type Candidate = { term: string; documents: number };
const maxAlternatives = 6;

/** The candidates that a typing error away from the token may explain: nearest first, then most frequent. */
export function likelyMeant(token: string, candidates: readonly Candidate[]): string[] {
  const forgiven = errorsForgiven([...token].length);
  const near = candidates
    .map((candidate) => ({ ...candidate, errors: editDistance(token, candidate.term, forgiven) }))
    .filter(({ errors }) => errors <= forgiven);
  const least = Math.min(...near.map(({ errors }) => errors));
  return near
    .filter(({ errors }) => errors === least)
    .toSorted((one, other) => other.documents - one.documents || (one.term < other.term ? -1 : 1))
    .slice(0, maxAlternatives)
    .map(({ term }) => term);
}

export type Beginning = { kind: 'name' | 'venue' | 'city'; beginning: string; place: number; shown: string };
const maxBeginnings = 12;
const maxBeginningLength = 120;

/** What suggests this document, from each of its first words on. */
export function beginningsOf(document: SearchDocument): Beginning[] {
  return [
    ...beginningsOfText('name', document.name),
    ...beginningsOfText('venue', document.venueName),
    ...beginningsOfText('city', document.venueCity),
  ];
}

function beginningsOfText(kind: Beginning['kind'], shown: string): Beginning[] {
  const tokens = tokensOf(shown, maxBeginnings);
  return tokens.map((_, place) => ({
    kind,
    place,
    shown,
    beginning: tokens.slice(place).join(' ').slice(0, maxBeginningLength),
  }));
}

/** How a filter by city compares: folded words with one space between them. */
export function cityKeyOf(city: string): string {
  return tokensOf(city).join(' ') || fold(city).trim();
}
