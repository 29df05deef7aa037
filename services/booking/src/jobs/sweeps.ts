/** What happens by the clock: lapsed holds, open payments, waiting buyers, cancelled events. */
import { startTicker, type Ticker } from '@evently/kit/clock';
import type { Logger } from '@evently/kit/log';
import { isDatabaseUnavailable } from '@evently/kit/postgres';
import { createTelling } from '@evently/kit/telling';
import { resolvePayment, type ConfirmDeps } from '../actions/confirm-booking.ts';
import { expireLapsedHolds, matchWaitlists, windDownEvents, type EndDeps } from '../actions/end-bookings.ts';
import { claimUnsettled } from '../store/paying.ts';

export type SweepDeps = EndDeps &
  ConfirmDeps & { log: Logger; sweepMs: number; giveUpSeconds: number; checkSeconds: number };

const maxUnsettled = 50;

/** Starts every sweep; one that fails is logged and comes again. `stop` waits for those that run. */
export function startSweeps(deps: SweepDeps): { stop: () => Promise<void> } {
  const sweeps: Ticker[] = [
    sweep(deps, 'lapsed holds', async () => void (await expireLapsedHolds(deps))),
    sweep(deps, 'waiting buyers', () => matchWaitlists(deps)),
    sweep(deps, 'cancelled events', () => windDownEvents(deps)),
    sweep(deps, 'open payments', () => resolveOpenPayments(deps)),
  ];
  return { stop: async () => void (await Promise.all(sweeps.map((ticker) => ticker.stop()))) };
}

function sweep(deps: SweepDeps, what: string, work: () => Promise<void>): Ticker {
  const telling = createTelling(deps.log.child({ sweep: what }), {
    waits: 'a sweep waits for the database',
    goesOn: 'a sweep goes on',
  });
  return startTicker(deps.sweepMs, async () => {
    try {
      await work();
      telling.goesOn();
    } catch (error) {
      if (isDatabaseUnavailable(error)) telling.waits(String(error));
      else deps.log.error({ sweep: what, err: error }, 'a sweep failed; it comes again');
    }
  });
}

/** Asks about each payment that is open for too long; one that fails does not keep the others waiting. */
export async function resolveOpenPayments(deps: SweepDeps): Promise<void> {
  const open = await claimUnsettled(deps.db, maxUnsettled, deps.checkSeconds);
  const asked = await Promise.allSettled(open.map((booking) => resolvePayment(deps, booking)));
  const failures = asked.flatMap((each): unknown[] => (each.status === 'rejected' ? [each.reason] : []));
  if (failures.length > 0)
    throw new AggregateError(failures, `${failures.length} payments could not be settled`);
}
