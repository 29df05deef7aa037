/** The engine on OpenSearch: one index behind an alias, words folded as in the other engine, no scripts, no templates. */
import {
  EngineAway,
  maxChangesPerApply,
  type SearchAnswer,
  type SearchEngine,
  type SearchQuery,
} from '../port.ts';
import { answerOf, corrected, searchBody, suggestionsBody, type Asked } from './answered-search.ts';
import { searchAnswer, type SearchReply } from './answers.ts';
import { countDocuments, foreignFields, foreignIndex, listEntries, sumBuckets } from './comparing.ts';
import { openConnection, type Call, type OpenSearchAddress } from './connection.ts';
import { applyEverywhere, beginRebuild, prepareIndex, type IndexDeps } from './generations.ts';
import { suggest } from './suggesting.ts';
import { wordsOf } from './words-clause.ts';

export type OpenSearchOptions = {
  address: OpenSearchAddress;
  /** Name of the alias; the indices behind it are called `<alias>-…`. */
  alias: string;
  /** For an answer to a person. */
  queryMs: number;
};

const writeMs = 15_000;
const manageMs = 30_000;
/** OpenSearch ends a query a little before nobody waits for it any more. */
const networkMs = 100;
const leastMs = 50;
const notFound = 404;
const refusals = 300;
/** An index that is dropped while it is asked is asked by its successor's name. */
const maxAttempts = 3;

export function createOpenSearchEngine({ address, alias, queryMs }: OpenSearchOptions): SearchEngine {
  const connection = openConnection(address);
  const deps: IndexDeps & { queryMs: number } = { connection, alias, writeMs, manageMs, queryMs };
  return {
    kind: 'opensearch',
    prepare: () => prepareIndex(deps),
    ready: async () => {
      try {
        return (await countDocuments({ ...deps, manageMs: queryMs })) !== null;
      } catch (error) {
        if (error instanceof EngineAway) return false;
        throw error;
      }
    },
    apply: async (changes) => {
      if (changes.length > maxChangesPerApply)
        throw new Error(`${changes.length} changes at once; split them by ${maxChangesPerApply}`);
      if (changes.length > 0) await applyEverywhere(deps, changes);
    },
    search: (query) => search(deps, query),
    suggest: (query) => suggest({ connection, alias, deadlineMs: queryMs }, query),
    count: () => countDocuments(deps),
    buckets: () => sumBuckets(deps),
    entries: (bucket) => listEntries(deps, bucket),
    rebuild: () => beginRebuild(deps),
    close: () => connection.close(),
  };
}

type SearchDeps = IndexDeps & { queryMs: number };

/**
 * Asks for what has every word. When nothing has, words that are nowhere are taken for what they may have meant, and when
 * still nothing has all of them, any of them will do; one question for most queries, and four at most.
 */
async function search(deps: SearchDeps, query: SearchQuery): Promise<SearchAnswer> {
  const words = query.text === null ? [] : wordsOf(query.text.tokens);
  const asked: Asked = { query, words, matching: 'all' };
  const answer = await answerTo(deps, asked);
  if (answer.total > 0 || words.length === 0) return answer;
  const dictionary = suggestionsBody(words);
  const meant = dictionary === null ? null : corrected(words, await call(deps, dictionary));
  const strict: Asked = { ...asked, words: meant ?? words };
  const better = meant === null ? answer : await answerTo(deps, strict);
  return better.total > 0 || words.length < 2 ? better : answerTo(deps, { ...strict, matching: 'some' });
}

async function answerTo(deps: SearchDeps, asked: Asked): Promise<SearchAnswer> {
  // Sorted by date the score says what is ahead; that of the words is told by their name, and only to who asks for it here.
  const named = asked.query.sort === 'date' ? { include_named_queries_score: 'true' } : {};
  return answerOf(asked, await call(deps, searchBody(asked), named));
}

async function call(deps: SearchDeps, body: object, named: Call['query'] = {}): Promise<SearchReply> {
  // As a task that ends: `timeout` asks for the time at each step of each list of matches, beside the question for the task's end.
  const cancelMs = Math.max(leastMs, deps.queryMs - networkMs);
  for (let attempt = 1; ; attempt += 1) {
    const answer = await deps.connection.call({
      method: 'POST',
      path: `/${deps.alias}/_search`,
      query: {
        allow_partial_search_results: 'false',
        cancel_after_time_interval: `${cancelMs}ms`,
        ...named,
      },
      body,
      deadlineMs: deps.queryMs,
    });
    if (answer.status < refusals) return searchAnswer.parse(answer.body);
    const says = `${answer.status}: ${JSON.stringify(answer.body).slice(0, 500)}`;
    if (says.includes(foreignFields)) throw foreignIndex(deps);
    if (answer.status !== notFound) throw new Error(`OpenSearch refuses a search with ${says}`);
    if (attempt === maxAttempts) throw new EngineAway(`OpenSearch has no index behind ${deps.alias}`);
  }
}
