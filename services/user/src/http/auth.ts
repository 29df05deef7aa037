/** Routes of sessions: register, log in, refresh, log out. */
import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { Identity } from '@evently/identity/identity';
import { createRouter, type ServiceApp, type ServiceEnv } from '@evently/kit/app';
import { documentRefusals } from '@evently/kit/refusals';
import { jsonAnswer, jsonBody } from '@evently/kit/route-parts';
import { logIn } from '../actions/log-in.ts';
import { refreshSession } from '../actions/refresh-session.ts';
import { registerUser, type RegisterDeps } from '../actions/register-user.ts';
import type { UserRefusal } from '../domain/account.ts';
import type { CredentialKind, UserMetrics } from '../metrics.ts';
import type { Limits } from './limits.ts';
import { refuseUser } from './problems.ts';
import {
  email,
  messageAnswer,
  password,
  personName,
  phoneNumber,
  presentSession,
  sessionAnswer,
  tokenText,
} from './schemas.ts';

export type AuthRouteDeps = RegisterDeps & { limits: Limits; metrics: UserMetrics };

const idempotencyHeader = z.object({ 'idempotency-key': z.string().min(1).max(255).optional() });
// Credentials must not be kept by anyone on the way (RFC 6749, section 5.1).
const uncached = { 'cache-control': 'no-store' };

export function authRoutes(deps: AuthRouteDeps): ServiceApp {
  const router = createRouter();
  registerRoute(router, deps);
  loginRoute(router, deps);
  refreshRoute(router, deps);
  logoutRoute(router, deps.identity);
  return router;
}

/** Counts the refusal and answers with it. */
function refuseCounted(
  c: Context<ServiceEnv>,
  deps: AuthRouteDeps,
  kind: CredentialKind,
  refusal: UserRefusal,
): Response {
  deps.metrics.counted(kind, refusal.kind === 'passwords-busy' ? 'busy' : 'refused');
  return refuseUser(c, refusal);
}

function registerRoute(router: ServiceApp, deps: AuthRouteDeps): void {
  const body = z.strictObject({ email, password, name: personName, phone_number: phoneNumber.nullish() });
  const route = createRoute({
    method: 'post',
    path: '/api/v1/auth/register',
    summary: 'Make an account and begin its first session',
    middleware: [deps.limits.register],
    request: { headers: idempotencyHeader, body: jsonBody(body) },
    responses: {
      201: jsonAnswer('The account and its session', sessionAnswer),
      ...documentRefusals({
        400: 'invalid_request, malformed_body',
        409: 'email_taken',
        413: 'body_too_large',
        415: 'malformed_body',
        422: 'idempotency_key_reused',
        429: 'rate_limited',
        503: 'passwords_busy, database_unavailable',
      }),
    },
  });
  router.openapi(route, async (c) => {
    const { phone_number: phone, ...person } = c.req.valid('json');
    const idempotencyKey = c.req.valid('header')['idempotency-key'];
    const outcome = await registerUser(
      deps,
      { ...person, phoneNumber: phone ?? null, idempotencyKey },
      (session) => JSON.stringify(presentSession(session)),
    );
    if (!outcome.ok) return refuseCounted(c, deps, 'register', outcome.refusal);
    deps.metrics.counted('register', 'granted');
    const replayed = outcome.replayed ? { 'idempotency-replayed': 'true' } : {};
    return c.body(outcome.answer, 201, { 'content-type': 'application/json', ...uncached, ...replayed });
  });
}

function loginRoute(router: ServiceApp, deps: AuthRouteDeps): void {
  const route = createRoute({
    method: 'post',
    path: '/api/v1/auth/login',
    summary: 'Begin a session; an unknown address and a wrong password are answered alike',
    middleware: [deps.limits.loginByAddress, deps.limits.loginByAccount],
    request: { body: jsonBody(z.strictObject({ email, password })) },
    responses: {
      200: jsonAnswer('The session', sessionAnswer),
      ...documentRefusals({
        400: 'invalid_request, malformed_body',
        401: 'invalid_credentials',
        413: 'body_too_large',
        415: 'malformed_body',
        429: 'rate_limited',
        503: 'passwords_busy, database_unavailable',
      }),
    },
  });
  router.openapi(route, async (c) => {
    const { email: address, password: given } = c.req.valid('json');
    const outcome = await logIn(deps, address, given);
    if (!outcome.ok) return refuseCounted(c, deps, 'login', outcome.refusal);
    deps.metrics.counted('login', 'granted');
    return c.json(presentSession(outcome.session), 200, uncached);
  });
}

function refreshRoute(router: ServiceApp, deps: AuthRouteDeps): void {
  const route = createRoute({
    method: 'post',
    path: '/api/v1/auth/refresh',
    summary: 'Exchange a refresh token; each works once, and using one again ends its session',
    request: { body: jsonBody(z.strictObject({ refresh_token: tokenText })) },
    responses: {
      200: jsonAnswer(
        'A new access token and the successor of the refresh token',
        z.object({ access_token: z.string(), refresh_token: z.string() }),
      ),
      ...documentRefusals({
        400: 'invalid_request, malformed_body',
        401: 'invalid_refresh_token',
        413: 'body_too_large',
        415: 'malformed_body',
        503: 'database_unavailable',
      }),
    },
  });
  router.openapi(route, async (c) => {
    const outcome = await refreshSession(deps.identity, c.req.valid('json').refresh_token);
    if (!outcome.ok) return refuseCounted(c, deps, 'refresh', outcome.refusal);
    deps.metrics.counted('refresh', 'granted');
    return c.json({ access_token: outcome.accessToken, refresh_token: outcome.refreshToken }, 200, uncached);
  });
}

function logoutRoute(router: ServiceApp, identity: Identity): void {
  const route = createRoute({
    method: 'post',
    path: '/api/v1/auth/logout',
    summary: 'End the session of a refresh token; one that is unknown or ended is answered alike',
    request: { body: jsonBody(z.strictObject({ refresh_token: tokenText })) },
    responses: {
      200: jsonAnswer('The session is over', messageAnswer),
      ...documentRefusals({
        400: 'invalid_request, malformed_body',
        413: 'body_too_large',
        415: 'malformed_body',
        503: 'database_unavailable',
      }),
    },
  });
  router.openapi(route, async (c) => {
    await identity.refreshFamilies.revoke(c.req.valid('json').refresh_token);
    return c.json({ message: 'Logged out' }, 200, uncached);
  });
}
