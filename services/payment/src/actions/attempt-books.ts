/** Writes attempts and what came of them, coalesced: all that wait share one statement and one commit. */
import { createBatcher, endlessQueue, type Batcher } from '@evently/kit/batcher';
import type { Database } from '@evently/kit/postgres';
import type { Payment } from '../domain/payment.ts';
import type { BatchKind, PaymentMetrics } from '../metrics.ts';
import { insertPayments, settleCapturing, type AttemptOutcome, type NewPayment } from '../store/payments.ts';

export type AttemptBooks = {
  /**
   * Commits the row of a new attempt, before the provider may hear of it; null when its pair of booking and
   * attempt has one already, also when that one is in the same batch.
   */
  record: (payment: NewPayment) => Promise<Payment | null>;
  /**
   * Commits the provider's word on an attempt that its asker waits for, the ledger with it. Null when the row
   * is not as that asker left it, or busy: then it has to be judged under its lock (`settleAttempt`).
   */
  settle: (outcome: AttemptOutcome) => Promise<Payment | null>;
  drained: () => Promise<void>;
};

// What waits is bounded by the turnstile that lets requests in.
const maxBatch = 256;
// Rows of different attempts have nothing in common, so one line serves all events.
const lane = 'attempts';

/** Each item has its own result; a statement that one item breaks is run again item by item. */
export function createAttemptBooks(deps: { db: Database; metrics: PaymentMetrics }): AttemptBooks {
  const { db, metrics } = deps;
  function line<Item>(
    kind: BatchKind,
    run: (items: readonly Item[]) => Promise<(Payment | null)[]>,
  ): Batcher<Item, Payment | null> {
    return createBatcher({
      name: `attempt-${kind}`,
      run: (_lane, items) => run(items),
      maxBatch,
      ...endlessQueue,
      observe: (batch) => metrics.batch(kind, batch),
    });
  }
  const records = line<NewPayment>('record', (payments) => insertPayments(db, payments));
  const outcomes = line<AttemptOutcome>('settle', (told) => settleCapturing(db, told));
  return {
    record: (payment) => writtenBy(records, payment),
    settle: (outcome) => writtenBy(outcomes, outcome),
    drained: async () => {
      await records.drained();
      await outcomes.drained();
    },
  };
}

async function writtenBy<Item>(batcher: Batcher<Item, Payment | null>, item: Item): Promise<Payment | null> {
  const submitted = await batcher.submit(lane, item);
  if (submitted.kind !== 'done') throw new Error(`an attempt was not written: ${submitted.kind}`);
  return submitted.result;
}
