/** Fills an engine with the corpus, asks all judged queries and says how good the answers are. */
import { maxChangesPerApply, type Change, type SearchEngine } from '../src/engine/port.ts';
import { ask, put, stock } from './documents.ts';
import { corpusNow, makeCorpus, type CorpusEvent } from './relevance-corpus.ts';
import { gradeOf, type JudgedQuery, type Kind } from './relevance-judging.ts';
import { ndcg } from './ndcg.ts';
import { judgedQueries } from './relevance-queries.ts';

export type Judged = {
  kind: Kind;
  typed: string;
  ndcg: number;
  /** Names of the first answers with their grades, for whoever looks at a bad query. */
  found: readonly { slug: string; name: string; grade: number }[];
};
export type Relevance = { events: number; mean: number; queries: readonly Judged[] };

const depth = 10;

/** Puts the corpus into the engine's new generation, so that all of it can be found when this resolves. */
export async function fillWithCorpus(engine: SearchEngine, corpus: readonly CorpusEvent[]): Promise<void> {
  const changes = corpus.flatMap(({ document, available }): Change[] => [
    put(document),
    stock(document.eventId, 1, available),
  ]);
  const rebuild = await engine.rebuild();
  for (let first = 0; first < changes.length; first += maxChangesPerApply)
    await rebuild.apply(changes.slice(first, first + maxChangesPerApply));
  await rebuild.publish();
  await rebuild.tidy();
}

/** The mean over all queries of nDCG@10, and each query's. */
export async function measureRelevance(engine: SearchEngine): Promise<Relevance> {
  const corpus = makeCorpus();
  await fillWithCorpus(engine, corpus);
  const events = new Map(corpus.map((event) => [event.document.eventId, event]));
  const queries: Judged[] = [];
  for (const query of judgedQueries) queries.push(await judge(engine, query, events));
  const mean = queries.reduce((sum, query) => sum + query.ndcg, 0) / queries.length;
  return { events: corpus.length, mean, queries };
}

async function judge(
  engine: SearchEngine,
  query: JudgedQuery,
  events: ReadonlyMap<string, CorpusEvent>,
): Promise<Judged> {
  const { hits } = await engine.search(ask(query.typed, { now: corpusNow, limit: depth, facets: false }));
  const found = hits.map(({ document }) => {
    const event = events.get(document.eventId);
    if (event === undefined) throw new Error(`${document.eventId} is not of the corpus`);
    return { slug: event.slug, name: document.name, grade: gradeOf(query, event) };
  });
  const all = [...events.values()].map((event) => gradeOf(query, event));
  return {
    kind: query.kind,
    typed: query.typed,
    found,
    ndcg: ndcg(
      found.map(({ grade }) => grade),
      all,
      depth,
    ),
  };
}
