/** Stops asking what does not answer: after some failures in a row nobody waits for it, until one has tried again. */

export type BreakerOptions = {
  /** Failures in a row that open it. */
  failures: number;
  /** How long it then stays open before one call may try. */
  openMs: number;
  nowMs: () => number;
  /** Told when it opens and when it closes again. */
  changed?: (state: 'open' | 'closed', error: unknown) => void;
};

export type Breaker = {
  /**
   * Does `work` and answers what it answers; `instead` when it fails, with its error, or at once while the breaker is
   * open. `work` must have a deadline of its own.
   */
  run: <T>(work: () => Promise<T>, instead: (error: unknown) => T | Promise<T>) => Promise<T>;
  isOpen: () => boolean;
};

const openError = new Error('it did not answer before, and is not asked now');

export function createBreaker(options: BreakerOptions): Breaker {
  const { failures, openMs, nowMs, changed } = options;
  let failed = 0;
  let openUntilMs = 0;
  let isProbing = false;

  const isOpen = (): boolean => failed >= failures;

  function succeeded(): void {
    const wasOpen = isOpen();
    failed = 0;
    if (wasOpen) changed?.('closed', null);
  }

  function failedOnce(error: unknown): void {
    failed += 1;
    if (!isOpen()) return;
    openUntilMs = nowMs() + openMs;
    if (failed === failures) changed?.('open', error);
  }

  return {
    isOpen,
    run: async (work, instead) => {
      const probes = isOpen();
      if (probes && (isProbing || nowMs() < openUntilMs)) return instead(openError);
      if (probes) isProbing = true;
      try {
        const answer = await work();
        succeeded();
        return answer;
      } catch (error) {
        failedOnce(error);
        return await instead(error);
      } finally {
        if (probes) isProbing = false;
      }
    },
  };
}
