/** A queue of keys: each key waits once, is with one worker at a time, and comes back when it was added meanwhile. */
import { createDelays } from './delays.ts';
import { maxTimerMs, type Time } from './time.ts';

export type WorkQueue = {
  readonly name: string;
  /** To be worked on as soon as a worker is free; a key that is being worked on comes back afterwards. */
  add: (key: string) => void;
  /** Adds the key after `delayMs`; of several, the earliest counts. Longer than 24.8 days becomes 24.8 days. */
  addAfter: (key: string, delayMs: number) => void;
  /** Adds the key after its backoff, which doubles from 5 ms with each call until `forget`. */
  addRateLimited: (key: string) => void;
  /** Ends the key's backoff; call it after a success, and when the key is gone. */
  forget: (key: string) => void;
  /** How often in a row the key has failed. */
  failures: (key: string) => number;
  /** The next key, as soon as there is one; null once the queue is shut down and empty. Answer it with `done`. */
  take: () => Promise<string | null>;
  done: (key: string) => void;
  /** Keys that wait for a worker. */
  depth: () => number;
  /** For how long each key that is with a worker has been there, in milliseconds. */
  runningMs: () => number[];
  /**
   * Takes no more keys, drops what was due later, and waits until what waits and runs is finished. After
   * `deadlineMs` what still waits is dropped. Answers whether everything was finished.
   */
  shutDown: (deadlineMs: number) => Promise<boolean>;
};

export type QueueMetrics = {
  added: () => void;
  retried: () => void;
  /** A worker took a key that had waited so long. */
  waited: (seconds: number) => void;
  worked: (seconds: number) => void;
};

export type WorkQueueOptions = {
  name: string;
  time: Time;
  /** A number in [0, 1), for jitter. */
  chance: () => number;
  /** The higher, the sooner: how near the key's sale is. Asked when a worker is free. */
  priorityOf?: (key: string) => number;
  /** The longest backoff of the key, in milliseconds: 30 s near a sale's opening, 5 min elsewhere. */
  backoffLimitMsOf?: (key: string) => number;
  metrics?: QueueMetrics;
};

const firstBackoffMs = 5;
const defaultBackoffLimitMs = 300_000;
// From here on the doubling is above any limit.
const maxDoublings = 30;
/** Share of a backoff that chance may take off, so that keys which failed together come back apart. */
const jitterShare = 0.25;
/** A key that has waited so long goes first, whatever its priority. */
const maxOvertakenMs = 10_000;
const msPerSecond = 1_000;

type Waiting = { addedAtMs: number };

/**
 * An empty queue. What it holds is bounded by the keys there are: the objects in the caches that feed it.
 * `take` is meant for a few workers; it looks through all waiting keys, which costs less than a heap of
 * priorities that change with time, up to some thousand keys.
 */
export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  const { name, time, chance, metrics } = options;
  const limitMsOf = options.backoffLimitMsOf ?? (() => defaultBackoffLimitMs);
  const failed = new Map<string, number>();
  const keys = createKeys(options);
  const delays = createDelays(time, keys.add);
  return {
    name,
    add: keys.add,
    addAfter: (key, delayMs) => {
      if (Number.isNaN(delayMs)) throw new RangeError(`the delay of ${key} is not a number`);
      if (delayMs <= 0) keys.add(key);
      else if (!keys.isClosed()) delays.add(key, delayMs);
    },
    addRateLimited: (key) => {
      if (keys.isClosed()) return;
      const failures = failed.get(key) ?? 0;
      failed.set(key, failures + 1);
      metrics?.retried();
      const backoffMs = Math.min(firstBackoffMs * 2 ** Math.min(failures, maxDoublings), limitMsOf(key));
      delays.add(key, backoffMs * (1 - jitterShare * chance()));
    },
    forget: (key) => void failed.delete(key),
    failures: (key) => failed.get(key) ?? 0,
    take: keys.take,
    done: keys.done,
    depth: keys.depth,
    runningMs: keys.runningMs,
    shutDown: async (deadlineMs) => {
      const over = new AbortController();
      delays.clear();
      const emptied = keys.close().then(() => true);
      const late = time.pause(Math.min(deadlineMs, maxTimerMs), over.signal).then(() => false);
      const finished = await Promise.race([emptied, late]);
      over.abort();
      keys.drop();
      return finished;
    },
  };
}

type Keys = Pick<WorkQueue, 'add' | 'take' | 'done' | 'depth' | 'runningMs'> & {
  isClosed: () => boolean;
  /** Takes no more keys; resolves when nothing waits or runs. */
  close: () => Promise<void>;
  /** Forgets what waits. */
  drop: () => void;
};

/** Who waits and who is with a worker: a key is in at most one of the two, and once more when it is dirty. */
function createKeys({ time, metrics, priorityOf = () => 0 }: WorkQueueOptions): Keys {
  const waiting = new Map<string, Waiting>();
  const running = new Map<string, { startedAtMs: number }>();
  // Added while they were with a worker.
  const dirty = new Set<string>();
  const takers: ((key: string | null) => void)[] = [];
  const idle: (() => void)[] = [];
  let closed = false;

  function add(key: string): void {
    if (closed || waiting.has(key) || dirty.has(key)) return;
    metrics?.added();
    if (running.has(key)) dirty.add(key);
    else wait(key);
  }
  function wait(key: string): void {
    waiting.set(key, { addedAtMs: time.nowMs() });
    handOut();
  }
  function handOut(): void {
    while (takers.length > 0 && waiting.size > 0) {
      const nowMs = time.nowMs();
      const { key, addedAtMs } = mostUrgent(waiting, priorityOf, nowMs);
      metrics?.waited((nowMs - addedAtMs) / msPerSecond);
      waiting.delete(key);
      running.set(key, { startedAtMs: nowMs });
      takers.shift()?.(key);
    }
    if (!closed || waiting.size > 0) return;
    for (const leave of takers.splice(0)) leave(null);
    if (running.size === 0) for (const tell of idle.splice(0)) tell();
  }
  return {
    add,
    take: () =>
      new Promise((resolve) => {
        takers.push(resolve);
        handOut();
      }),
    done: (key) => {
      const run = running.get(key);
      if (run === undefined) throw new Error(`${key} is done, but no worker has it`);
      running.delete(key);
      metrics?.worked((time.nowMs() - run.startedAtMs) / msPerSecond);
      if (dirty.delete(key)) wait(key);
      else handOut();
    },
    depth: () => waiting.size,
    runningMs: () => [...running.values()].map(({ startedAtMs }) => time.nowMs() - startedAtMs),
    isClosed: () => closed,
    close: () => {
      closed = true;
      const emptied = new Promise<void>((resolve) => idle.push(resolve));
      handOut();
      return emptied;
    },
    drop: () => {
      waiting.clear();
      dirty.clear();
      handOut();
    },
  };
}

/** The key of the highest priority, among equals the one that waits longest; first of all who was overtaken long. */
function mostUrgent(
  waiting: ReadonlyMap<string, Waiting>,
  priorityOf: (key: string) => number,
  nowMs: number,
): Waiting & { key: string } {
  // A map keeps the order of insertion, so the first one waits longest.
  let best: (Waiting & { key: string; priority: number }) | null = null;
  for (const [key, { addedAtMs }] of waiting) {
    if (best === null && nowMs - addedAtMs >= maxOvertakenMs) return { key, addedAtMs };
    const priority = priorityOf(key);
    if (best === null || priority > best.priority) best = { key, addedAtMs, priority };
  }
  if (best === null) throw new Error('nobody waits');
  return best;
}
