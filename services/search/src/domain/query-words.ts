/** Makes a tsquery of what somebody typed and what is known of the words. Pure. */
import { quoted, type Lexemes } from './terms.ts';

/** One word that was typed, with everything that counts as it, and how many documents have that, at most. */
export type WordGroup = { token: string; isCommon: boolean; lexemes: readonly string[]; documents: number };

/**
 * A tsquery for each word, all of which must be found. Common words are left out beside others: what is asked for is the
 * rest. Null when some word has nothing that it could match.
 */
export function everyWord(groups: readonly WordGroup[]): readonly string[] | null {
  const asked = tellingOf(groups);
  if (asked.length === 0 || asked.some(({ lexemes }) => lexemes.length === 0)) return null;
  return asked.map(tsqueryOf);
}

/** One tsquery that any of the words fulfils, common ones only without others; null when none has anything to match. */
export function anyWord(groups: readonly WordGroup[]): string | null {
  const asked = tellingOf(groups).filter(({ lexemes }) => lexemes.length > 0);
  return asked.length === 0 ? null : asked.map(tsqueryOf).join(' | ');
}

function tellingOf(groups: readonly WordGroup[]): readonly WordGroup[] {
  const telling = groups.filter(({ isCommon }) => !isCommon);
  return telling.length === 0 ? groups : telling;
}

function tsqueryOf({ lexemes }: WordGroup): string {
  return `(${lexemes.map(quoted).join(' | ')})`;
}

/** More documents than this are not gone through for one word of several. */
const maxDocumentsOfOneWord = 5_000;

/**
 * The words by which documents are found when no document has all of them, in the order in which they are tried: those that
 * not too many have, or else the rarest; then all others, for filters that exclude every document of the first. What has
 * only frequent words says least and costs most: of 100,000 events, two of them matched 25,000, of which each is read,
 * ranked and counted. Common words only without others.
 */
export function tellingFirst(groups: readonly WordGroup[]): (readonly WordGroup[])[] {
  const asked = tellingOf(groups.filter(({ lexemes }) => lexemes.length > 0)).toSorted(
    (one, other) => one.documents - other.documents,
  );
  const rare = asked.filter(({ documents }) => documents <= maxDocumentsOfOneWord).length;
  const first = Math.max(rare, 1);
  return [asked.slice(0, first), asked.slice(first)].filter(({ length }) => length > 0);
}

/** Lexemes of a token that stand in the index as such. */
export function ownLexemes(token: string, lexemes: ReadonlyMap<string, Lexemes>): string[] {
  const known = lexemes.get(token);
  if (known === undefined) return [token];
  return known.stem === null ? [known.plain] : [known.plain, known.stem];
}

const latinLetters = [...'abcdefghijklmnopqrstuvwxyz'];
const lettersOfShortWord = 6;

/**
 * What a short word may have been before one typing error: trigrams of so few letters say little. A longer one only
 * with neighbours swapped or a letter too many; the index of trigrams knows the rest.
 */
export function variantsOf(word: string): string[] {
  const letters = [...word];
  const variants = new Set<string>();
  const join = (...parts: readonly (readonly string[])[]): void => void variants.add(parts.flat().join(''));
  const isShort = letters.length <= lettersOfShortWord;
  for (let at = 0; at <= letters.length; at += 1) {
    const [before, after] = [letters.slice(0, at), letters.slice(at)];
    const [first, second, ...rest] = after;
    if (first !== undefined) join(before, after.slice(1));
    if (first !== undefined && second !== undefined) join(before, [second, first], rest);
    if (!isShort) continue;
    for (const letter of latinLetters) {
      join(before, [letter], after);
      if (first !== undefined) join(before, [letter], after.slice(1));
    }
  }
  variants.delete(word);
  variants.delete('');
  return [...variants];
}
