/** Lays the provider's word on a refund beside ours: lock, merge, write the end with ledger and message. */
import { newId } from '@evently/kit/ids';
import { writeOutbox } from '@evently/kit/outbox';
import type { ClientBase } from 'pg';
import { mergeRefund, type ProviderRefund } from '../domain/life.ts';
import type { Payment, Refund } from '../domain/payment.ts';
import { closeRefundCases, openCase } from '../store/cases.ts';
import { writeMovement } from '../store/ledger.ts';
import { addRefunded, lockPayment } from '../store/payments.ts';
import { findRefund, settleRefundRow } from '../store/refunds.ts';
import { refundSettledMessage } from './messages.ts';
import type { PaymentActionDeps } from './deps.ts';

/**
 * Merges the provider's word in the caller's transaction, with `payment.refund_settled` when that ends the
 * refund. A failed one leaves the payment's refunded sum and opens a case for a person; one that succeeds closes those
 * whose money has gone back by it. Locks the payment.
 */
export async function settleRefund(
  deps: Pick<PaymentActionDeps, 'clock' | 'log' | 'metrics'>,
  client: ClientBase,
  named: { id: string; paymentId: string },
  word: ProviderRefund,
): Promise<Refund> {
  const payment = await lockPayment(client, named.paymentId);
  const refund = await findRefund(client, named.id);
  if (payment === null || refund === null) throw new Error(`refund ${named.id} is gone`);
  const merge = mergeRefund(refund, word);
  if (merge.kind === 'nothing') return refund;
  const status = merge.kind === 'succeed' ? 'succeeded' : 'failed';
  const failureCode = merge.kind === 'fail' ? merge.code : null;
  const { providerRefundId } = word;
  const isEnded = await settleRefundRow(client, { id: refund.id, status, providerRefundId, failureCode });
  if (!isEnded) throw new Error(`refund ${refund.id} was settled without the payment's lock`);
  if (failureCode === null) {
    const { id, paymentId, amountMinor, currency } = refund;
    await writeMovement(client, { id, paymentId, amountMinor: -amountMinor, currency });
    const closed = await closeRefundCases(client, paymentId);
    if (closed > 0)
      deps.log.info(
        { payment_id: paymentId, case: 'refund-failed', closed },
        'cases have closed by themselves',
      );
  } else {
    await takeBack(deps, client, payment, refund, failureCode);
  }
  await writeOutbox(client, refundSettledMessage(deps.clock, payment, refund, status));
  deps.metrics.refundSettled(status);
  deps.log.info({ refund_id: refund.id, payment_id: payment.id, to: status }, 'refund settled');
  return { ...refund, status };
}

async function takeBack(
  deps: Pick<PaymentActionDeps, 'clock' | 'log'>,
  client: ClientBase,
  payment: Payment,
  refund: Refund,
  failureCode: string,
): Promise<void> {
  await addRefunded(client, payment.id, -refund.amountMinor);
  await openCase(client, {
    id: newId(deps.clock.now().getTime()),
    paymentId: payment.id,
    kind: 'refund-failed',
    subjectId: refund.id,
    detail: `the provider refused to give back ${refund.amountMinor} ${refund.currency} (minor units): ${failureCode}`,
  });
  deps.log.error(
    { payment_id: payment.id, refund_id: refund.id, case: 'refund-failed' },
    'a refund needs a person',
  );
}
