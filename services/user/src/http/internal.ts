/** Routes for other services: whose token is this, who is this person. */
import { createRoute, z } from '@hono/zod-openapi';
import { createRouter, type ServiceApp } from '@evently/kit/app';
import { requireApiKey } from '@evently/kit/guards';
import { documentRefusals } from '@evently/kit/refusals';
import { identifyToken, type IdentifyDeps } from '../actions/identify-token.ts';
import { findAccount } from '../store/users.ts';
import { refuseUser } from './problems.ts';
import { presentProfile, profileAnswer, tokenText } from './schemas.ts';

export type InternalRouteDeps = IdentifyDeps & { acceptedApiKeys: readonly string[] };

const security = [{ apiKey: [] }];

export function internalRoutes(deps: InternalRouteDeps): ServiceApp {
  const router = createRouter();
  verifyRoute(router, deps);
  userRoute(router, deps);
  return router;
}

function verifyRoute(router: ServiceApp, deps: InternalRouteDeps): void {
  const answer = z.object({ user_id: z.uuid().nullable(), email: z.string().nullable(), valid: z.boolean() });
  const route = createRoute({
    method: 'post',
    path: '/internal/auth/verify',
    summary: "Whose access token this is; valid is false for everything but a live buyer's token",
    security,
    middleware: [requireApiKey(deps.acceptedApiKeys)],
    request: {
      body: {
        required: true,
        content: { 'application/json': { schema: z.strictObject({ token: tokenText }) } },
      },
    },
    responses: {
      200: { description: 'The verdict', content: { 'application/json': { schema: answer } } },
      ...documentRefusals({
        400: 'invalid_request, malformed_body',
        401: 'unauthorized',
        413: 'body_too_large',
        415: 'malformed_body',
        503: 'database_unavailable',
      }),
    },
  });
  router.openapi(route, async (c) => {
    const account = await identifyToken(deps, c.req.valid('json').token);
    if (account === null) return c.json({ user_id: null, email: null, valid: false }, 200);
    return c.json({ user_id: account.userId, email: account.email, valid: true }, 200);
  });
}

function userRoute(router: ServiceApp, deps: InternalRouteDeps): void {
  const route = createRoute({
    method: 'get',
    path: '/internal/users/{userId}',
    summary: 'The account of a person',
    security,
    middleware: [requireApiKey(deps.acceptedApiKeys)],
    request: { params: z.object({ userId: z.uuid() }) },
    responses: {
      200: { description: 'The account', content: { 'application/json': { schema: profileAnswer } } },
      ...documentRefusals({
        400: 'invalid_request',
        401: 'unauthorized',
        404: 'not_found',
        503: 'database_unavailable',
      }),
    },
  });
  router.openapi(route, async (c) => {
    const account = await findAccount(deps.db, c.req.valid('param').userId);
    return account === null
      ? refuseUser(c, { kind: 'unknown-account' })
      : c.json(presentProfile(account), 200);
  });
}
