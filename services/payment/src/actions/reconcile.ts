/** Asks the provider about everything that has no outcome yet, until it has one. */
import { newId } from '@evently/kit/ids';
import { pauseBeforeCheckSeconds } from '../domain/payment.ts';
import { askProvider } from '../provider/ask.ts';
import { openUnknownCase } from '../store/cases.ts';
import { claimDueAttempts, claimDueRefunds, countUnsettled, type DueAttempt } from '../store/due.ts';
import { settleAttempt } from './settle-attempt.ts';
import { cancelAtProvider } from './void-payment.ts';
import { sendRefund } from './refund-payment.ts';
import type { PaymentActionDeps } from './deps.ts';

export type ReconcileDeps = PaymentActionDeps & {
  /** Age in milliseconds at which an attempt that the provider does not know is given up. */
  notFoundGraceMs: number;
  /** Asked between batches, so that shutting down does not wait for a long queue. */
  isStopping: () => boolean;
};

// Small, because each of a batch may hold a connection at the end of its question.
const batchSize = 8;
const maxRounds = 100;
const pausesSeconds = [0, 1, 2, 3, 4, 5, 6].map(pauseBeforeCheckSeconds);
/** An outcome that is unknown for this long is shown to a person; it goes on being asked for. */
const personAfterMs = 15 * 60_000;

/**
 * One round: every due attempt and refund, in batches. One that fails waits for its next turn and holds no
 * other back. Safe in any number of processes at once.
 * @returns how many were asked about
 */
export async function reconcile(deps: ReconcileDeps): Promise<number> {
  const attempts = await inBatches(
    () => claimDueAttempts(deps.db, batchSize, pausesSeconds),
    (attempt) => resolveAttempt(deps, attempt),
    deps,
  );
  const refunds = await inBatches(
    () => claimDueRefunds(deps.db, batchSize, pausesSeconds),
    (refund) => sendRefund(deps, refund),
    deps,
  );
  const open = await countUnsettled(deps.db);
  deps.metrics.unsettled(open.attempts, open.refunds, open.openCases);
  return attempts + refunds;
}

async function inBatches<T extends { id: string }>(
  claim: () => Promise<T[]>,
  resolve: (item: T) => Promise<unknown>,
  deps: ReconcileDeps,
): Promise<number> {
  let asked = 0;
  for (let round = 0; round < maxRounds; round += 1) {
    const items = await claim();
    await Promise.all(
      items.map((item) =>
        resolve(item).catch((error: unknown) =>
          deps.log.warn(
            { id: item.id, err: String(error) },
            'a payment could not be reconciled; it is tried again',
          ),
        ),
      ),
    );
    asked += items.length;
    if (items.length < batchSize || deps.isStopping()) break;
  }
  return asked;
}

/**
 * Found: merged. Given up by booking, or still not found after the grace: cancelled at the provider, so that
 * a request on its way takes no money either, and void. The token is not kept, so nothing is captured again
 * from here; the asker may repeat its request meanwhile.
 */
async function resolveAttempt(deps: ReconcileDeps, attempt: DueAttempt): Promise<void> {
  if (attempt.ageMs > personAfterMs) {
    await tellPerson(deps, attempt.id);
  }
  if (attempt.voidRequested) {
    await cancelAtProvider(deps, attempt.id);
    return;
  }
  const answer = await askProvider(deps, 'retrieve', (signal) => deps.provider.retrieve(attempt.id, signal));
  if (answer.kind === 'no-answer') return;
  const charge = answer.value;
  if (charge !== null) await deps.db.transaction((client) => settleAttempt(deps, client, attempt.id, charge));
  else if (attempt.ageMs >= deps.notFoundGraceMs) await cancelAtProvider(deps, attempt.id);
}

async function tellPerson(deps: ReconcileDeps, paymentId: string): Promise<void> {
  const id = newId(deps.clock.now().getTime());
  const detail = 'the provider has not told the outcome';
  if (await openUnknownCase(deps.db, { id, paymentId, detail }))
    deps.log.error({ payment_id: paymentId, case: 'outcome-unknown' }, 'a payment needs a person');
}
