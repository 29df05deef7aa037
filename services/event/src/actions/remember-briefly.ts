/** Answers that many ask for at once: computed once, kept for a moment, bounded. */

export type Remembered<I, T> = {
  /** The kept answer, the running computation's, or a new one. A failure is given to all who wait, and not kept. */
  read: (input: I) => Promise<T>;
  forget: (input: I) => void;
  forgetAll: () => void;
};

type Entry<T> = { answer: Promise<T>; until: number };

/**
 * @param keepMs counted from the beginning of the computation, so that an answer is never older
 * @param max entries; the oldest one goes
 */
export function rememberBriefly<I, T>(
  options: { keepMs: number; max: number; nowMs: () => number; keyOf: (input: I) => string },
  compute: (input: I) => Promise<T>,
): Remembered<I, T> {
  const { keepMs, max, nowMs, keyOf } = options;
  const entries = new Map<string, Entry<T>>();
  function begin(key: string, input: I): Promise<T> {
    const answer = compute(input);
    const entry = { answer, until: nowMs() + keepMs };
    entries.delete(key);
    entries.set(key, entry);
    answer.catch(() => {
      if (entries.get(key) === entry) entries.delete(key);
    });
    const oldest = entries.size > max ? entries.keys().next() : undefined;
    if (oldest !== undefined && oldest.done !== true) entries.delete(oldest.value);
    return answer;
  }
  return {
    read: (input) => {
      const key = keyOf(input);
      const kept = entries.get(key);
      return kept !== undefined && nowMs() < kept.until ? kept.answer : begin(key, input);
    },
    forget: (input) => void entries.delete(keyOf(input)),
    forgetAll: () => entries.clear(),
  };
}
