/** Marks the words of a text that a search was about, as HTML in which nothing but the marks is markup. Pure. */
import { editDistance, errorsForgiven } from './distance.ts';
import { fold } from './tokens.ts';

const opened = '<em>';
const closed = '</em>';
/** Letters of a word form that may differ at its end: plurals, -ing, -ed. */
const endingLetters = 4;
const leastStem = 3;
const leastPlural = 5;
const snippetWords = 30;
const wordsBefore = 8;

const word = /[\p{L}\p{N}][\p{L}\p{N}\p{M}'’\u200b-\u200d]*/gu;

/**
 * Each text with the words marked; null where none is. Long texts are cut around the first mark. A word that stands in one
 * of them as it was typed, or in another form, is marked there alone: only for one that is in none a typing error is forgiven.
 */
export function highlight(texts: readonly string[], tokens: readonly string[]): (string | null)[] {
  const read = texts.map((text) => ({ text, words: wordsOf(text) }));
  const meant = meaningOf(new Set(read.flatMap(({ words }) => words.map(({ folded }) => folded))), tokens);
  return read.map(({ text, words }) => highlightText(text, words, meant));
}

/** Those of the words that the tokens mean. */
function meaningOf(words: ReadonlySet<string>, tokens: readonly string[]): ReadonlySet<string> {
  const meant = new Set<string>();
  for (const token of tokens) {
    const forms = [...words].filter((folded) => isFormOf(folded, token));
    for (const form of forms.length > 0 ? forms : [...words].filter((folded) => isNear(folded, token)))
      meant.add(form);
  }
  return meant;
}

function wordsOf(text: string): Word[] {
  return Array.from(text.matchAll(word), ({ index, 0: found }) => ({
    from: index,
    to: index + found.length,
    folded: fold(found),
  }));
}

function highlightText(text: string, words: readonly Word[], meant: ReadonlySet<string>): string | null {
  const first = words.findIndex(({ folded }) => meant.has(folded));
  if (first === -1) return null;
  const begin = Math.max(0, first - wordsBefore);
  const shown = words.slice(begin, begin + snippetWords);
  const isCut = begin + shown.length < words.length;
  const start = begin === 0 ? 0 : (shown[0]?.from ?? 0);
  const end = isCut ? (shown.at(-1)?.to ?? text.length) : text.length;
  const marks = shown.filter(({ folded }) => meant.has(folded));
  return `${begin === 0 ? '' : '… '}${marked(text, start, end, marks)}${isCut ? ' …' : ''}`;
}

type Word = { from: number; to: number; folded: string };

function marked(text: string, start: number, end: number, marks: readonly Word[]): string {
  let html = '';
  let at = start;
  for (const { from, to } of marks) {
    html += `${escaped(text.slice(at, from))}${opened}${escaped(text.slice(from, to))}${closed}`;
    at = to;
  }
  return html + escaped(text.slice(at, end));
}

/** The same word, another form of it, or its beginning. */
function isFormOf(folded: string, token: string): boolean {
  if (folded === token) return true;
  // Nothing of the rest holds for words that begin differently, which most do.
  if (token.length < leastStem || !folded.startsWith(token.slice(0, leastStem))) return false;
  return folded.startsWith(token) || sharesStem(folded, token);
}

/** A typing error away from the word, or from its beginning: engines compare stems as well. */
function isNear(folded: string, token: string): boolean {
  const letters = [...token].length;
  if (letters < leastStem) return false;
  const forgiven = errorsForgiven(letters);
  const beginning = [...folded].slice(0, letters).join('');
  const rest = folded.length - beginning.length;
  return (
    editDistance(token, folded, forgiven) <= forgiven ||
    (rest <= endingLetters && editDistance(token, beginning, forgiven) <= forgiven)
  );
}

function sharesStem(one: string, other: string): boolean {
  const [first, second] = [singular(one), singular(other)];
  let same = 0;
  while (same < first.length && same < second.length && first[same] === second[same]) same += 1;
  const rest = Math.max(first.length, second.length) - same;
  return same > leastStem && rest <= endingLetters && same >= rest * 2;
}

/** `derbies` and `derby` have a stem that is shorter than what differs. */
function singular(text: string): string {
  return text.length > leastPlural ? text.replace(/ies$/, 'y') : text;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);
}
