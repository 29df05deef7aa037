/** What a benchmark has started: ended in reverse, each once, also when somebody ends the benchmark before its time. */

export type Running<T> = { it: T; end: () => Promise<void> };
export type Started = {
  /** Begins something that `end` ends. Refuses once `endAll` was called. */
  start: <T>(begin: () => Promise<T>, end: (it: T) => Promise<void>) => Promise<Running<T>>;
  /** Ends the newest first, once; what is only beginning as soon as it has begun. Rejects with what failed, after all. */
  endAll: () => Promise<void>;
};

export function createStarted(): Started {
  const ends = new AsyncDisposableStack();
  let endingAll: Promise<void> | null = null;
  return {
    start: async (begin, end) => {
      if (endingAll !== null) throw new Error('everything is being ended, and nothing is started any more');
      const beginning = begin();
      let ending: Promise<void> | null = null;
      // Where the beginning failed there is nothing to be ended.
      const endOnce = (): Promise<void> => (ending ??= beginning.then(end, () => {}));
      ends.defer(endOnce);
      return { it: await beginning, end: endOnce };
    },
    endAll: () => (endingAll ??= ends.disposeAsync()),
  };
}
