/** A queue of keys: each key waits once, is with one worker at a time, and comes back when it was added meanwhile. */
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

type Waiting = { addedAtMs: number };

/**
 * An empty queue. What it holds is bounded by the keys there are: the objects in the caches that feed it.
 * `take` is meant for a few workers; it looks through all waiting keys, which costs less than a heap of
 * priorities that change with time, up to some thousand keys.
 */
export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  const { name, time, chance, metrics } = options;
  const priorityOf = options.priorityOf ?? (() => 0);
  const limitMsOf = options.backoffLimitMsOf ?? (() => defaultBackoffLimitMs);
  const waiting = new Map<string, Waiting>();
  const running = new Map<string, number>();
  // Added while they were with a worker.
  const dirty = new Set<string>();
  const failed = new Map<string, number>();
  const takers: ((key: string | null) => void)[] = [];
  const idle: (() => void)[] = [];
  let closed = false;
  const delayed = createDelays(time, enqueue);

  function enqueue(key: string): void {
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
      const key = mostUrgent(waiting, priorityOf, time.nowMs());
      metrics?.waited((time.nowMs() - (waiting.get(key)?.addedAtMs ?? time.nowMs())) / 1_000);
      waiting.delete(key);
      running.set(key, time.nowMs());
      takers.shift()?.(key);
    }
    if (!closed || waiting.size > 0) return;
    for (const leave of takers.splice(0)) leave(null);
    if (running.size === 0) for (const tell of idle.splice(0)) tell();
  }
  function done(key: string): void {
    const startedAtMs = running.get(key);
    if (startedAtMs === undefined) return;
    running.delete(key);
    metrics?.worked((time.nowMs() - startedAtMs) / 1_000);
    if (dirty.delete(key)) wait(key);
    else handOut();
  }
  async function shutDown(deadlineMs: number): Promise<boolean> {
    closed = true;
    delayed.clear();
    const over = new AbortController();
    const emptied = new Promise<boolean>((resolve) => idle.push(() => resolve(true)));
    handOut();
    const late = time.pause(Math.min(deadlineMs, maxTimerMs), over.signal).then(() => false);
    const finished = await Promise.race([emptied, late]);
    over.abort();
    waiting.clear();
    dirty.clear();
    handOut();
    return finished;
  }
  return {
    name,
    add: enqueue,
    addAfter: (key, delayMs) => {
      if (Number.isNaN(delayMs)) throw new RangeError(`the delay of ${key} is not a number`);
      if (closed) return;
      if (delayMs <= 0) enqueue(key);
      else delayed.add(key, delayMs);
    },
    addRateLimited: (key) => {
      if (closed) return;
      const failures = failed.get(key) ?? 0;
      failed.set(key, failures + 1);
      metrics?.retried();
      const backoffMs = Math.min(firstBackoffMs * 2 ** Math.min(failures, maxDoublings), limitMsOf(key));
      delayed.add(key, backoffMs * (1 - jitterShare * chance()));
    },
    forget: (key) => void failed.delete(key),
    failures: (key) => failed.get(key) ?? 0,
    take: () =>
      new Promise((resolve) => {
        takers.push(resolve);
        handOut();
      }),
    done,
    depth: () => waiting.size,
    runningMs: () => [...running.values()].map((startedAtMs) => time.nowMs() - startedAtMs),
    shutDown,
  };
}

/** The key of the highest priority, among equals the one that waits longest; first of all who was overtaken long. */
function mostUrgent(
  waiting: ReadonlyMap<string, Waiting>,
  priorityOf: (key: string) => number,
  nowMs: number,
): string {
  // A map keeps the order of insertion, so the first one waits longest.
  let best: { key: string; priority: number } | null = null;
  for (const [key, { addedAtMs }] of waiting) {
    if (best === null && nowMs - addedAtMs >= maxOvertakenMs) return key;
    const priority = priorityOf(key);
    if (best === null || priority > best.priority) best = { key, priority };
  }
  if (best === null) throw new Error('nobody waits');
  return best.key;
}

type Delays = { add: (key: string, delayMs: number) => void; clear: () => void };

/** Calls `due` for each key at its earliest time, with one timer for all of them. */
function createDelays(time: Time, due: (key: string) => void): Delays {
  const dueAtMs = new Map<string, number>();
  let alarm: { atMs: number; cancel: AbortController } | null = null;

  function arm(): void {
    const earliest = [...dueAtMs.values()].reduce((least, atMs) => Math.min(least, atMs), Infinity);
    if (alarm !== null && alarm.atMs <= earliest) return;
    alarm?.cancel.abort();
    alarm = null;
    if (earliest === Infinity) return;
    const mine = { atMs: earliest, cancel: new AbortController() };
    alarm = mine;
    const waitMs = Math.min(Math.max(0, Math.ceil(earliest - time.nowMs())), maxTimerMs);
    void time.pause(waitMs, mine.cancel.signal).then(() => {
      if (alarm === mine) ring();
    });
  }
  function ring(): void {
    alarm = null;
    const nowMs = time.nowMs();
    for (const [key, atMs] of dueAtMs) {
      if (atMs > nowMs) continue;
      dueAtMs.delete(key);
      due(key);
    }
    arm();
  }
  return {
    add: (key, delayMs) => {
      const atMs = time.nowMs() + Math.min(delayMs, maxTimerMs);
      if (atMs >= (dueAtMs.get(key) ?? Infinity)) return;
      dueAtMs.set(key, atMs);
      if (alarm === null || atMs < alarm.atMs) arm();
    },
    clear: () => {
      dueAtMs.clear();
      alarm?.cancel.abort();
      alarm = null;
    },
  };
}
