import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Change } from '../engine/port.ts';
import { distanceKm, editDistance, errorsForgiven } from './distance.ts';
import { createHighlighter } from './highlight.ts';
import { newestOf } from './newest.ts';
import { anyWord, everyWord, tellingFirst, variantsOf } from './query-words.ts';
import { beginningsOf, likelyMeant, quoted, spellingOf, vectorOf } from './terms.ts';
import { fold, otherSpellingOf, tokensOf } from './tokens.ts';

test.each([
  ['An Evening of Ragas!', ['an', 'evening', 'of', 'ragas']],
  ['GÄRTEN, Straße & Łódź', ['garten', 'strasse', 'lodz']],
  ['Women’s Café—Crème brûlée', ['womens', 'cafe', 'creme', 'brulee']],
  ['दीवाली संगीत', ['दीवाली', 'संगीत']],
  ['ra\u200bgas', ['ragas']],
  ['ﬁnale Ⅻ ½', ['finale', 'xii', '1', '2']],
  ["'; drop table x; --", ['drop', 'table', 'x']],
  ['*:* OR (a~2)', ['or', 'a', '2']],
  ['\u200b\ufeff !!! 🎷', []],
])('%j is taken apart into words', (text, tokens) => expect(tokensOf(text)).toEqual(tokens));

test('whatever somebody types, words hold nothing but letters, digits and their marks, and are bounded', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (typed) => {
      const tokens = tokensOf(typed);
      expect(tokens.length).toBeLessThanOrEqual(16);
      for (const token of tokens) {
        expect(token).toMatch(/^[\p{L}\p{N}][\p{L}\p{N}\p{M}]*$/u);
        expect(token.length).toBeLessThanOrEqual(80);
        expect(token.isWellFormed()).toBe(true);
      }
    }),
    { numRuns: 2_000 },
  );
});

test('folding twice is folding once', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => fold(fold(text)) === fold(text)));
});

test('words with umlauts have the spelling of keyboards without them', () => {
  expect(otherSpellingOf('München, Gärten', 10)).toEqual(['muenchen', 'gaerten']);
  expect(otherSpellingOf('Pune', 10)).toEqual([]);
});

test.each([
  ['symphony', 'symphnoy', 1],
  ['symphony', 'simfony', 3],
  ['jazz', 'jaz', 1],
  ['संगीत', 'संगित', 1],
  ['same', 'same', 0],
])('%s and %s are %i errors apart', (one, other, errors) => {
  expect(editDistance(one, other, 3)).toBe(errors);
  expect(editDistance(other, one, 3)).toBe(errors);
});

test('the distance of two words is the least number of edits, and not counted beyond the limit', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '𝒜'), maxLength: 7 });
  fc.assert(
    fc.property(word, word, fc.integer({ min: 0, max: 3 }), (one, other, limit) => {
      expect(editDistance(one, other, limit)).toBe(Math.min(leastEdits([...one], [...other]), limit + 1));
    }),
  );
});

/** As it is defined, each neighbour swapped at most once. */
function leastEdits(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return a.length + b.length;
  const [x, y] = [a.slice(1), b.slice(1)];
  const swapped = a.length > 1 && b.length > 1 && a[0] === b[1] && a[1] === b[0];
  return Math.min(
    leastEdits(x, b) + 1,
    leastEdits(a, y) + 1,
    leastEdits(x, y) + (a[0] === b[0] ? 0 : 1),
    swapped ? leastEdits(a.slice(2), b.slice(2)) + 1 : Number.POSITIVE_INFINITY,
  );
}

test('two letters are never a typing error, long words may have two', () => {
  expect([2, 3, 6, 7, 30].map(errorsForgiven)).toEqual([0, 1, 1, 2, 2]);
});

test('the nearest candidates are meant, the most frequent first', () => {
  const candidates = [
    { term: 'symphony', documents: 3 },
    { term: 'symphonic', documents: 9 },
    { term: 'sympathy', documents: 5 },
  ];
  expect(likelyMeant('symphnoy', candidates)).toEqual(['symphony']);
  expect(likelyMeant('zzz', candidates)).toEqual([]);
});

test('every variant of a short word is one error away, and a long one has few', () => {
  for (const variant of variantsOf('gaot')) expect(editDistance('gaot', variant, 1)).toBe(1);
  expect(variantsOf('gaot')).toContain('goat');
  expect(variantsOf('symphnoy').length).toBeLessThan(20);
});

test('different words are spelled differently in a to z', () => {
  expect(spellingOf('jazz2')).toBe('jazz2');
  expect(spellingOf('संगीत')).toMatch(/^[a-z]{15}$/);
  expect(spellingOf('संगीत')).not.toBe(spellingOf('संगित'));
});

test('whatever a lexeme is, quotes hold it', () => {
  expect(quoted(`a'b\\c`)).toBe(`'a''b\\\\c'`);
  fc.assert(
    fc.property(fc.string(), (text) => {
      const inner = quoted(text).slice(1, -1);
      expect(inner.replaceAll("''", '').replaceAll('\\\\', '')).not.toMatch(/['\\]/);
    }),
  );
});

test('a vector has each lexeme once, with the places and weights of its words', () => {
  const lexemes = new Map([['stars', { plain: 'stars', stem: 'star', isCommon: false }]]);
  const fields = [
    { weight: 'A', tokens: ['stars', 'night'] },
    { weight: 'D', tokens: ['stars', 'shining'] },
  ] as const;
  // Of a description: stems, without places.
  expect(vectorOf(fields, lexemes)).toBe("'stars':1A 'star':1A 'night':2A 'shining'");
});

test('all words are asked for, common ones only when there is no other', () => {
  const group = (token: string, isCommon: boolean, lexemes: string[], documents = 1) => ({
    token,
    isCommon,
    lexemes,
    documents,
  });
  const groups = [group('the', true, ['the']), group('stars', false, ['stars', 'star'])];
  expect(everyWord(groups)).toEqual(["('stars' | 'star')"]);
  expect(everyWord([...groups, group('night', false, ['night'])])).toEqual([
    "('stars' | 'star')",
    "('night')",
  ]);
  expect(everyWord([group('the', true, ['the'])])).toEqual(["('the')"]);
  expect(everyWord([])).toBeNull();
  const unknown = [...groups, group('zz', false, [])];
  expect(everyWord(unknown)).toBeNull();
  expect(anyWord(unknown)).toBe("('stars' | 'star')");
  expect(anyWord([...groups, group('night', false, ['night'])])).toBe("('stars' | 'star') | ('night')");
  expect(anyWord([group('zz', false, [])])).toBeNull();
});

test('of words that are not found together the rare ones are tried first, or else the rarest, then the others', () => {
  const group = (token: string, documents: number, isCommon = false) => ({
    token,
    isCommon,
    lexemes: documents === 0 ? [] : [token],
    documents,
  });
  const tried = (...groups: ReturnType<typeof group>[]) =>
    tellingFirst(groups).map((words) => words.map(({ token }) => token));
  expect(tried(group('festival', 12_500), group('tabla', 2_700))).toEqual([['tabla'], ['festival']]);
  expect(tried(group('tabla', 2_700), group('pune', 4_000))).toEqual([['tabla', 'pune']]);
  expect(tried(group('theatre', 12_500), group('summit', 12_000))).toEqual([['summit'], ['theatre']]);
  expect(tried(group('zz', 0), group('theatre', 12_500), group('the', 10, true))).toEqual([['theatre']]);
  expect(tried(group('zz', 0))).toEqual([]);
});

test('a name can be begun at each of its words', () => {
  const document = { name: 'Jazz by the Sea', venueName: '', venueCity: '' };
  const shown = beginningsOf(Object.assign(emptyDocument(), document));
  expect(shown.map(({ beginning }) => beginning)).toEqual([
    'jazz by the sea',
    'by the sea',
    'the sea',
    'sea',
  ]);
});

function emptyDocument() {
  return {
    eventId: '',
    name: '',
    description: '',
    venueName: '',
    venueAddress: '',
    venueCity: '',
    venueState: null,
    venueCountry: '',
    place: null,
    eventType: '',
    price: 0,
    currency: '',
    capacity: 0,
    startsAt: new Date(0),
    endsAt: new Date(0),
    status: 'published' as const,
    checksum: 0,
  };
}

test('the newest of each order counts, whatever stands first', () => {
  const change = (version: number): Change => ({ kind: 'removal', version, eventId: 'a' });
  const stock = (version: number): Change => ({
    kind: 'stock',
    eventId: 'a',
    stock: { version, available: version },
  });
  expect(newestOf([change(2), stock(9), change(5), stock(3), change(4)])).toEqual([
    { eventId: 'a', content: { version: 5, document: null }, stock: { version: 9, available: 9 } },
  ]);
});

const mark = (text: string, tokens: readonly string[]): string | null =>
  createHighlighter(tokens)([text])[0] ?? null;

test('another form and a typing error are marked; a word that is there is not taken for another', () => {
  expect(mark('City Derby under Lights', ['derbies'])).toBe('City <em>Derby</em> under Lights');
  expect(mark('City Derby under Lights', ['lgiht'])).toBe('City Derby under <em>Lights</em>');
  expect(mark('Ragas at Dawn', ['ragass'])).toBe('<em>Ragas</em> at Dawn');
  expect(mark('Night of Light', ['light'])).toBe('Night of <em>Light</em>');
  expect(createHighlighter(['light'])(['All Night', 'Light Hall'])).toEqual([null, '<em>Light</em> Hall']);
});

test('marks are the only markup of a highlight', () => {
  expect(mark('Jazz <b>& Friends</b>', ['jazz', 'friend'])).toBe(
    '<em>Jazz</em> &lt;b&gt;&amp; <em>Friends</em>&lt;/b&gt;',
  );
  expect(mark('Nothing of it', ['jazz'])).toBeNull();
  fc.assert(
    fc.property(fc.string(), fc.array(fc.string({ minLength: 1 })), (text, tokens) => {
      const html = mark(
        text,
        tokens.flatMap((token) => tokensOf(token)),
      );
      expect((html ?? '').replaceAll(/<\/?em>/g, '')).not.toMatch(/[<>"']/);
    }),
  );
});

test('a word ends at the same place in plain text as beside other characters', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 40 }), fc.nat(40), (text, at) => {
      const tokens = tokensOf(text.slice(at));
      const plain = mark(text, tokens);
      expect(mark(`${text} —`, tokens)).toBe(plain === null ? null : `${plain} —`);
    }),
  );
  expect(mark("Rock 'n' Roll at Smith's", ['n', 'smith'])).toBe(
    'Rock &#39;<em>n&#39;</em> Roll at <em>Smith&#39;s</em>',
  );
});

test('what one event has as it was typed is marked there alone, and an error is forgiven in the next', () => {
  const highlight = createHighlighter(['light']);
  expect(highlight(['Night of Light'])).toEqual(['Night of <em>Light</em>']);
  expect(highlight(['Night of Glass'])).toEqual(['<em>Night</em> of Glass']);
  expect(highlight(['Light at Night'])).toEqual(['<em>Light</em> at Night']);
});

test('a long text is cut around its first mark', () => {
  const text = `${'word '.repeat(50)}jazz ${'word '.repeat(50)}`;
  const html = mark(text, ['jazz']);
  expect(html).toMatch(/^… .*<em>jazz<\/em>.* …$/);
  expect(html?.length).toBeLessThan(220);
});

test('distances are along the sphere', () => {
  const berlin = { latitude: 52.52, longitude: 13.405 };
  const sydney = { latitude: -33.8688, longitude: 151.2093 };
  expect(distanceKm(berlin, sydney)).toBeCloseTo(16_100, -2);
  expect(distanceKm(berlin, berlin)).toBe(0);
});
