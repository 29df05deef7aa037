/** What a reader has taken and not handled: per key in order, with the time of the next attempt. Pure. */
import { isBefore, type Entry, type Place } from './stream.ts';

export type Backlog = {
  /** Entries in order of place; one that is known is replaced. */
  add: (entries: readonly Entry[], nowMs: number) => void;
  /** Up to `count` entries and about `bytes`, whose keys wait for no attempt, in order of place. */
  due: (nowMs: number, count: number, bytes: number) => Entry[];
  /** Ends the attempt of `batch`: `gone` are no longer waiting; each of `failed` holds back its key. */
  settle: (
    batch: readonly Entry[],
    gone: ReadonlySet<Place>,
    failed: ReadonlySet<Place>,
    nowMs: number,
  ) => void;
  /** When the next held key may be tried; null when none is held. */
  nextAttemptMs: () => number | null;
  clear: () => void;
  size: () => number;
};

/** How long a key waits after its message's nth failure: 1, 2, 4 ... 30 s. */
export function retryDelayMs(failures: number): number {
  return Math.min(retryCapMs, firstRetryMs * 2 ** Math.min(failures - 1, 10));
}
const firstRetryMs = 1_000;
const retryCapMs = 30_000;

type Waiting = { entries: Entry[]; notBeforeMs: number };

export function createBacklog(delayMs: (failures: number) => number = retryDelayMs): Backlog {
  const keys = new Map<string, Waiting>();
  let size = 0;

  /** An entry that was delivered before has failed before; its time began `idleMs` ago. */
  function put(entry: Entry, nowMs: number): void {
    const waiting = keys.get(entry.key) ?? { entries: [], notBeforeMs: 0 };
    keys.set(entry.key, waiting);
    const { entries } = waiting;
    const at = entries.findLastIndex((one) => !isBefore(entry.place, one.place));
    const isKnown = entries[at]?.place === entry.place;
    entries.splice(isKnown ? at : at + 1, isKnown ? 1 : 0, entry);
    if (!isKnown) size += 1;
    const first = entries[0] === entry && entry.delivery > 1;
    if (first) waiting.notBeforeMs = nowMs + delayMs(entry.delivery - 1) - entry.idleMs;
  }

  return {
    add: (entries, nowMs) => {
      for (const entry of entries) put(entry, nowMs);
    },
    due: (nowMs, count, bytes) => {
      const ready: Entry[] = [];
      for (const { entries, notBeforeMs } of keys.values())
        if (notBeforeMs <= nowMs) ready.push(...entries.slice(0, count));
      const inOrder = ready.toSorted((a, b) => (isBefore(a.place, b.place) ? -1 : 1)).slice(0, count);
      let room = bytes;
      // The first one goes whatever its size.
      const end = inOrder.findIndex((entry, at) => (room -= entry.bytes) < 0 && at > 0);
      return end === -1 ? inOrder : inOrder.slice(0, end);
    },
    settle: (batch, gone, failed, nowMs) => {
      for (const key of new Set(batch.map((entry) => entry.key))) {
        const waiting = keys.get(key);
        if (waiting === undefined) continue;
        const left = waiting.entries.filter((entry) => !gone.has(entry.place));
        size -= waiting.entries.length - left.length;
        if (left.length === 0) {
          keys.delete(key);
          continue;
        }
        // Bodies are read again for the next attempt: what is held back must not fill the memory.
        waiting.entries = left.map((entry) => ({
          ...entry,
          body: null,
          delivery: entry.delivery + (failed.has(entry.place) ? 1 : 0),
        }));
        const [first] = waiting.entries;
        if (first !== undefined && failed.has(first.place))
          waiting.notBeforeMs = nowMs + delayMs(first.delivery - 1);
      }
    },
    nextAttemptMs: () => {
      let next: number | null = null;
      for (const { notBeforeMs } of keys.values())
        if (next === null || notBeforeMs < next) next = notBeforeMs;
      return next;
    },
    clear: () => {
      keys.clear();
      size = 0;
    },
    size: () => size,
  };
}
