/** Gives money back: decide under the payment's lock, commit the refund, ask the provider, commit its word. */
import type { Sql } from '@evently/kit/postgres';
import type { ClientBase } from 'pg';
import { decideRefund, type PaymentRefusal, type Refund } from '../domain/payment.ts';
import { askProvider } from '../provider/ask.ts';
import { addRefunded, lockPayment } from '../store/payments.ts';
import { findRefund, insertRefund } from '../store/refunds.ts';
import { settleRefund } from './settle-refund.ts';
import type { PaymentActionDeps } from './deps.ts';

export type RefundInput = {
  refundId: string;
  paymentId: string;
  amountMinor: number;
  /** Null when the asker did not name one. */
  currency: string | null;
  reason: string;
};
export type RefundOutcome = { ok: true; refund: Refund } | { ok: false; refusal: PaymentRefusal };

/** The reconciler leaves a refund alone while its request may still be waiting for the provider. */
const marginMs = 1_000;

/**
 * Idempotent by refund id; a repeated request of a pending one asks the provider again under the same id.
 * Never above what was captured, also when many ask at once: the payment's row is locked.
 */
export async function refundPayment(deps: PaymentActionDeps, input: RefundInput): Promise<RefundOutcome> {
  const firstCheckAfterMs = deps.providerDeadlineMs + marginMs;
  const recorded = await deps.db.transaction((client) => recordRefund(client, input, firstCheckAfterMs));
  if (!recorded.ok || recorded.refund.status !== 'pending') return recorded;
  return { ok: true, refund: await sendRefund(deps, recorded.refund) };
}

/** The decision and the pending row, in the caller's transaction. Locks the payment. */
export async function recordRefund(
  client: ClientBase,
  input: RefundInput,
  firstCheckAfterMs: number,
): Promise<RefundOutcome> {
  const payment = await lockPayment(client, input.paymentId);
  if (payment === null) return { ok: false, refusal: { kind: 'payment-not-found' } };
  const decision = decideRefund(payment, await findRefund(client, input.refundId), input);
  if (!decision.ok) return decision;
  if (decision.kind === 'replay') return { ok: true, refund: decision.refund };
  const refund = await insertNewRefund(client, input, decision.currency, firstCheckAfterMs);
  if (refund === null) return { ok: false, refusal: { kind: 'request-differs', what: 'this refund_id' } };
  await addRefunded(client, payment.id, refund.amountMinor);
  return { ok: true, refund };
}

/** Null when another payment took the id between our look and the insert. */
function insertNewRefund(sql: Sql, input: RefundInput, currency: string, firstCheckAfterMs: number) {
  const { refundId: id, paymentId, amountMinor, reason } = input;
  return insertRefund(sql, { id, paymentId, amountMinor, currency, reason, firstCheckAfterMs });
}

/** Asks the provider, outside any transaction; without an answer the refund stays pending and is asked for. */
export async function sendRefund(
  deps: PaymentActionDeps,
  refund: Pick<Refund, 'id' | 'paymentId' | 'amountMinor'>,
): Promise<Refund> {
  const request = { key: refund.paymentId, refundId: refund.id, amountMinor: refund.amountMinor };
  const answer = await askProvider(deps, 'refund', async (signal) => {
    const known = await deps.provider.retrieveRefund(refund.id, signal);
    return known ?? (await deps.provider.refund(request, signal));
  });
  if (answer.kind === 'answered') {
    return deps.db.transaction((client) => settleRefund(deps, client, refund, answer.value));
  }
  deps.log.warn({ refund_id: refund.id, reason: answer.reason }, 'the outcome of a refund is not known yet');
  const present = await findRefund(deps.db, refund.id);
  if (present === null) throw new Error(`refund ${refund.id} is gone`);
  return present;
}
