/** The public route of payments: a buyer looks at a payment of their own. */
import { createRoute } from '@hono/zod-openapi';
import { createRouter, refuse, type ServiceApp } from '@evently/kit/app';
import type { TokenVerifier } from '@evently/kit/auth';
import { addressKey, principalOf, rateLimit, requirePrincipal } from '@evently/kit/guards';
import type { LimiterFactory } from '@evently/kit/limiter';
import type { PlatformConfig } from '@evently/kit/platform';
import type { Sql } from '@evently/kit/postgres';
import { notFound } from '@evently/kit/problems';
import { documentRefusals } from '@evently/kit/refusals';
import { findPayment } from '../store/payments.ts';
import { listRefunds } from '../store/refunds.ts';
import { idParam, paymentView, paymentViewOf } from './schemas.ts';

export type PaymentRouteDeps = {
  db: Sql;
  verifier: TokenVerifier;
  platform: PlatformConfig;
  limiters: LimiterFactory | undefined;
};

const windowSeconds = 60;

export function paymentRoutes(deps: PaymentRouteDeps): ServiceApp {
  const { platform, verifier } = deps;
  const limit = rateLimit({
    name: 'payment-reads',
    limit: platform.EVENTLY_READS_PER_MINUTE,
    windowSeconds,
    key: addressKey(platform.EVENTLY_TRUSTED_HOPS, platform.EVENTLY_EXEMPT_LOOPBACK),
    limiters: deps.limiters,
  });
  const route = createRoute({
    method: 'get',
    path: '/api/v1/payments/{id}',
    summary: 'A payment and its refunds, for its buyer or an administrator',
    security: [{ bearer: [] }],
    middleware: [limit, requirePrincipal(verifier)],
    request: { params: idParam },
    responses: {
      200: { description: 'The payment', content: { 'application/json': { schema: paymentView } } },
      ...documentRefusals({
        400: 'invalid_request',
        401: 'unauthorized',
        404: 'not_found; also for a payment of somebody else',
        429: 'rate_limited',
        503: 'database_unavailable',
      }),
    },
  });
  const router = createRouter();
  router.openapi(route, async (c) => {
    const payment = await findPayment(deps.db, c.req.valid('param').id);
    const principal = principalOf(c);
    const maySee = principal.role === 'admin' || payment?.userId === principal.id;
    if (payment === null || !maySee) return refuse(c, notFound('payment'));
    return c.json(paymentViewOf(payment, await listRefunds(deps.db, payment.id)), 200);
  });
  return router;
}
