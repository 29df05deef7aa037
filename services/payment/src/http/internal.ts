/** Routes for booking: take money, say how an attempt stands, give it up, give money back. */
import { createRoute } from '@hono/zod-openapi';
import {
  paymentAnswer,
  paymentRequest,
  refundAnswer,
  refundRequest,
  voidRequest,
} from '@evently/contracts/payments';
import { createRouter, refuse, type ServiceApp } from '@evently/kit/app';
import { requireApiKey } from '@evently/kit/guards';
import { notFound } from '@evently/kit/problems';
import { documentRefusals } from '@evently/kit/refusals';
import type { PaymentActionDeps } from '../actions/deps.ts';
import { refundPayment } from '../actions/refund-payment.ts';
import { takePayment } from '../actions/take-payment.ts';
import { voidPayment } from '../actions/void-payment.ts';
import { findAttempt } from '../store/payments.ts';
import { createTurnstile } from './turnstile.ts';
import { problemOf } from './problems.ts';
import { attemptQuery, idParam, paymentAnswerOf, refundAnswerOf } from './schemas.ts';

export type InternalRouteDeps = PaymentActionDeps & {
  acceptedApiKeys: readonly string[];
  /** Attempts that may wait for the provider at once. */
  maxInFlight: number;
};

const security = [{ apiKey: [] }];
const bodyRefusals = {
  400: 'invalid_request, malformed_body',
  401: 'unauthorized',
  413: 'body_too_large',
  415: 'malformed_body',
} as const;

export function internalRoutes(deps: InternalRouteDeps): ServiceApp {
  const router = createRouter();
  takeRoute(router, deps);
  attemptRoute(router, deps);
  voidRoute(router, deps);
  refundRoute(router, deps);
  return router;
}

function takeRoute(router: ServiceApp, deps: InternalRouteDeps): void {
  const turnstile = createTurnstile(deps.maxInFlight);
  const route = createRoute({
    method: 'post',
    path: '/internal/payments',
    summary: 'Take money for one attempt of a booking; idempotent by booking_id and attempt',
    security,
    middleware: [requireApiKey(deps.acceptedApiKeys)],
    request: { body: { required: true, content: { 'application/json': { schema: paymentRequest } } } },
    responses: {
      200: {
        description: 'How the attempt stands; unknown is asked for until the provider has said',
        content: { 'application/json': { schema: paymentAnswer } },
      },
      ...documentRefusals({
        ...bodyRefusals,
        422: 'idempotency_key_reused',
        503: 'payment_busy, database_unavailable',
      }),
    },
  });
  router.openapi(route, async (c) => {
    const asked = c.req.valid('json');
    const outcome = await turnstile(() =>
      takePayment(deps, {
        bookingId: asked.booking_id,
        eventId: asked.event_id,
        userId: asked.user_id,
        attempt: asked.attempt,
        amountMinor: asked.amount_minor,
        currency: asked.currency,
        token: asked.payment_token,
        method: asked.payment_method,
      }),
    );
    if (!outcome.ok) return refuse(c, problemOf(outcome.refusal));
    return c.json(paymentAnswerOf(outcome.payment), 200);
  });
}

function attemptRoute(router: ServiceApp, deps: InternalRouteDeps): void {
  const route = createRoute({
    method: 'get',
    path: '/internal/payments',
    summary: 'How an attempt of a booking stands',
    security,
    middleware: [requireApiKey(deps.acceptedApiKeys)],
    request: { query: attemptQuery },
    responses: {
      200: {
        description: 'How the attempt stands',
        content: { 'application/json': { schema: paymentAnswer } },
      },
      ...documentRefusals({
        400: 'invalid_request',
        401: 'unauthorized',
        404: 'not_found',
        503: 'database_unavailable',
      }),
    },
  });
  router.openapi(route, async (c) => {
    const { booking_id: bookingId, attempt } = c.req.valid('query');
    const payment = await findAttempt(deps.db, bookingId, attempt);
    if (payment === null) return refuse(c, notFound('attempt'));
    return c.json(paymentAnswerOf(payment), 200);
  });
}

function voidRoute(router: ServiceApp, deps: InternalRouteDeps): void {
  const route = createRoute({
    method: 'post',
    path: '/internal/payments/void',
    summary: 'Give an attempt up: afterwards no request for it takes money',
    security,
    middleware: [requireApiKey(deps.acceptedApiKeys)],
    request: { body: { required: true, content: { 'application/json': { schema: voidRequest } } } },
    responses: {
      200: {
        description: 'void; or succeeded, when money had been taken; or unknown, while the provider is away',
        content: { 'application/json': { schema: paymentAnswer } },
      },
      ...documentRefusals({ ...bodyRefusals, 503: 'database_unavailable' }),
    },
  });
  router.openapi(route, async (c) => {
    const { booking_id: bookingId, event_id: eventId, attempt } = c.req.valid('json');
    return c.json(paymentAnswerOf(await voidPayment(deps, { bookingId, eventId, attempt })), 200);
  });
}

function refundRoute(router: ServiceApp, deps: InternalRouteDeps): void {
  const route = createRoute({
    method: 'post',
    path: '/internal/payments/{id}/refunds',
    summary: 'Give money back; idempotent by refund_id, never more than was taken',
    security,
    middleware: [requireApiKey(deps.acceptedApiKeys)],
    request: {
      params: idParam,
      body: { required: true, content: { 'application/json': { schema: refundRequest } } },
    },
    responses: {
      200: {
        description: 'How the refund stands; a pending one is announced when it settles',
        content: { 'application/json': { schema: refundAnswer } },
      },
      ...documentRefusals({
        ...bodyRefusals,
        404: 'not_found',
        409: 'payment_not_captured, refund_exceeds_payment',
        422: 'idempotency_key_reused',
        503: 'database_unavailable',
      }),
    },
  });
  router.openapi(route, async (c) => {
    const asked = c.req.valid('json');
    const outcome = await refundPayment(deps, {
      refundId: asked.refund_id,
      paymentId: c.req.valid('param').id,
      amountMinor: asked.amount_minor,
      currency: null,
      reason: asked.reason,
    });
    if (!outcome.ok) return refuse(c, problemOf(outcome.refusal));
    return c.json(refundAnswerOf(outcome.refund), 200);
  });
}
