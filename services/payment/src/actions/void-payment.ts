/** Gives an attempt up for good: a tombstone, or a cancellation at the provider, or the news that money moved. */
import { newId } from '@evently/kit/ids';
import { writeOutbox } from '@evently/kit/outbox';
import type { Sql } from '@evently/kit/postgres';
import type { ClientBase } from 'pg';
import { isSettled } from '../domain/life.ts';
import type { Payment } from '../domain/payment.ts';
import { askProvider } from '../provider/ask.ts';
import { insertTombstone, requestVoid } from '../store/payments.ts';
import { settledMessage } from './messages.ts';
import { settleAttempt } from './settle-attempt.ts';
import type { PaymentActionDeps } from './deps.ts';

export type VoidInput = { bookingId: string; eventId: string; attempt: number };

/**
 * After the answer `void` no request for the pair ever takes money. `succeeded` says that it was taken
 * already, and `payment.settled` is sent again, so that booking reinstates or refunds. `unknown` says that
 * the provider was away: the cancellation is repeated until it has answered, and then announced.
 */
export async function voidPayment(deps: PaymentActionDeps, input: VoidInput): Promise<Payment> {
  const noted = await deps.db.transaction((client) => noteVoid(deps, client, input));
  if (isSettled(noted.status)) return noted;
  return (await cancelAtProvider(deps, noted.id)) ?? noted;
}

/**
 * Notes the wish in the caller's transaction: inserts the tombstone, or marks the open attempt so that the
 * reconciler cancels it. A settled attempt is announced again when `announceVoid` or money was taken.
 */
export async function noteVoid(
  deps: Pick<PaymentActionDeps, 'clock' | 'provider'>,
  client: ClientBase,
  input: VoidInput,
  options: { announceVoid: boolean } = { announceVoid: false },
): Promise<Payment> {
  const payment = await findOrBury(deps, client, input);
  const isNews = payment.status === 'succeeded' || options.announceVoid;
  if (isSettled(payment.status) && isNews) await writeOutbox(client, settledMessage(deps.clock, payment));
  return payment;
}

async function findOrBury(
  deps: Pick<PaymentActionDeps, 'clock' | 'provider'>,
  sql: Sql,
  input: VoidInput,
): Promise<Payment> {
  const id = newId(deps.clock.now().getTime());
  const buried = await insertTombstone(sql, { id, provider: deps.provider.name, ...input });
  const payment = buried ?? (await requestVoid(sql, input.bookingId, input.attempt));
  if (payment === null) throw new Error(`attempt ${input.attempt} of booking ${input.bookingId} is gone`);
  return payment;
}

/** Cancels an open attempt at the provider and merges what it says; null while the provider is away. */
export async function cancelAtProvider(deps: PaymentActionDeps, paymentId: string): Promise<Payment | null> {
  const answer = await askProvider(deps, 'void', (signal) => deps.provider.void(paymentId, signal));
  if (answer.kind === 'no-answer') return null;
  return deps.db.transaction((client) => settleAttempt(deps, client, paymentId, answer.value));
}
