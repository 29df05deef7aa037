/** The regular jobs: past events are completed, the catalog is compared with booking. */
import { startTicker, type Ticker } from '@evently/kit/clock';
import type { Logger } from '@evently/kit/log';
import { isDatabaseUnavailable } from '@evently/kit/postgres';
import { createTelling } from '@evently/kit/telling';
import { compareWithBooking, type CompareDeps } from '../actions/compare-with-booking.ts';
import { completeEvent } from '../actions/complete-event.ts';
import { listEnded } from '../store/upkeep.ts';

export type UpkeepDeps = CompareDeps & {
  log: Logger;
  changed: (eventIds: readonly string[]) => Promise<void>;
};

const msPerSecond = 1_000;
const endedPerRound = 200;

/** One round of both; safe in several processes at once, because each event's row is locked. */
export async function runUpkeep(deps: UpkeepDeps): Promise<{ completed: number; repaired: number }> {
  let completed = 0;
  for (const eventId of await listEnded(deps.db, endedPerRound)) {
    if (!(await completeEvent(deps, eventId))) continue;
    completed += 1;
    await deps.changed([eventId]);
    deps.log.info({ event_id: eventId }, 'an event is over');
  }
  const repaired = await compareWithBooking(deps);
  if (repaired > 0) deps.log.warn({ events: repaired }, 'booking is told again what the catalog says');
  return { completed, repaired };
}

export function startUpkeep(deps: UpkeepDeps, everySeconds: number): Ticker {
  const telling = createTelling(deps.log, {
    waits: 'upkeep waits for the database',
    goesOn: 'upkeep goes on',
  });
  return startTicker(everySeconds * msPerSecond, async () => {
    try {
      await runUpkeep(deps);
      telling.goesOn();
    } catch (error) {
      if (isDatabaseUnavailable(error)) telling.waits(String(error));
      else deps.log.error({ err: error }, 'upkeep failed; it runs again');
    }
  });
}
