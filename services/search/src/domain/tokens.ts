/** Takes text apart into words that can be compared, in every language. Pure; the only way for text into a query. */

/** Words of one query at most; what follows is not looked at. */
export const maxQueryTokens = 16;
/** Characters of a word that count. */
const maxTokenLength = 40;

// A letter or digit, then letters, digits and the marks that belong to them (vowel signs of Indic scripts, tone marks).
const word = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu;
// Only the marks on Latin, Greek and Cyrillic letters are ornament: in Indic scripts they are the vowels.
const ornaments = /[\u0300-\u036f]/g;
// Inside a word these are nothing: zero-width characters, soft hyphens, apostrophes.
const silent = /[\u00ad\u200b-\u200f\u2060\ufeff'’ʼ]/g;
const letters: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
  ŋ: 'n',
};
const lettersPattern = new RegExp(`[${Object.keys(letters).join('')}]`, 'g');

/** Text of printable ASCII alone, which most is. */
export const plainText = /^[\u0020-\u007e]*$/;

/** Lower case, without accents and ligatures: `GÄRTEN` and `garten` become one. */
export function fold(text: string): string {
  // Most words of a page that is shown; of all that follows only the apostrophe concerns them.
  if (plainText.test(text)) return text.toLowerCase().replaceAll("'", '');
  const plain = text.normalize('NFKC').toLowerCase().replaceAll(silent, '').normalize('NFKD');
  return plain
    .replaceAll(ornaments, '')
    .normalize('NFC')
    .replaceAll(lettersPattern, (letter) => letters[letter] ?? letter);
}

/** The folded words of a text in their order; at most `max`. */
export function tokensOf(text: string, max = maxQueryTokens): string[] {
  const tokens: string[] = [];
  for (const [token] of fold(text).matchAll(word)) {
    tokens.push(cut(token));
    if (tokens.length === max) break;
  }
  return tokens;
}

/** Whole characters only: half of a pair is no text. */
function cut(token: string): string {
  return token.length <= maxTokenLength
    ? token
    : [...token]
        .slice(0, maxTokenLength)
        .join('')
        .slice(0, 2 * maxTokenLength);
}

const umlauts: Readonly<Record<string, string>> = { ä: 'ae', ö: 'oe', ü: 'ue', å: 'aa' };

/**
 * The other spelling of words with umlauts, as keyboards without them write it: `München` is `munchen` by folding and
 * `muenchen` by this. Empty for a text that has none.
 */
export function otherSpellingOf(text: string, max: number): string[] {
  const lower = text.normalize('NFC').toLowerCase();
  const spelled = lower.replaceAll(/[äöüå]/g, (letter) => umlauts[letter] ?? letter);
  if (spelled === lower) return [];
  const plain = new Set(tokensOf(text, max));
  return tokensOf(spelled, max).filter((token) => !plain.has(token));
}
