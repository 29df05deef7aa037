/** Warms what the pages of a sale ask of the search, and keeps it warm until everyone has come. */
import type { Clock } from '@evently/kit/clock';
import { monotonicMs } from '@evently/kit/clock';
import type { Logger } from '@evently/kit/log';
import type { Database } from '@evently/kit/postgres';
import { NotWarm, runWarmTask, type WarmTask } from '@evently/kit/warm-up';
import { tokensOf } from '../domain/tokens.ts';
import type { SearchQuery } from '../engine/port.ts';
import { findRows, type CatalogRow } from '../store/catalog.ts';
import { keyOf, type EnginePort } from './ask-engines.ts';
import { filtersQuery, queryOf, type TrendingBoard } from './search-events.ts';

const taskMs = 5_000;
/** A sale is warmed at its lead time; its storm is over well within this. */
const hotMs = 1_800_000;
const maxHot = 60;
const pageLimit = 20;

/** Questions that are asked again before their kept answers are old. */
export type HotQueries = {
  add: (queries: readonly SearchQuery[]) => void;
  /** Asks each of them anew; answers how many were answered. */
  refresh: () => Promise<number>;
};

export function createHotQueries(port: EnginePort, clock: Clock): HotQueries {
  const hot = new Map<string, { query: SearchQuery; untilMs: number }>();
  return {
    add: (queries) => {
      const untilMs = monotonicMs() + hotMs;
      for (const query of queries) {
        hot.delete(keyOf(query));
        hot.set(keyOf(query), { query, untilMs });
      }
      // The oldest ones go first.
      for (const key of [...hot.keys()].slice(0, Math.max(0, hot.size - maxHot))) hot.delete(key);
    },
    refresh: async () => {
      let answered = 0;
      for (const [key, { query, untilMs }] of hot) {
        if (monotonicMs() > untilMs) hot.delete(key);
        else if ((await port.warm({ ...query, now: clock.now() })).ok) answered += 1;
      }
      return answered;
    },
  };
}

export type WarmDeps = {
  db: Database;
  port: EnginePort;
  hot: HotQueries;
  trending: TrendingBoard;
  clock: Clock;
  connections: number;
  log: Logger;
};

/** Never fails: a part that could not be warmed says so, and why. */
export async function warmSearch(deps: WarmDeps, eventId: string): Promise<WarmTask[]> {
  return [
    await runWarmTask(deps.log, 'connections', taskMs, async () => {
      const answers = await Promise.all(Array.from({ length: deps.connections }, () => deps.db.ready()));
      if (answers.includes(false)) throw new NotWarm('the database is not available');
      return answers.length;
    }),
    await runWarmTask(deps.log, 'queries', taskMs, async () => {
      const document = (await findRows(deps.db, [eventId]))[0]?.document ?? null;
      if (document === null) throw new NotWarm('there is no such event to be found, or not yet');
      const queries = hotQueriesOf(document, deps.clock.now());
      for (const query of queries)
        if (!(await deps.port.warm(query)).ok) throw new NotWarm('the search engine does not answer');
      deps.hot.add(queries);
      return queries.length;
    }),
    await runWarmTask(deps.log, 'suggestions', taskMs, async () => {
      const [event] = await findRows(deps.db, [eventId]);
      const [first = ''] = tokensOf(event?.document?.name ?? '');
      // As somebody types the name: each of its first letters is a question.
      const prefixes = Array.from(first, (_, index) => first.slice(0, index + 1));
      for (const prefix of prefixes)
        if (!(await deps.port.suggest({ prefix, now: deps.clock.now(), limit: 10 })).ok)
          throw new NotWarm('the search engine does not answer');
      return prefixes.length;
    }),
    await runWarmTask(deps.log, 'trending', taskMs, async () => {
      deps.trending.forget();
      return (await deps.trending.read(pageLimit)).length;
    }),
  ];
}

type Document = NonNullable<CatalogRow['document']>;

/** What people ask who look for this event: its name, its city, its kind, its venue; and the start page's own. */
function hotQueriesOf(document: Document, now: Date): SearchQuery[] {
  const none = {
    city: null,
    type: null,
    startsFrom: null,
    startsBefore: null,
    minPrice: null,
    maxPrice: null,
  };
  const rest = { near: null, sort: null, page: 1, limit: pageLimit };
  const wanted = [
    { typed: document.name, filters: none },
    { typed: document.venue_name, filters: none },
    { typed: document.venue_city, filters: none },
    { typed: null, filters: none },
    { typed: null, filters: { ...none, city: document.venue_city } },
    { typed: null, filters: { ...none, type: document.event_type } },
    { typed: null, filters: { ...none, city: document.venue_city, type: document.event_type } },
  ];
  const queries = wanted.flatMap((each) => {
    const query = queryOf({ ...rest, ...each }, now);
    return query === null ? [] : [query];
  });
  return [...queries, filtersQuery(now)];
}
