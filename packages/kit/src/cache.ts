/** The port of answers that many ask for at once: computed once, kept for a moment, bounded; and its in-process adapter. */

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
  /** How an answer travels between processes. `read` throws when the text is not such an answer. */
  text: { write: (answer: T) => string; read: (text: string) => T };
};

export type Cached<I, T> = {
  /**
   * The kept answer, the running making's, or a new one: one making for each key in this process. A failure is
   * given to all who wait for it, and not kept. What was changed here before is never answered from before.
   */
  read: (input: I) => Promise<T>;
  /** After a change: answers of this scope are old. Resolves when other processes have been told, or cannot be. */
  changed: (scope: string) => Promise<void>;
};

/** Adapters: this process alone (below), and all pods of a service together (`@evently/redis/cache`). */
export type CacheFactory = <I, T>(space: CacheSpace<I, T>) => Cached<I, T>;

type Entry<T> = { scope: string; answer: Promise<T>; until: number };

export function createMemoryCaches(nowMs: () => number): CacheFactory {
  return (space) => {
    const kept = createKept(space, nowMs);
    return {
      read: (input) => kept.read(input, () => space.load(input, false)),
      changed: async (scope) => kept.forget(scope),
    };
  };
}

/** The part of a cache that is in this process; every adapter has it in front. */
export type Kept<I, T> = {
  read: (input: I, make: () => Promise<T>) => Promise<T>;
  forget: (scope: string) => void;
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
    const oldest = entries.size > space.max ? entries.keys().next() : undefined;
    if (oldest !== undefined && oldest.done !== true) entries.delete(oldest.value);
    return answer;
  }

  return {
    read: (input, make) => {
      const key = space.keyOf(input);
      const known = entries.get(key);
      if (known !== undefined && nowMs() < known.until) return known.answer;
      return begin(key, space.scopeOf(input), make);
    },
    forget: (scope) => {
      for (const [key, entry] of entries) if (entry.scope === scope) entries.delete(key);
    },
  };
}
