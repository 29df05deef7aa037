/** Warms what the pages of a sale need in this process, before everyone comes. */
import { monotonicMs } from '@evently/kit/clock';
import type { Database } from '@evently/kit/postgres';
import type { EventPages } from './event-pages.ts';

export type WarmTask = { task: string; result: 'warm' | 'failed'; items: number; seconds: number };
export type WarmDeps = { db: Database; pages: EventPages; connections: number };

/** Never fails: a part that could not be warmed says so. */
export async function warmPages(deps: WarmDeps, eventId: string): Promise<WarmTask[]> {
  return [
    await timed('connections', async () => {
      const answers = await Promise.all(Array.from({ length: deps.connections }, () => deps.db.ready()));
      if (answers.includes(false)) throw new Error('the database did not answer');
      return answers.length;
    }),
    await timed('event-page', async () => ((await deps.pages.read(eventId)) === null ? 0 : 1)),
  ];
}

async function timed(task: string, work: () => Promise<number>): Promise<WarmTask> {
  const startedMs = monotonicMs();
  const items = await work().catch(() => -1);
  const seconds = (monotonicMs() - startedMs) / 1_000;
  return { task, result: items < 0 ? 'failed' : 'warm', items: Math.max(0, items), seconds };
}
