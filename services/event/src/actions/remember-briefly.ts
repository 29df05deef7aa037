/** Answers that many ask for at once: computed once, kept for a moment, bounded. */

export type Remembered<T> = {
  /** The kept answer, the running computation's, or a new one. A failure is given to all who wait, and not kept. */
  read: (key: string) => Promise<T>;
  forget: (key: string) => void;
};

type Entry<T> = { answer: Promise<T>; until: number };

/**
 * @param keepMs counted from the beginning of the computation, so that an answer is never older
 * @param max entries; the oldest one goes
 */
export function rememberBriefly<T>(
  options: { keepMs: number; max: number; nowMs: () => number },
  compute: (key: string) => Promise<T>,
): Remembered<T> {
  const { keepMs, max, nowMs } = options;
  const entries = new Map<string, Entry<T>>();
  function begin(key: string): Promise<T> {
    const answer = compute(key);
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
    read: (key) => {
      const kept = entries.get(key);
      return kept !== undefined && nowMs() < kept.until ? kept.answer : begin(key);
    },
    forget: (key) => void entries.delete(key),
  };
}
