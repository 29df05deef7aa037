/** Lays the provider's word beside our row: lock it, merge, write the end with ledger and message. */
import { newId } from '@evently/kit/ids';
import { writeOutbox } from '@evently/kit/outbox';
import type { ClientBase } from 'pg';
import { mergeCharge, type ChargeMerge, type ProviderCharge } from '../domain/life.ts';
import type { Payment } from '../domain/payment.ts';
import { closeAttemptCases, closeCaptureCase, openCase } from '../store/cases.ts';
import { writeMovement } from '../store/ledger.ts';
import { lockPayment, writeSettlement, type AttemptOutcome, type Settlement } from '../store/payments.ts';
import { settledMessage } from './messages.ts';
import type { PaymentActionDeps } from './deps.ts';

type SettleDeps = Pick<PaymentActionDeps, 'clock' | 'log' | 'metrics'>;

/** `asker`: the request that captures, which hears the outcome itself; `nobody`: it has to be announced. */
export type Listener = 'asker' | 'nobody';

/**
 * Merges `charge` into the payment in the caller's transaction. Writes `payment.settled` when that ends the
 * attempt and nobody who waits hears of it: always, but for a `capturing` one settled for its `asker`.
 * Locks the payment. Monotone: any order and number of calls end in the same state.
 * @returns the payment as it is now
 */
export async function settleAttempt(
  deps: SettleDeps,
  client: ClientBase,
  paymentId: string,
  charge: ProviderCharge,
  listener: Listener = 'nobody',
): Promise<Payment> {
  const payment = await lockPayment(client, paymentId);
  if (payment === null) throw new Error(`payment ${paymentId} is gone`);
  const merge = mergeCharge(payment, charge);
  if (merge.kind === 'nothing') {
    if (holdsNothing(payment, charge) && (await closeCaptureCase(client, payment.id)))
      deps.log.info({ payment_id: payment.id, case: 'captured-after-end' }, 'a case has closed by itself');
    return payment;
  }
  if (merge.kind === 'case') {
    await openAttemptCase(deps, client, payment.id, merge.problem, describe(charge));
    return payment;
  }
  const settlement = settlementOf(merge);
  await writeSettlement(client, payment.id, settlement);
  if (settlement.status === 'succeeded' && payment.amountMinor !== null && payment.currency !== null) {
    const { id, amountMinor, currency } = payment;
    await writeMovement(client, { id, paymentId: id, amountMinor, currency });
  }
  await closeAttemptCases(client, payment.id);
  const ended: Payment = {
    ...payment,
    status: settlement.status,
    transactionId: settlement.status === 'succeeded' ? settlement.transactionId : null,
    declineCode: settlement.status === 'declined' ? settlement.code : null,
  };
  const isHeard = listener === 'asker' && payment.status === 'capturing';
  if (!isHeard) await writeOutbox(client, settledMessage(deps.clock, ended));
  deps.metrics.attemptSettled(settlement.status);
  deps.log.info({ payment_id: payment.id, from: payment.status, to: settlement.status }, 'payment settled');
  return ended;
}

/**
 * The fast end of a plain answer, in one statement with those of others and without a message, because the
 * asker gets the answer. Null when the row is not as its asker left it; then `settleAttempt` has to judge.
 */
export async function settleAtOnce(
  deps: Pick<PaymentActionDeps, 'books' | 'log' | 'metrics'>,
  payment: Payment,
  charge: ProviderCharge,
): Promise<Payment | null> {
  const outcome = plainOutcome(payment, mergeCharge(payment, charge));
  const settled = outcome === null ? null : await deps.books.settle(outcome);
  if (outcome === null || settled === null) return null;
  deps.metrics.attemptSettled(outcome.status);
  if (settled.status !== 'succeeded')
    deps.log.info({ payment_id: payment.id, from: payment.status, to: settled.status }, 'payment settled');
  return settled;
}

function plainOutcome(payment: Payment, merge: ChargeMerge): AttemptOutcome | null {
  const { id: paymentId, amountMinor, currency } = payment;
  if (payment.status !== 'capturing') return null;
  if (merge.kind === 'decline') return { paymentId, status: 'declined', code: merge.code };
  if (merge.kind !== 'succeed' || amountMinor === null || currency === null) return null;
  return { paymentId, status: 'succeeded', transactionId: merge.transactionId, amountMinor, currency };
}

/** Neither taken by us nor any more by the provider. */
function holdsNothing(payment: Payment, charge: ProviderCharge): boolean {
  const isEnded = payment.status === 'declined' || payment.status === 'void';
  return isEnded && (charge.status === 'declined' || charge.status === 'voided');
}

/** Opens a case for a person, once, and says so in the log. The caller holds the payment's lock. */
async function openAttemptCase(
  deps: SettleDeps,
  client: ClientBase,
  paymentId: string,
  kind: 'amount-mismatch' | 'captured-after-end',
  detail: string,
): Promise<void> {
  const id = newId(deps.clock.now().getTime());
  const isNew = await openCase(client, { id, paymentId, kind, subjectId: paymentId, detail });
  if (isNew) deps.log.error({ payment_id: paymentId, case: kind }, 'a payment needs a person');
}

function settlementOf(merge: Exclude<ChargeMerge, { kind: 'nothing' | 'case' }>): Settlement {
  switch (merge.kind) {
    case 'succeed':
      return { status: 'succeeded', transactionId: merge.transactionId };
    case 'decline':
      return { status: 'declined', code: merge.code };
    case 'void':
      return { status: 'void' };
  }
}

function describe(charge: ProviderCharge): string {
  return `the provider holds ${charge.amountMinor ?? '?'} ${charge.currency ?? '?'} as ${charge.transactionId ?? '?'}`;
}
