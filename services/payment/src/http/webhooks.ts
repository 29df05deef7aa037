/** The provider's door: signed events over the raw body. */
import { createRoute, z } from '@hono/zod-openapi';
import { createRouter, refuse, type ServiceApp } from '@evently/kit/app';
import { notFound } from '@evently/kit/problems';
import { documentRefusals } from '@evently/kit/refusals';
import type { PaymentActionDeps } from '../actions/deps.ts';
import { receiveWebhook, type WebhookRules } from '../actions/receive-webhook.ts';
import { problemOf } from './problems.ts';

export type WebhookRouteDeps = PaymentActionDeps & { webhookRules: WebhookRules };

const providerParam = z.object({ provider: z.string().min(1).max(40) });
const received = z.object({ received: z.literal(true), duplicate: z.boolean() });

export function webhookRoutes(deps: WebhookRouteDeps): ServiceApp {
  const route = createRoute({
    method: 'post',
    path: '/webhooks/{provider}',
    summary: 'An event of the payment provider, signed over the raw body (t=<seconds>,v1=<HMAC-SHA256>)',
    request: {
      params: providerParam,
      // Read as raw bytes for the signature, so the body is described and not parsed here.
      body: {
        required: true,
        description: 'The event in the form of its provider',
        content: { '*/*': { schema: z.string() } },
      },
    },
    responses: {
      200: {
        description: 'Processed, now or before',
        content: { 'application/json': { schema: received } },
      },
      ...documentRefusals({
        400: 'webhook_signature_invalid, webhook_not_understood, webhook_wrong_mode',
        404: 'not_found; no such provider here',
        413: 'body_too_large',
        503: 'webhook_payment_unknown, provider_away, database_unavailable; send it again',
      }),
    },
  });
  const router = createRouter();
  router.openapi(route, async (c) => {
    if (c.req.valid('param').provider !== deps.provider.name) return refuse(c, notFound('payment provider'));
    const signature = c.req.header(deps.provider.signatureHeader);
    const outcome = await receiveWebhook(deps, deps.webhookRules, {
      rawBody: await c.req.text(),
      signature,
    });
    if (!outcome.ok) return refuse(c, problemOf(outcome.refusal));
    return c.json({ received: true as const, duplicate: outcome.effect === 'duplicate' }, 200);
  });
  return router;
}
