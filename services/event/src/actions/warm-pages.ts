/** Warms what the pages of a sale need in this process, before everyone comes. */
import type { Logger } from '@evently/kit/log';
import type { Database } from '@evently/kit/postgres';
import { NotWarm, runWarmTask, type WarmTask } from '@evently/kit/warm-up';
import type { EventPages } from './event-pages.ts';

export type WarmDeps = { db: Database; pages: EventPages; connections: number; log: Logger };

const taskMs = 5_000;

/** Never fails: a part that could not be warmed says so, and why. */
export async function warmPages(deps: WarmDeps, eventId: string): Promise<WarmTask[]> {
  return [
    await runWarmTask(deps.log, 'connections', taskMs, async () => {
      const answers = await Promise.all(Array.from({ length: deps.connections }, () => deps.db.ready()));
      if (answers.includes(false)) throw new NotWarm('the database is not available');
      return answers.length;
    }),
    await runWarmTask(deps.log, 'event', taskMs, async () => {
      if ((await deps.pages.read(eventId)) === null)
        throw new NotWarm('there is no such event, or it is not published');
      return 1;
    }),
  ];
}
