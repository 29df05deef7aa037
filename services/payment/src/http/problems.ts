/** The one place where a refusal of payment becomes a problem; a refusal without a case does not compile. */
import { notFound, unavailable, type Problem } from '@evently/kit/problems';
import { toMajor } from '@evently/contracts/money';
import type { CloseCaseOutcome } from '../actions/close-case.ts';
import type { WebhookRefusal } from '../actions/receive-webhook.ts';
import type { PaymentRefusal } from '../domain/payment.ts';

type CaseRefusal = Extract<CloseCaseOutcome, { ok: false }>['refusal'];

export function problemOf(refusal: PaymentRefusal | WebhookRefusal | CaseRefusal): Problem {
  switch (refusal.kind) {
    case 'payment-not-found':
      return notFound('payment');
    case 'case-not-found':
      return notFound('case');
    case 'request-differs':
      return {
        status: 422,
        code: 'idempotency_key_reused',
        title: 'The same key came with another request',
        detail: `A request that differs was made under ${refusal.what}. Repeat that one unchanged, or use a new key.`,
      };
    case 'payment-not-captured':
      return {
        status: 409,
        code: 'payment_not_captured',
        title: 'No money was taken by this payment',
        detail: `The payment is ${refusal.status}; only a succeeded one can be refunded.`,
      };
    case 'refund-exceeds-payment':
      return {
        status: 409,
        code: 'refund_exceeds_payment',
        title: 'The refund is more than is left of the payment',
        detail: `At most ${toMajor(refusal.refundableMinor, refusal.currency)} ${refusal.currency} can be refunded.`,
        extra: { refundable_minor: refusal.refundableMinor, currency: refusal.currency },
      };
    case 'provider-busy':
      return unavailable(
        'payment_busy',
        'Too many payments wait for the provider; nothing was done. Repeat the request.',
        refusal.retryAfterSeconds,
      );
    case 'webhook-signature-invalid':
      return {
        status: 400,
        code: 'webhook_signature_invalid',
        title: 'The webhook is not signed by a secret that is valid now',
        detail: 'Check the secret and the clock of the sender; the signature covers the raw body.',
      };
    case 'webhook-not-understood':
      return {
        status: 400,
        code: 'webhook_not_understood',
        title: 'The webhook is not an event of this provider',
        detail: 'Look at the version of the events that the provider is told to send.',
      };
    case 'webhook-wrong-mode':
      return {
        status: 400,
        code: 'webhook_wrong_mode',
        title: 'A test event reached a live system, or the other way round',
        detail: 'Point the webhook of each mode at the system of that mode.',
      };
    case 'webhook-payment-unknown':
      return unavailable(
        'webhook_payment_unknown',
        'The payment or refund of this event is not known here yet; send it again.',
        refusal.retryAfterSeconds,
      );
    case 'provider-away':
      return unavailable(
        'provider_away',
        'The provider does not tell the present state of this payment; send the event again.',
        refusal.retryAfterSeconds,
      );
  }
}
