/** Coalesces what arrives for one key: one batch in flight, and whatever comes meanwhile is the next one. */
import { monotonicMs } from './clock.ts';
import { DatabaseUnavailable, isDatabaseUnavailable } from './postgres.ts';
import { inBatchSpan, type Served } from './tracing-batches.ts';
import { activeSpan } from './tracing.ts';

/** How much one batch holds, and how long a line may be. */
export type BatchLimits = {
  maxBatch: number;
  /** A queue holds at most this many seconds of work at the measured rate, but never less than `minQueue`. */
  maxQueueSeconds: number;
  minQueue: number;
  maxQueue: number;
};

export type BatcherOptions<Item, Result> = BatchLimits & {
  /** Names its batches in traces. */
  name: string;
  /** Handles one batch; answers one result per item, in order. */
  run: (key: string, items: readonly Item[]) => Promise<Result[]>;
  /** True when nobody waits for the item any more; it is dropped before its batch. Without it, none is. */
  isAbandoned?: (item: Item) => boolean;
  observe?: (batch: ObservedBatch) => void;
};

/** One batch, told once it is over. */
export type ObservedBatch = {
  key: string;
  size: number;
  seconds: number;
  /** How long its first item waited in line: the longest wait of the batch. */
  waitedSeconds: number;
  failed: boolean;
  /** It failed as a whole and was run again item by item. */
  split: boolean;
};

export type Submitted<Result> =
  | { kind: 'done'; result: Result }
  | { kind: 'queue-full'; retryAfterSeconds: number }
  | { kind: 'abandoned' };

export type Batcher<Item, Result> = {
  submit: (key: string, item: Item) => Promise<Submitted<Result>>;
  waiting: () => number;
  /** Resolves when everything that waits has been answered. */
  drained: () => Promise<void>;
};

type Waiting<Item, Result> = Served & {
  item: Item;
  sinceMs: number;
  resolve: (submitted: Submitted<Result>) => void;
  reject: (error: unknown) => void;
};
type Lane<Item, Result> = { queue: Waiting<Item, Result>[]; ratePerSecond: number };

/** The limits of a line that never refuses, for what is bounded elsewhere or must not be put off. */
export const endlessQueue = {
  maxQueueSeconds: Number.POSITIVE_INFINITY,
  minQueue: 1_000_000,
  maxQueue: 1_000_000,
};

const assumedRatePerSecond = 20_000;
const rateMemory = 0.8;
const maxRetryAfterSeconds = 5;

/**
 * Leading edge, no timer: an item that finds its lane idle starts at once. Order is kept within a lane. A
 * failing batch of more than one item is run again item by item, so that one bad item fails alone (I7). When
 * no connection was to be had, whoever waited as long as that batch is refused with it: batch by batch, the
 * last of a long line would hear of it minutes later.
 */
export function createBatcher<Item, Result>(options: BatcherOptions<Item, Result>): Batcher<Item, Result> {
  const lanes = new Map<string, Lane<Item, Result>>();
  const running = new Set<Promise<void>>();
  let waiting = 0;

  function submit(key: string, item: Item): Promise<Submitted<Result>> {
    const lane = lanes.get(key);
    if (lane !== undefined && lane.queue.length >= queueLimit(options, lane.ratePerSecond)) {
      const seconds = Math.min(maxRetryAfterSeconds, Math.ceil(lane.queue.length / lane.ratePerSecond));
      return Promise.resolve({ kind: 'queue-full', retryAfterSeconds: Math.max(1, seconds) });
    }
    return new Promise((resolve, reject) => {
      waiting += 1;
      const entry = { item, sinceMs: monotonicMs(), resolve, reject, origin: activeSpan() };
      if (lane !== undefined) {
        lane.queue.push(entry);
        return;
      }
      const started: Lane<Item, Result> = {
        queue: [entry],
        ratePerSecond: assumedRatePerSecond,
      };
      lanes.set(key, started);
      const loop = drain(key, started).finally(() => running.delete(loop));
      running.add(loop);
    });
  }

  async function drain(key: string, lane: Lane<Item, Result>): Promise<void> {
    // One turn of the event loop, so that requests of the same read are in the first batch together.
    await Promise.resolve();
    while (lane.queue.length > 0) {
      const batch = takeBatch(lane);
      const [first] = batch;
      if (first === undefined) continue;
      const startedMs = monotonicMs();
      const waitedAsLong = lane.queue.length;
      const failure = await runBatch(options, key, batch);
      const failed = failure !== null;
      const seconds = (monotonicMs() - startedMs) / 1000;
      if (!failed && seconds > 0) {
        lane.ratePerSecond = rateMemory * lane.ratePerSecond + (1 - rateMemory) * (batch.length / seconds);
      }
      const waitedSeconds = (startedMs - first.sinceMs) / 1000;
      const split = failed && isSplit(batch, failure.error);
      options.observe?.({ key, size: batch.length, seconds, waitedSeconds, failed, split });
      if (failure?.error instanceof DatabaseUnavailable) {
        waiting -= waitedAsLong;
        for (const entry of lane.queue.splice(0, waitedAsLong)) entry.reject(failure.error);
      }
    }
    lanes.delete(key);
  }

  function takeBatch(lane: Lane<Item, Result>): Waiting<Item, Result>[] {
    const taken = lane.queue.splice(0, options.maxBatch);
    waiting -= taken.length;
    return taken.filter((entry) => {
      if (options.isAbandoned?.(entry.item) !== true) return true;
      entry.resolve({ kind: 'abandoned' });
      return false;
    });
  }

  return {
    submit,
    waiting: () => waiting,
    drained: async () => {
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}

function queueLimit(limits: BatchLimits, ratePerSecond: number): number {
  const byTime = ratePerSecond * limits.maxQueueSeconds;
  return Math.min(limits.maxQueue, Math.max(limits.minQueue, byTime));
}

/** Answers everyone in the batch; what it failed of as a whole, or null. */
async function runBatch<Item, Result>(
  options: Pick<BatcherOptions<Item, Result>, 'name' | 'run'>,
  key: string,
  batch: readonly Waiting<Item, Result>[],
): Promise<{ error: unknown } | null> {
  try {
    const items = batch.map((entry) => entry.item);
    const results = await inBatchSpan(options.name, key, batch, () => options.run(key, items));
    if (results.length !== batch.length)
      throw new Error(`a batch of ${batch.length} got ${results.length} results`);
    for (const [at, result] of results.entries()) batch[at]?.resolve({ kind: 'done', result });
    return null;
  } catch (error) {
    if (isSplit(batch, error)) {
      for (const entry of batch) await runBatch(options, key, [entry]);
    } else {
      for (const entry of batch) entry.reject(error);
    }
    return { error };
  }
}

/** Only what a single item can have caused is worth trying item by item; an absent database is not. */
function isSplit(batch: readonly unknown[], error: unknown): boolean {
  return batch.length > 1 && !isDatabaseUnavailable(error);
}
