/** Warms what the pages of a sale ask of the search; afterwards every process keeps it warm until everyone has come. */
import { NotWarm, runWarmTask, type WarmTask } from '@evently/kit/warm-up';
import { hotQuestionsOf, type HotQuestions } from '../domain/hot-questions.ts';
import { findRows } from '../store/catalog.ts';
import { keepHot } from '../store/hot-events.ts';
import type { Asked } from './ask-engines.ts';
import type { KeepHotDeps } from './keep-hot.ts';
import type { TrendingBoard } from './search-events.ts';

export type WarmDeps = KeepHotDeps & { trending: TrendingBoard; connections: number };

const taskMs = 5_000;
const pageLimit = 20;
const nothing: HotQuestions = { queries: [], suggestions: [] };

/** Never fails: a part that could not be warmed says so, and why. */
export async function warmSearch(deps: WarmDeps, eventId: string): Promise<WarmTask[]> {
  const { db, port, clock, log, trending } = deps;
  let asked = nothing;
  return [
    await runWarmTask(log, 'connections', taskMs, async () => {
      const answers = await Promise.all(Array.from({ length: deps.connections }, () => db.ready()));
      if (answers.includes(false)) throw new NotWarm('the database is not available');
      return answers.length;
    }),
    await runWarmTask(log, 'queries', taskMs, async () => {
      // First of all: what cannot be warmed now every process tries again, until it can.
      await keepHot(db, eventId);
      const document = (await findRows(db, [eventId]))[0]?.document ?? null;
      if (document === null) throw new NotWarm('there is no such event to be found, or not yet');
      asked = hotQuestionsOf(document);
      for (const query of asked.queries) expectAnswer(await port.warm({ ...query, now: clock.now() }));
      return asked.queries.length;
    }),
    await runWarmTask(log, 'suggestions', taskMs, async () => {
      for (const query of asked.suggestions)
        expectAnswer(await port.warmSuggestions({ ...query, now: clock.now() }));
      return asked.suggestions.length;
    }),
    await runWarmTask(log, 'trending', taskMs, async () => {
      trending.forget();
      return (await trending.read(pageLimit)).length;
    }),
  ];
}

function expectAnswer({ ok }: Asked<unknown>): void {
  if (!ok) throw new NotWarm('the search engine does not answer');
}
