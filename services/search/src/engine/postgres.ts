/** The engine on PostgreSQL: full text of own words, trigrams for typing errors, generations of rows. */
import type { ClientBase } from 'pg';
import { DeadlinePassed, withDeadline } from '@evently/kit/clock';
import { isDatabaseUnavailable, type Database } from '@evently/kit/postgres';
import { distanceKm, errorsForgiven } from '../domain/distance.ts';
import { newestOf, type Newest } from '../domain/newest.ts';
import {
  anyWord,
  everyWord,
  ownLexemes,
  tellingFirst,
  variantsOf,
  type WordGroup,
} from '../domain/query-words.ts';
import {
  beginningsOf,
  cityKeyOf,
  fieldsOf,
  likelyMeant,
  spellingOf,
  termsOf,
  vectorOf,
  type Lexemes,
} from '../domain/terms.ts';
import { tokensOf } from '../domain/tokens.ts';
import {
  analyzeIndex,
  beginGeneration,
  dropGeneration,
  ensureActive,
  hasActive,
  holdGenerations,
  sweepDropped,
  switchTo,
  vacuumIndex,
} from '../store/generations.ts';
import { countDocuments, findSuggestions, listEntries, sumBuckets } from '../store/index-read.ts';
import { findDocuments, type Found } from '../store/index-search.ts';
import { countTerms, findAlike, findCompletions, findKnown, readLexemes } from '../store/index-terms.ts';
import {
  findPresent,
  makeGroups,
  replaceSuggestions,
  takeWriting,
  writeContents,
  writeDocuments,
  writeStocks,
  type Group,
  type IndexRow,
  type Present,
} from '../store/index-write.ts';
import {
  EngineAway,
  maxChangesPerApply,
  type Change,
  type Rebuild,
  type SearchAnswer,
  type SearchEngine,
  type SearchQuery,
} from './port.ts';

/** An answer that takes longer helps nobody; the database ends the statement itself a little later. */
const queryMs = 2_500;
const applyMs = 20_000;
/** Statistics and vacuum of all tables of the index, some million events. */
const tidyMs = 300_000;
/** Lexemes of words that are remembered: what PostgreSQL says of a word never changes. */
const maxRemembered = 100_000;
const maxSweeps = 10_000;
const termsPerStatement = 5_000;

export function createPostgresEngine({ db }: { db: Database }): SearchEngine {
  const lexicon = createLexicon(db);
  const guard = <T>(work: () => Promise<T>, deadlineMs = queryMs): Promise<T> =>
    withDeadline(work(), deadlineMs, 'the PostgreSQL engine').catch((error: unknown) => {
      if (error instanceof DeadlinePassed || isDatabaseUnavailable(error))
        throw new EngineAway('the database of the search index does not answer', error);
      throw error;
    });
  return {
    kind: 'postgres',
    prepare: () => guard(() => ensureActive(db)),
    ready: () =>
      guard(() => hasActive(db)).catch((error: unknown) => {
        if (error instanceof EngineAway) return false;
        throw error;
      }),
    apply: (changes) => guard(() => applyToAll(db, lexicon, changes), applyMs),
    search: (query) => guard(() => orAway(db, search(db, lexicon, query), ({ total }) => total)),
    suggest: ({ prefix, now, limit }) =>
      guard(() => orAway(db, findSuggestions(db, prefix, now, limit), ({ length }) => length)),
    count: () => guard(() => countDocuments(db)),
    buckets: () => guard(() => sumBuckets(db)),
    entries: (bucket) => guard(() => listEntries(db, bucket)),
    rebuild: () => guard(() => beginRebuild(db, lexicon, guard), applyMs),
    // The pool is the caller's.
    close: () => Promise.resolve(),
  };
}

/** That there is nothing is for an index to say: where none answers yet, the engine does not. */
async function orAway<T>(db: Database, asked: Promise<T>, found: (answer: T) => number): Promise<T> {
  const answer = await asked;
  if (found(answer) === 0 && !(await hasActive(db)))
    throw new EngineAway('no index of the database is built yet');
  return answer;
}

type Guard = <T>(work: () => Promise<T>, deadlineMs?: number) => Promise<T>;
type Lexicon = (tokens: readonly string[]) => Promise<ReadonlyMap<string, Lexemes>>;

/** What PostgreSQL makes of words, asked once for each. */
function createLexicon(db: Database): Lexicon {
  const remembered = new Map<string, Lexemes>();
  return async (tokens) => {
    const asked = new Set(tokens);
    const missing = [...asked].filter((token) => !remembered.has(token));
    const found = missing.length === 0 ? new Map<string, Lexemes>() : await readLexemes(db, missing);
    const known = new Map<string, Lexemes>();
    for (const token of asked) {
      const lexemes = remembered.get(token) ?? found.get(token);
      if (lexemes !== undefined) known.set(token, lexemes);
    }
    if (remembered.size + found.size > maxRemembered) remembered.clear();
    for (const [token, lexemes] of found) remembered.set(token, lexemes);
    return known;
  };
}

async function applyToAll(db: Database, lexicon: Lexicon, changes: readonly Change[]): Promise<void> {
  if (changes.length > maxChangesPerApply)
    throw new Error(`${changes.length} changes at once; split them by ${maxChangesPerApply}`);
  const newest = newestOf(changes);
  if (newest.length === 0) return;
  const lexemes = await lexicon(wordsOf(newest));
  await makeGroups(db, groupsOf(newest));
  await db.transaction(async (client) => {
    for (const { generation } of await holdGenerations(client))
      await countTerms(client, generation, spelled(await applyTo(client, generation, newest, lexemes)));
  });
}

function wordsOf(newest: readonly Newest[]): string[] {
  return newest.flatMap(({ content }) => {
    const document = content?.document ?? null;
    return document === null ? [] : fieldsOf(document).flatMap(({ tokens }) => tokens);
  });
}

function groupsOf(newest: readonly Newest[]): Group[] {
  return newest.flatMap(({ content }) => {
    const document = content?.document ?? null;
    if (document === null) return [];
    const { venueCity: city, eventType } = document;
    return [{ cityKey: cityKeyOf(city), eventType, city }];
  });
}

/** How many more documents have a term, by term. */
type TermCounts = Map<string, number>;

/** Answers what is still to be counted. */
async function applyTo(
  client: ClientBase,
  generation: number,
  newest: readonly Newest[],
  lexemes: ReadonlyMap<string, Lexemes>,
): Promise<TermCounts> {
  // Stocks change no words: an event that sells does not wait for an index that is built.
  const hasDocuments = newest.some(({ content }) => content !== undefined);
  if (hasDocuments) await takeWriting(client, generation);
  const eventIds = newest.map(({ eventId }) => eventId);
  const present = hasDocuments ? await findPresent(client, generation, eventIds) : new Map<string, Present>();
  const rows = newest.flatMap((each) => rowOf(each, present.get(each.eventId), lexemes));
  await writeDocuments(client, generation, rows);
  // A stock goes with its document: one write of a row instead of two.
  const written = new Set(rows.map(({ eventId }) => eventId));
  await writeStocks(
    client,
    generation,
    newest.flatMap(({ eventId, stock }) =>
      stock === undefined || written.has(eventId) ? [] : [{ eventId, stock }],
    ),
  );
  if (rows.length === 0) return new Map();
  const known = new Set(present.keys());
  await writeContents(client, generation, rows, known);
  await replaceSuggestions(
    client,
    generation,
    rows.flatMap(({ eventId }) => (known.has(eventId) ? [eventId] : [])),
    rows.flatMap(({ eventId, content }) =>
      content === null
        ? []
        : beginningsOf(content.document).map((beginning) => ({
            ...beginning,
            eventId,
            endsAt: content.document.endsAt,
          })),
    ),
  );
  return differenceOf(rows, present);
}

/** The row to be written; none when what is there is newer, or nothing was said of the document. */
function rowOf(
  { eventId, content, stock }: Newest,
  present: Present | undefined,
  lexemes: ReadonlyMap<string, Lexemes>,
): IndexRow[] {
  if (content === undefined || (present !== undefined && present.version > content.version)) return [];
  const { version, document } = content;
  if (document === null) return [{ eventId, version, stock, content: null }];
  const fields = fieldsOf(document);
  return [
    {
      eventId,
      version,
      stock,
      content: {
        document,
        nameKey: tokensOf(document.name, maxNameTokens).join(' '),
        cityKey: cityKeyOf(document.venueCity),
        vector: vectorOf(fields, lexemes),
        terms: termsOf(fields, lexemes),
      },
    },
  ];
}
const maxNameTokens = 100;

/** How many more documents have each term after the rows were written. */
function differenceOf(rows: readonly IndexRow[], present: ReadonlyMap<string, Present>): TermCounts {
  const counts: TermCounts = new Map();
  const add = (terms: readonly string[], count: number): void => {
    for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + count);
  };
  for (const { eventId, content } of rows) {
    add(present.get(eventId)?.terms ?? [], -1);
    add(content?.terms ?? [], 1);
  }
  return counts;
}

function spelled(counts: TermCounts): { term: string; spelling: string; documents: number }[] {
  return [...counts]
    .filter(([, documents]) => documents !== 0)
    .map(([term, documents]) => ({ term, spelling: spellingOf(term), documents }));
}

async function search(db: Database, lexicon: Lexicon, query: SearchQuery): Promise<SearchAnswer> {
  const { text, ...rest } = query;
  const shared = {
    ...rest,
    phrase: text?.tokens.join(' ') ?? '',
    cityKey: query.filters.city === null ? null : cityKeyOf(query.filters.city),
  };
  if (text === null) return answerOf(query, await findDocuments(db, { ...shared, words: null }));
  const lexemes = await lexicon(text.tokens);
  const typed = everyWord(typedGroups(text.tokens, lexemes));
  const found = typed === null ? null : await findDocuments(db, { ...shared, words: typed });
  // Most questions end here; whether each word is known at all is asked only when nothing was found.
  if (found !== null && found.total > 0) return answerOf(query, found);
  const groups = await groupWords(db, lexicon, text.tokens);
  const every = everyWord(groups);
  const isTyped = every?.join() === typed?.join();
  const meant = every === null || isTyped ? null : await findDocuments(db, { ...shared, words: every });
  if (meant !== null && meant.total > 0) return answerOf(query, meant);
  const any = anyWord(groups);
  // Nothing has all the words: then what has some of them, those with more of them first.
  if (any === null || every?.length === 1) return emptyOf(query, isTyped ? found : meant);
  let some: Found | null = null;
  for (const words of tellingFirst(groups).map(anyWord)) {
    if (words === null) continue;
    some = await findDocuments(db, { ...shared, words: [words], ranked: any });
    if (some.total > 0) break;
  }
  return emptyOf(query, some);
}

function typedGroups(tokens: readonly string[], lexemes: ReadonlyMap<string, Lexemes>): WordGroup[] {
  return [...new Set(tokens)].map((token) => ({
    token,
    isCommon: lexemes.get(token)?.isCommon ?? false,
    lexemes: ownLexemes(token, lexemes),
    documents: 0,
  }));
}

function emptyOf(query: SearchQuery, found: Found | null): SearchAnswer {
  return found === null ? nothing(query) : answerOf(query, found);
}

function nothing({ facets }: SearchQuery): SearchAnswer {
  return { hits: [], total: 0, facets: facets ? { cities: [], eventTypes: [], priceRange: null } : null };
}

function answerOf({ near }: SearchQuery, { hits, total, facets }: Found): SearchAnswer {
  return {
    total,
    facets,
    hits: hits.map((hit) => {
      const { place } = hit.document;
      return { ...hit, distanceKm: near === null || place === null ? null : distanceKm(near, place) };
    }),
  };
}

/** Each word with its lexemes; for a word that no document has, what it may have been meant to be. */
async function groupWords(db: Database, lexicon: Lexicon, tokens: readonly string[]): Promise<WordGroup[]> {
  const lexemes = await lexicon(tokens);
  const own = new Map(tokens.map((token) => [token, ownLexemes(token, lexemes)]));
  const known = await findKnown(db, [...own.values()].flat());
  return Promise.all(
    [...own].map(async ([token, words]) => {
      const isCommon = lexemes.get(token)?.isCommon ?? false;
      if (words.some((word) => known.has(word)))
        return { token, isCommon, lexemes: words, documents: mostOf(words, known) };
      const meant = await alternativesOf(db, lexicon, token);
      return { token, isCommon, lexemes: meant, documents: mostOf(meant, await findKnown(db, meant)) };
    }),
  );
}

/** Of words that mean the same, how many documents the most frequent one has. */
function mostOf(words: readonly string[], known: ReadonlyMap<string, number>): number {
  return Math.max(0, ...words.map((word) => known.get(word) ?? 0));
}

async function alternativesOf(db: Database, lexicon: Lexicon, token: string): Promise<string[]> {
  if (errorsForgiven([...token].length) === 0) return [];
  const word = { word: token, spelling: spellingOf(token), variants: variantsOf(token) };
  const [alike, completions] = await Promise.all([findAlike(db, word), findCompletions(db, token)]);
  const meant = [...new Set([...likelyMeant(token, alike), ...completions])];
  const lexemes = await lexicon(meant);
  return [...new Set(meant.flatMap((each) => ownLexemes(each, lexemes)))];
}

async function beginRebuild(db: Database, lexicon: Lexicon, guard: Guard): Promise<Rebuild> {
  const generation = await db.transaction(beginGeneration);
  const sweep = async (): Promise<void> => {
    for (let round = 0; round < maxSweeps && (await sweepDropped(db)); round += 1);
  };
  await sweep();
  // Differences add up in any order, so those of all pages are written once; other writers count their own at once.
  const counts: TermCounts = new Map();
  return {
    generation: String(generation),
    apply: (changes) =>
      guard(async () => {
        const newest = newestOf(changes);
        const lexemes = await lexicon(wordsOf(newest));
        await makeGroups(db, groupsOf(newest));
        const more = await db.transaction(async (client) => {
          const held = await holdGenerations(client);
          if (!held.some((each) => each.generation === generation && each.state === 'building'))
            throw superseded(generation);
          return applyTo(client, generation, newest, lexemes);
        });
        for (const [term, documents] of more) counts.set(term, (counts.get(term) ?? 0) + documents);
      }, applyMs),
    publish: async () => {
      const counted = spelled(counts);
      for (let from = 0; from < counted.length; from += termsPerStatement)
        await guard(() => countTerms(db, generation, counted.slice(from, from + termsPerStatement)), applyMs);
      await guard(() => analyzeIndex(db), tidyMs);
      const isSwitched = await guard(() => db.transaction((client) => switchTo(client, generation)), applyMs);
      if (!isSwitched) throw superseded(generation);
    },
    tidy: async () => {
      await sweep();
      await guard(() => vacuumIndex(db), tidyMs);
    },
    abandon: async () => {
      await guard(() => dropGeneration(db, generation));
      await sweep();
    },
  };
}

function superseded(generation: number): Error {
  return new Error(`generation ${generation} of the index was dropped by a later rebuild`);
}
