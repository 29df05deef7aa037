/** What a benchmark has started: ended in reverse, each once, also when somebody ends the benchmark before its time. */

export type Running<T> = { it: T; end: () => Promise<void> };
export type Started = {
  /** Begins something that `end` ends. Refuses once `endAll` was called. */
  start: <T>(begin: () => Promise<T>, end: (it: T) => Promise<void>) => Promise<Running<T>>;
  /** Ends the newest first; what is only beginning as soon as it has begun. Rejects with the first failure, after all. */
  endAll: () => Promise<void>;
  isEnding: () => boolean;
};

export function createStarted(): Started {
  const ends: (() => Promise<void>)[] = [];
  let isEnding = false;
  return {
    start: async (begin, end) => {
      if (isEnding) throw new Error('everything is being ended, and nothing is started any more');
      const beginning = begin();
      let ending: Promise<void> | null = null;
      // Where the beginning failed there is nothing to be ended.
      const endOnce = (): Promise<void> => (ending ??= beginning.then(end, () => {}));
      ends.push(endOnce);
      return { it: await beginning, end: endOnce };
    },
    endAll: async () => {
      isEnding = true;
      const failures: unknown[] = [];
      for (const end of ends.toReversed()) await end().catch((error: unknown) => failures.push(error));
      if (failures.length > 0) throw failures[0];
    },
    isEnding: () => isEnding,
  };
}
