/** Counts what a design that answers first and writes later has at risk, and waits until all of it is stored. */
import { monotonicMs, pause, startTicker } from '@evently/kit/clock';
import { countBooked } from './measure/database.ts';
import type { Place } from './place.ts';
import type { WrittenLater } from './result.ts';

export type StoreWatch = {
  /** To be called at the last answer. Null for a place that answers after it has stored. */
  finish: () => Promise<WrittenLater | null>;
};

const lookEveryMs = 500;
const pollMs = 50;
const patienceMs = 60_000;

/**
 * Looks twice a second how many acknowledged bookings PostgreSQL does not have. `acknowledged` is read before
 * the table, so that the count errs in the design's favour.
 */
export function watchStored(place: Place, eventId: string, acknowledged: () => number): StoreWatch {
  const { db, answersFirst: settings } = place;
  if (settings === undefined || db === null) return { finish: () => Promise.resolve(null) };
  let mostNotStored = 0;
  const look = async (): Promise<number> => {
    const told = acknowledged();
    const notStored = told - (await countBooked(db, eventId));
    mostNotStored = Math.max(mostNotStored, notStored);
    return notStored;
  };
  const ticker = startTicker(lookEveryMs, async () => {
    await look();
  });
  return {
    finish: async () => {
      const startedMs = monotonicMs();
      let notStored = await look();
      const atLastAnswer = Math.max(0, notStored);
      await ticker.stop();
      while (notStored > 0 && monotonicMs() - startedMs < patienceMs) {
        await pause(pollMs);
        notStored = await look();
      }
      const storedAfterMs = notStored > 0 ? null : monotonicMs() - startedMs;
      return { mostNotStored, notStored: atLastAnswer, storedAfterMs, settings };
    },
  };
}
