/** Marks the words of a text that a search was about, as HTML in which nothing but the marks is markup. Pure. */
import { editDistance, errorsForgiven } from './distance.ts';
import { fold } from './tokens.ts';

const opened = '<em>';
const closed = '</em>';
/** Letters of a word form that may differ at its end: plurals, -ing, -ed. */
const endingLetters = 4;
const leastStem = 3;
const snippetWords = 30;
const wordsBefore = 8;

const word = /[\p{L}\p{N}][\p{L}\p{N}\p{M}'’\u200b-\u200d]*/gu;

/** The text with the words marked; null when none is. Long texts are cut around the first mark. */
export function highlight(text: string, tokens: readonly string[]): string | null {
  const words = [...text.matchAll(word)].map((match) => ({
    from: match.index,
    to: match.index + match[0].length,
    isMeant: isMeantBy(fold(match[0]), tokens),
  }));
  const first = words.findIndex(({ isMeant }) => isMeant);
  if (first === -1) return null;
  const begin = Math.max(0, first - wordsBefore);
  const shown = words.slice(begin, begin + snippetWords);
  const isCut = begin + shown.length < words.length;
  const start = begin === 0 ? 0 : (shown[0]?.from ?? 0);
  const end = isCut ? (shown.at(-1)?.to ?? text.length) : text.length;
  return `${begin === 0 ? '' : '… '}${marked(text, start, end, shown)}${isCut ? ' …' : ''}`;
}

type Word = { from: number; to: number; isMeant: boolean };

function marked(text: string, start: number, end: number, words: readonly Word[]): string {
  let html = '';
  let at = start;
  for (const { from, to } of words.filter(({ isMeant }) => isMeant)) {
    html += `${escaped(text.slice(at, from))}${opened}${escaped(text.slice(from, to))}${closed}`;
    at = to;
  }
  return html + escaped(text.slice(at, end));
}

/** The same word, another form of it, its beginning, or a typing error away: as engines find it, near enough. */
function isMeantBy(folded: string, tokens: readonly string[]): boolean {
  return tokens.some((token) => {
    if (folded === token) return true;
    if (token.length < leastStem) return false;
    if (folded.startsWith(token)) return true;
    if (sharesStem(folded, token)) return true;
    const forgiven = errorsForgiven([...token].length);
    return editDistance(token, folded, forgiven) <= forgiven;
  });
}

function sharesStem(one: string, other: string): boolean {
  let same = 0;
  while (same < one.length && same < other.length && one[same] === other[same]) same += 1;
  const rest = Math.max(one.length, other.length) - same;
  return same > leastStem && rest <= endingLetters && same >= rest * 2;
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
