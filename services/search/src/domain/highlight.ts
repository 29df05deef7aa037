/** Marks the words of a text that a search was about, as HTML in which nothing but the marks is markup. Pure. */
import { editDistance, errorsForgiven, lettersOf } from './distance.ts';
import { fold, plainText } from './tokens.ts';

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
export type Highlighter = (texts: readonly string[]) => (string | null)[];

/** For all events of a page, which have many words in common: each is folded and judged once. */
export function createHighlighter(tokens: readonly string[]): Highlighter {
  const judge = createJudge(tokens);
  return (texts) => {
    if (tokens.length === 0) return texts.map(() => null);
    const read = texts.map((text) => ({ text, words: wordsOf(text, judge) }));
    const standing = new Set<string>();
    for (const { words } of read)
      for (const { judged } of words) for (const token of judged.forms) standing.add(token);
    const missing = tokens.filter((token) => !standing.has(token));
    return read.map(({ text, words }) => highlightText(text, words, missing));
  };
}

/** What a word means of what was typed. */
type Judged = {
  folded: string;
  /** The tokens of which it is a form. */
  forms: readonly string[];
  /** Of the tokens that had to be asked for, whether it is a typing error away from them. */
  near: Map<string, boolean> | null;
};
type Judge = (written: string) => Judged;

/** Remembers each word, by how it is written, as long as one page is made. */
function createJudge(tokens: readonly string[]): Judge {
  const known = new Map<string, Judged>();
  return (written) => {
    const before = known.get(written);
    if (before !== undefined) return before;
    const folded = fold(written);
    const judged = { folded, forms: tokens.filter((token) => isFormOf(folded, token)), near: null };
    known.set(written, judged);
    return judged;
  };
}

function isTypo(judged: Judged, token: string): boolean {
  const before = judged.near?.get(token);
  if (before !== undefined) return before;
  const near = isNear(judged.folded, token);
  judged.near ??= new Map();
  judged.near.set(token, near);
  return near;
}

type Word = { from: number; to: number; judged: Judged };

function wordsOf(text: string, judge: Judge): Word[] {
  if (plainText.test(text)) return plainWordsOf(text, judge);
  return Array.from(text.matchAll(word), ({ index, 0: found }) => ({
    from: index,
    to: index + found.length,
    judged: judge(found),
  }));
}

/** The same words without a regular expression, whose matches are objects of their own: most texts are plain. */
function plainWordsOf(text: string, judge: Judge): Word[] {
  const words: Word[] = [];
  let from = -1;
  for (let at = 0; at <= text.length; at += 1) {
    const code = at < text.length ? text.charCodeAt(at) : space;
    if (from === -1) {
      if (isPlainLetter(code)) from = at;
    } else if (!isPlainLetter(code) && code !== apostrophe) {
      words.push({ from, to: at, judged: judge(text.slice(from, at)) });
      from = -1;
    }
  }
  return words;
}

const space = 0x20;
const apostrophe = 0x27;

/** A letter or a digit. */
function isPlainLetter(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || (code >= 0x30 && code <= 0x39);
}

function highlightText(text: string, words: readonly Word[], missing: readonly string[]): string | null {
  const isMeant = ({ judged }: Word): boolean =>
    judged.forms.length > 0 || missing.some((token) => isTypo(judged, token));
  const first = words.findIndex(isMeant);
  if (first === -1) return null;
  const begin = Math.max(0, first - wordsBefore);
  const shown = words.slice(begin, begin + snippetWords);
  const isCut = begin + shown.length < words.length;
  const start = begin === 0 ? 0 : (shown[0]?.from ?? 0);
  const end = isCut ? (shown.at(-1)?.to ?? text.length) : text.length;
  return `${begin === 0 ? '' : '… '}${marked(text, start, end, shown.filter(isMeant))}${isCut ? ' …' : ''}`;
}

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
  const { length } = lettersOf(token);
  const forgiven = errorsForgiven(length);
  const letters = lettersOf(folded);
  const beginning =
    typeof letters === 'string' ? letters.slice(0, length) : letters.slice(0, length).join('');
  // More than is forgiven are too many for the whole word as well.
  if (length < leastStem || folded.length - beginning.length > endingLetters) return false;
  return (
    editDistance(token, beginning, forgiven) <= forgiven ||
    (beginning !== folded && editDistance(token, folded, forgiven) <= forgiven)
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
