/** The port of answers that many ask for at once: computed once, kept for a moment, bounded; and its in-process adapter. */
import { replicaLagMs } from './replica.ts';

/** What is kept of one kind of answer, and how it is made. */
export type CacheSpace<I, T> = {
  /** Tells kinds of answers apart where processes share them. */
  name: string;
  keyOf: (input: I) => string;
  /** The one thing whose change makes the answer old. */
  scopeOf: (input: I) => string;
  /**
   * `changedLately` says that the scope was changed a moment ago, maybe by another process: a copy of the
   * database that follows with a delay may not know it yet.
   */
  load: (input: I, changedLately: boolean) => Promise<T>;
  /** How long this process keeps an answer, counted from the beginning of its making. */
  keepMs: number;
  /** Answers that this process keeps at most; the oldest one goes. */
  max: number;
  /**
   * How an answer travels between processes. `write` answers null for what stays in this one; `read` throws when the
   * text is not such an answer.
   */
  text: { write: (answer: T) => string | null; read: (text: string) => T };
};

export type Cached<I, T> = {
  /**
   * The kept answer, the running making's, or a new one: one making for each key in this process. A failure is
   * given to all who wait for it, and not kept. What was changed here before is never answered from before.
   */
  read: (input: I) => Promise<T>;
  /** After a change: answers of these scopes are old. Resolves when other processes have been told, or cannot be. */
  changed: (scopes: readonly string[]) => Promise<void>;
};

/** Adapters: this process alone (below), and all pods of a service together (`@evently/redis/cache`). */
export type CacheFactory = <I, T>(space: CacheSpace<I, T>) => Cached<I, T>;

type Entry<T> = { scope: string; answer: Promise<T>; until: number };

/** For so long after a change a replica may not know it: longer than it may lag when it is read. */
export const changedLatelyMs = replicaLagMs + 1_000;

export function createMemoryCaches(nowMs: () => number): CacheFactory {
  return <I, T>(space: CacheSpace<I, T>): Cached<I, T> => {
    const kept = createKept<I, T>(space, nowMs);
    const late = createRecent(changedLatelyMs, nowMs);
    return {
      read: (input) => kept.read(input, () => space.load(input, late.has(space.scopeOf(input)))),
      changed: async (scopes) => {
        kept.forget(scopes);
        for (const scope of scopes) late.add(scope);
      },
    };
  };
}

/** Names that were added less than `forMs` ago; bounded, the oldest one goes. */
export type Recent = { has: (name: string) => boolean; add: (name: string) => { takeBack: () => void } };

const maxRecent = 10_000;

export function createRecent(forMs: number, nowMs: () => number): Recent {
  const names = new Map<string, { until: number }>();
  return {
    has: (name) => {
      const entry = names.get(name);
      if (entry === undefined || nowMs() < entry.until) return entry !== undefined;
      names.delete(name);
      return false;
    },
    add: (name) => {
      const entry = { until: nowMs() + forMs };
      names.delete(name);
      names.set(name, entry);
      dropOldest(names, maxRecent);
      // Only its own: somebody may have added the name again meanwhile.
      return { takeBack: () => void (names.get(name) === entry ? names.delete(name) : false) };
    },
  };
}

function dropOldest(entries: Map<string, unknown>, max: number): void {
  const oldest = entries.size > max ? entries.keys().next() : undefined;
  if (oldest !== undefined && oldest.done !== true) entries.delete(oldest.value);
}

/** The part of a cache that is in this process; every adapter has it in front. */
export type Kept<I, T> = {
  read: (input: I, make: () => Promise<T>) => Promise<T>;
  /** Makes it anew before it is old; whoever asks meanwhile is given what is kept. Null and a failure change nothing. */
  renew: (input: I, make: () => Promise<T | null>) => Promise<T | null>;
  forget: (scopes: readonly string[]) => void;
};

export function createKept<I, T>(
  space: Pick<CacheSpace<I, T>, 'keyOf' | 'scopeOf' | 'keepMs' | 'max'>,
  nowMs: () => number,
): Kept<I, T> {
  const entries = new Map<string, Entry<T>>();

  function begin(key: string, scope: string, make: () => Promise<T>): Promise<T> {
    const answer = make();
    const entry: Entry<T> = { scope, answer, until: nowMs() + space.keepMs };
    entries.delete(key);
    entries.set(key, entry);
    answer.catch(() => {
      if (entries.get(key) === entry) entries.delete(key);
    });
    dropOldest(entries, space.max);
    return answer;
  }

  return {
    read: (input, make) => {
      const key = space.keyOf(input);
      const known = entries.get(key);
      if (known !== undefined && nowMs() < known.until) return known.answer;
      return begin(key, space.scopeOf(input), make);
    },
    renew: async (input, make) => {
      const key = space.keyOf(input);
      const until = nowMs() + space.keepMs;
      const answer = await make();
      // Somebody who asked may have begun a newer one.
      if (answer === null || (entries.get(key)?.until ?? -Infinity) >= until) return answer;
      entries.delete(key);
      entries.set(key, { scope: space.scopeOf(input), answer: Promise.resolve(answer), until });
      dropOldest(entries, space.max);
      return answer;
    },
    forget: (scopes) => {
      const old = new Set(scopes);
      for (const [key, entry] of entries) if (old.has(entry.scope)) entries.delete(key);
    },
  };
}
