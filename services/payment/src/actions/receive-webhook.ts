/** Receives an event of the provider: believe its signature, not its claims; ask what is so and merge that. */
import type { ClientBase } from 'pg';
import type { ProviderCharge, ProviderRefund } from '../domain/life.ts';
import { isSignatureValid } from '../domain/signature.ts';
import { askProvider, type Answered } from '../provider/ask.ts';
import type { ProviderEvent } from '../provider/port.ts';
import { findPayment } from '../store/payments.ts';
import { claimEvent, isEventProcessed } from '../store/provider-events.ts';
import { findRefund } from '../store/refunds.ts';
import { settleAttempt } from './settle-attempt.ts';
import { settleRefund } from './settle-refund.ts';
import type { PaymentActionDeps } from './deps.ts';

export type WebhookInput = { rawBody: string; signature: string | undefined };
export type WebhookRules = { secrets: readonly string[]; toleranceSeconds: number };
export type WebhookRefusal =
  | { kind: 'webhook-signature-invalid' }
  | { kind: 'webhook-not-understood' }
  | { kind: 'webhook-wrong-mode' }
  | { kind: 'webhook-payment-unknown'; retryAfterSeconds: number }
  | { kind: 'provider-away'; retryAfterSeconds: number };
export type WebhookOutcome =
  { ok: true; effect: 'processed' | 'duplicate' } | { ok: false; refusal: WebhookRefusal };

const retryAfterSeconds = 5;
// Ids of ours are UUIDs; anything else cannot be the id of a row.
const uuidForm = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/**
 * Processes each event once per (provider, event id), in the transaction of its effect. An event of a
 * payment that we do not know is refused so that it comes again: it may be of a database being restored.
 */
export async function receiveWebhook(
  deps: PaymentActionDeps,
  rules: WebhookRules,
  input: WebhookInput,
): Promise<WebhookOutcome> {
  const outcome = await judgeWebhook(deps, rules, input);
  const label = outcome.ok ? outcome.effect : outcome.refusal.kind;
  deps.metrics.webhookReceived(label);
  if (!outcome.ok) deps.log.warn({ provider: deps.provider.name, refusal: label }, 'a webhook was refused');
  return outcome;
}

async function judgeWebhook(
  deps: PaymentActionDeps,
  rules: WebhookRules,
  input: WebhookInput,
): Promise<WebhookOutcome> {
  const { provider } = deps;
  const nowSeconds = deps.clock.now().getTime() / 1000;
  const { rawBody, signature: header } = input;
  if (!isSignatureValid({ ...rules, rawBody, header, nowSeconds })) {
    return { ok: false, refusal: { kind: 'webhook-signature-invalid' } };
  }
  const event = provider.parseEvent(rawBody);
  if (event === null) return { ok: false, refusal: { kind: 'webhook-not-understood' } };
  if (event.mode !== provider.mode) return { ok: false, refusal: { kind: 'webhook-wrong-mode' } };
  if (await isEventProcessed(deps.db, provider.name, event.eventId)) return { ok: true, effect: 'duplicate' };
  const payment = uuidForm.test(event.key) ? await findPayment(deps.db, event.key) : null;
  const refund = event.refundId === null ? null : await findRefund(deps.db, event.refundId);
  if (payment === null || (event.refundId !== null && refund?.paymentId !== payment.id)) {
    return { ok: false, refusal: { kind: 'webhook-payment-unknown', retryAfterSeconds } };
  }
  return processEvent(deps, event);
}

async function processEvent(deps: PaymentActionDeps, event: ProviderEvent): Promise<WebhookOutcome> {
  const word = await askWord(deps, event);
  if (word.kind === 'no-answer') return { ok: false, refusal: { kind: 'provider-away', retryAfterSeconds } };
  const isFirst = await deps.db.transaction(async (client) => {
    if (!(await claimEvent(client, deps.provider.name, event.eventId, event.key))) return false;
    await mergeWord(deps, client, event, word.value);
    return true;
  });
  return { ok: true, effect: isFirst ? 'processed' : 'duplicate' };
}

type Word =
  | { about: 'charge'; charge: ProviderCharge | null }
  | { about: 'refund'; id: string; refund: ProviderRefund | null };

function askWord(deps: PaymentActionDeps, event: ProviderEvent): Promise<Answered<Word>> {
  const { refundId } = event;
  return askProvider(deps, 'retrieve', async (signal): Promise<Word> => {
    if (refundId === null)
      return { about: 'charge', charge: await deps.provider.retrieve(event.key, signal) };
    return { about: 'refund', id: refundId, refund: await deps.provider.retrieveRefund(refundId, signal) };
  });
}

async function mergeWord(
  deps: PaymentActionDeps,
  client: ClientBase,
  event: ProviderEvent,
  word: Word,
): Promise<void> {
  if (word.about === 'charge') {
    if (word.charge !== null) await settleAttempt(deps, client, event.key, word.charge);
  } else if (word.refund !== null) {
    await settleRefund(deps, client, { id: word.id, paymentId: event.key }, word.refund);
  }
}
