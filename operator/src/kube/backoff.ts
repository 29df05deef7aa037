/** How long to wait before the next attempt: doubling pauses with jitter, a named maximum, and the other side's wish. */

export type BackoffOptions = {
  firstMs: number;
  maxMs: number;
  /** A number in [0, 1). */
  chance: () => number;
};

export type Backoff = {
  /** The pause before the next attempt: half to whole of first x 2^n, at least what the other side asked for. */
  nextMs: (askedMs?: number | null) => number;
  /** After success: the next pause is the first one again. */
  reset: () => void;
};

/** No wish of another side is followed for longer. */
export const maxAskedMs = 60_000;
const maxDoublings = 30;

export function createBackoff({ firstMs, maxMs, chance }: BackoffOptions): Backoff {
  let attempt = 0;
  return {
    nextMs: (askedMs) => {
      const wholeMs = Math.min(maxMs, firstMs * 2 ** Math.min(attempt, maxDoublings));
      attempt += 1;
      return Math.max(wholeMs * (0.5 + chance() / 2), Math.min(askedMs ?? 0, maxAskedMs));
    },
    reset: () => {
      attempt = 0;
    },
  };
}
