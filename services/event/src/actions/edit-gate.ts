/** How many edits may keep a connection while they ask booking, so that the pages always have some left. */
import { withDeadline } from '@evently/kit/clock';

/** Runs `work` when there is a place, first come first served; `busy` when none comes free in time. */
export type EditGate = <T>(work: () => Promise<T>) => Promise<{ kind: 'done'; value: T } | { kind: 'busy' }>;
export type EditGateOptions = { maxRunning: number; maxWaiting: number; waitMs: number };

export function createEditGate({ maxRunning, maxWaiting, waitMs }: EditGateOptions): EditGate {
  const waiting: (() => void)[] = [];
  let running = 0;

  async function enter(): Promise<boolean> {
    if (running < maxRunning) {
      running += 1;
      return true;
    }
    if (waiting.length >= maxWaiting) return false;
    const own: { admit: () => void } = { admit: () => {} };
    const admitted = new Promise<void>((resolve) => {
      own.admit = resolve;
    });
    waiting.push(own.admit);
    const inTime = await withDeadline(admitted, waitMs, 'a place for the edit').then(
      () => true,
      () => false,
    );
    const place = waiting.indexOf(own.admit);
    // Not among those who wait any more: the place was handed over, even when that was at the last moment.
    if (inTime || place === -1) return true;
    waiting.splice(place, 1);
    return false;
  }

  /** The place is handed over by whoever leaves, so that a newcomer cannot overtake. */
  function leave(): void {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  }

  return async (work) => {
    if (!(await enter())) return { kind: 'busy' };
    try {
      return { kind: 'done', value: await work() };
    } finally {
      leave();
    }
  };
}
