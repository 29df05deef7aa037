/** Warms this process for a sale: the event's stock in memory, every connection open, statements prepared. */
import { LRUCache } from 'lru-cache';
import { monotonicMs } from '@evently/kit/clock';
import type { Database } from '@evently/kit/postgres';
import { readNow } from '../store/paying.ts';
import { listEventStock } from '../store/reports.ts';
import type { Boards } from './boards.ts';

export type WarmTask = { task: string; result: 'warm' | 'failed'; items: number; seconds: number };
export type Warmer = {
  warm: (eventId: string) => Promise<WarmTask[]>;
  stateOf: (eventId: string) => readonly WarmTask[];
};

const maxRemembered = 1_000;

export function createWarmer(deps: { db: Database; boards: Boards; connections: number }): Warmer {
  const remembered = new LRUCache<string, WarmTask[]>({ max: maxRemembered });
  return {
    stateOf: (eventId) => remembered.get(eventId) ?? [],
    warm: async (eventId) => {
      const tasks = [
        await timed('inventory', async () => ((await deps.boards.fresh(eventId, 0)) === null ? 0 : 1)),
        await timed('event', async () => (await listEventStock(deps.db, [eventId])).length),
        await timed('connections', async () => {
          await Promise.all(Array.from({ length: deps.connections }, () => readNow(deps.db)));
          return deps.connections;
        }),
      ];
      remembered.set(eventId, tasks);
      return tasks;
    },
  };
}

async function timed(task: string, work: () => Promise<number>): Promise<WarmTask> {
  const startedMs = monotonicMs();
  const items = await work().catch(() => 0);
  return { task, result: items > 0 ? 'warm' : 'failed', items, seconds: (monotonicMs() - startedMs) / 1000 };
}
