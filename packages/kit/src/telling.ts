/** Tells a log that something waits, and that it goes on: once each, and at most one of each in ten seconds. */
import { monotonicMs } from './clock.ts';
import type { Logger } from './log.ts';

export type Telling = { waits: (reason: string) => void; goesOn: () => void };

const tellEveryMs = 10_000;

/** @param words the messages of the two lines */
export function createTelling(log: Logger, words: { waits: string; goesOn: string }): Telling {
  let told = false;
  let nextAtMs = 0;
  return {
    waits: (reason) => {
      if (told || monotonicMs() < nextAtMs) return;
      told = true;
      nextAtMs = monotonicMs() + tellEveryMs;
      log.warn({ reason }, words.waits);
    },
    goesOn: () => {
      if (told) log.info(words.goesOn);
      told = false;
    },
  };
}
