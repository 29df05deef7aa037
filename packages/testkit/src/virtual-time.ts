/** Time that moves only when a test moves it. */

export type VirtualTime = {
  nowMs: () => number;
  /** Resolves when `advance` passes it; at once when `signal` aborts. */
  pause: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Moves on by `ms`, from one waiter to the next in order, and lets what they wake run before going on. */
  advance: (ms: number) => Promise<void>;
  /** Lets everything run that waits for no time. */
  settle: () => Promise<void>;
  /** The lengths of the pauses that somebody waits for. */
  pauses: () => number[];
};

type Sleeper = { atMs: number; ms: number; wake: () => void };

/** Turns of the event loop that a chain of promises and immediates gets to run out. */
const settleTurns = 8;
const maxWakes = 1_000_000;

export function createVirtualTime(startMs = 0): VirtualTime {
  let now = startMs;
  const sleepers = new Set<Sleeper>();

  async function settle(): Promise<void> {
    for (let turn = 0; turn < settleTurns; turn += 1) {
      await new Promise<void>((resolve) => void setImmediate(resolve));
    }
  }
  function next(untilMs: number): Sleeper | null {
    let first: Sleeper | null = null;
    for (const one of sleepers) if (first === null || one.atMs < first.atMs) first = one;
    return first !== null && first.atMs <= untilMs ? first : null;
  }
  return {
    nowMs: () => now,
    pause: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true) return resolve();
        const sleeper = { atMs: now + ms, ms, wake };
        function wake(): void {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', wake);
          resolve();
        }
        sleepers.add(sleeper);
        signal?.addEventListener('abort', wake);
      }),
    advance: async (ms) => {
      const untilMs = now + ms;
      await settle();
      for (let wakes = 0; wakes < maxWakes; wakes += 1) {
        const sleeper = next(untilMs);
        if (sleeper === null) break;
        now = Math.max(now, sleeper.atMs);
        sleeper.wake();
        await settle();
      }
      now = untilMs;
    },
    settle,
    pauses: () => [...sleepers].map((sleeper) => sleeper.ms),
  };
}
