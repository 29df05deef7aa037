/** Warms this process for a sale: the event's stock in memory, every connection open, keys fetched, code hot. */
import { LRUCache } from 'lru-cache';
import { NotWarm, runWarmTask, type WarmTask } from '@evently/kit/warm-up';
import type { TokenVerifier } from '@evently/kit/auth';
import type { Logger } from '@evently/kit/log';
import { listEventStock } from '../store/reports.ts';
import type { Boards } from './boards.ts';
import { rehearseReserve, type RehearseDeps } from './rehearse-reserve.ts';

export type WarmDeps = RehearseDeps & {
  boards: Boards;
  verifier: TokenVerifier;
  log: Logger;
  /** As many as the pool has. */
  connections: number;
};
export type RememberedTask = WarmTask & { warmedAt: Date };
export type Warmer = {
  /** Never fails: a part that could not be warmed says so, and why. One event is warmed once at a time. */
  warm: (eventId: string) => Promise<readonly RememberedTask[]>;
  /** What was last warmed for the event in this process. */
  stateOf: (eventId: string) => readonly RememberedTask[];
};

const maxRemembered = 1_000;
const maxWaiting = 64;
const taskMs = 5_000;
// A process that never sold compiles its code with a herd; later a few show whether the way is still free.
const herd = 64;
const patrol = 4;

export function createWarmer(deps: WarmDeps): Warmer {
  const remembered = new LRUCache<string, RememberedTask[]>({ max: maxRemembered });
  const running = new Map<string, Promise<RememberedTask[]>>();
  // One at a time: two that want every connection at once would wait for each other's.
  let line: Promise<unknown> = Promise.resolve();
  let rehearsed = false;

  async function connect(): Promise<number> {
    const buyers = rehearsed ? patrol : herd;
    await rehearseReserve(deps, deps.connections, buyers);
    rehearsed = true;
    for (const { issuer, role, keys } of await deps.verifier.loadKeys()) {
      if (role === 'user' && keys === 0)
        throw new NotWarm(`issuer ${issuer} did not answer with the keys of its tokens`);
    }
    return deps.connections;
  }

  async function warm(eventId: string): Promise<RememberedTask[]> {
    const tasks = [
      await runWarmTask(deps.log, 'inventory', taskMs, async () => {
        const board = await deps.boards.fresh(eventId, 0);
        if (board === null) throw new NotWarm('booking does not know this event: publish it first');
        return board.tiers.length;
      }),
      await runWarmTask(deps.log, 'event', taskMs, async () => {
        const [stock] = await listEventStock(deps.db, [eventId]);
        if (stock === undefined) throw new NotWarm('booking does not know this event: publish it first');
        return 1;
      }),
      await runWarmTask(deps.log, 'connections', taskMs, connect),
    ].map((task) => ({ ...task, warmedAt: deps.clock.now() }));
    remembered.set(eventId, tasks);
    return tasks;
  }

  return {
    stateOf: (eventId) => remembered.get(eventId) ?? [],
    warm: (eventId) => {
      const present = running.get(eventId);
      if (present !== undefined) return present;
      if (running.size >= maxWaiting) return Promise.resolve([busyTask(deps)]);
      const started = line.then(() => warm(eventId)).finally(() => running.delete(eventId));
      running.set(eventId, started);
      line = started.catch(() => undefined);
      return started;
    },
  };
}

function busyTask(deps: WarmDeps): RememberedTask {
  const error = `${maxWaiting} sales are being warmed here already; ask again`;
  const warmedAt = deps.clock.now();
  return { task: 'inventory', result: 'failed', items: 0, seconds: 0, error, warmedAt };
}
