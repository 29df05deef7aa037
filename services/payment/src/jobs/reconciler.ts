/** The timer that asks the provider about everything without an outcome, and prunes what nobody repeats. */
import { monotonicMs, startTicker, type Ticker } from '@evently/kit/clock';
import { isDatabaseUnavailable } from '@evently/kit/postgres';
import { createTelling } from '@evently/kit/telling';
import { reconcile, type ReconcileDeps } from '../actions/reconcile.ts';
import { pruneEvents } from '../store/provider-events.ts';

export type ReconcilerDeps = Omit<ReconcileDeps, 'isStopping'> & { everyMs: number };

const pruneEveryMs = 3_600_000;

/** Runs until `stop`, which waits for the batch under way; `wake` begins the next round at once. */
export function startReconciler(deps: ReconcilerDeps): Ticker {
  let stopping = false;
  let nextPruneAtMs = monotonicMs();
  const telling = createTelling(deps.log, {
    waits: 'the reconciler waits for the database',
    goesOn: 'the reconciler goes on',
  });
  const ticker = startTicker(deps.everyMs, async () => {
    try {
      await reconcile({ ...deps, isStopping: () => stopping });
      if (monotonicMs() >= nextPruneAtMs) {
        nextPruneAtMs = monotonicMs() + pruneEveryMs;
        await pruneEvents(deps.db);
      }
      telling.goesOn();
    } catch (error) {
      if (isDatabaseUnavailable(error)) telling.waits(String(error));
      else deps.log.error({ err: error }, 'a round of the reconciler failed; the next one tries again');
    }
  });
  return {
    wake: ticker.wake,
    stop: () => {
      stopping = true;
      return ticker.stop();
    },
  };
}
