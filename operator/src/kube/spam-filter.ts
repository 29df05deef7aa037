/** Buckets of tokens that keep one chatty reason of one object from filling the event log. */
import type { Time } from './time.ts';

export type SpamFilter = {
  /**
   * Takes a token of `key`. 0: there was one. Otherwise null, or with `mayWait` the milliseconds until the one comes
   * that was taken now.
   */
  take: (key: string, mayWait: boolean) => number | null;
};

type Bucket = { tokens: number; atMs: number };

// As in client-go, but by object and reason: there one chatty reason hides all others.
const burst = 25;
const refillMs = 300_000;
const maxBuckets = 4_096;

export function createSpamFilter({ nowMs }: Pick<Time, 'nowMs'>): SpamFilter {
  const buckets = new Map<string, Bucket>();
  return {
    take: (key, mayWait) => {
      const now = nowMs();
      const known = buckets.get(key);
      const tokens =
        known === undefined ? burst : Math.min(burst, known.tokens + (now - known.atMs) / refillMs);
      const missing = 1 - tokens;
      const taken = missing <= 0 || mayWait;
      buckets.delete(key);
      buckets.set(key, { tokens: taken ? tokens - 1 : tokens, atMs: now });
      forgetOldest(buckets);
      if (missing <= 0) return 0;
      return mayWait ? missing * refillMs : null;
    },
  };
}

/** The first one of a map was used longest ago. */
function forgetOldest(buckets: Map<string, Bucket>): void {
  for (const key of buckets.keys()) {
    if (buckets.size <= maxBuckets) return;
    buckets.delete(key);
  }
}
