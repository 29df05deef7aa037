/** Routes of administrators' sessions: register, log in, refresh, log out. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createRoute, z } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import type { Identity } from '@evently/identity/identity';
import { createRouter, refuse, type ServiceApp, type ServiceEnv } from '@evently/kit/app';
import type { TokenVerifier } from '@evently/kit/auth';
import { requireAdmin } from '@evently/kit/guards';
import { unauthorized } from '@evently/kit/problems';
import { documentRefusals } from '@evently/kit/refusals';
import { bodyRefusals, jsonAnswer, jsonBody } from '@evently/kit/route-parts';
import { logInAdmin, refreshAdminSession } from '../actions/log-in-admin.ts';
import { registerAdmin, type RegisterAdminDeps } from '../actions/register-admin.ts';
import { adminRoles, permissionsOf, type AdminSession } from '../domain/administrator.ts';
import type { Refusal } from '../domain/refusals.ts';
import type { CredentialKind, EventMetrics } from '../metrics.ts';
import { email, idempotencyHeader, line, messageAnswer, password, tokenText } from './fields.ts';
import type { Limits } from './limits.ts';
import { refuseEvent } from './problems.ts';

export type AdminAuthDeps = RegisterAdminDeps & {
  verifier: TokenVerifier;
  limits: Limits;
  metrics: EventMetrics;
  /** Makes the first administrator; undefined switches that way off. */
  bootstrapToken: string | undefined;
};

// Credentials must not be kept by anyone on the way (RFC 6749, section 5.1).
const uncached = { 'cache-control': 'no-store' };
const phoneNumber = z
  .string()
  .regex(/^\+?[0-9][0-9 ().-]{3,30}$/, 'must be a telephone number such as +91 98765 43210');

const sessionAnswer = z
  .object({
    admin_id: z.uuid(),
    email: z.string(),
    name: z.string(),
    role: z.enum(adminRoles),
    permissions: z.array(z.string()),
    access_token: z.string(),
    refresh_token: z.string(),
  })
  .openapi('AdminSession');

function presentSession(session: AdminSession): z.output<typeof sessionAnswer> {
  return {
    admin_id: session.adminId,
    email: session.email,
    name: session.name,
    role: session.role,
    permissions: [...permissionsOf(session.role)],
    access_token: session.accessToken,
    refresh_token: session.refreshToken,
  };
}

export function adminAuthRoutes(deps: AdminAuthDeps): ServiceApp {
  const router = createRouter();
  registerRoute(router, deps);
  loginRoute(router, deps);
  refreshRoute(router, deps);
  logoutRoute(router, deps.identity);
  return router;
}

function refuseCounted(
  c: Context<ServiceEnv>,
  deps: AdminAuthDeps,
  kind: CredentialKind,
  refusal: Refusal,
): Response {
  deps.metrics.counted(kind, refusal.kind === 'passwords-busy' ? 'busy' : 'refused');
  return refuseEvent(c, refusal);
}

function registerRoute(router: ServiceApp, deps: AdminAuthDeps): void {
  const body = z.strictObject({
    email,
    password,
    name: line(120),
    phone_number: phoneNumber.nullish(),
    role: z.enum(adminRoles).default('admin'),
  });
  const route = createRoute({
    method: 'post',
    path: '/api/v1/auth/admin/register',
    summary: 'Make an administrator: as one with admins:write, or the first one by the bootstrap token',
    description:
      'The bootstrap token is sent as X-Bootstrap-Token, or as the bearer token, and works while there is no administrator.',
    security: [{ bearer: [] }],
    middleware: [deps.limits.register, requireBootstrapOrAdmin(deps)],
    request: { headers: idempotencyHeader, body: jsonBody(body) },
    responses: {
      201: jsonAnswer('The administrator and its first session', sessionAnswer),
      ...documentRefusals({
        ...bodyRefusals,
        401: 'unauthorized',
        403: 'forbidden, bootstrap_spent',
        409: 'email_taken',
        422: 'idempotency_key_reused',
        429: 'rate_limited',
        503: 'passwords_busy, database_unavailable',
      }),
    },
  });
  router.openapi(route, async (c) => {
    const { phone_number: phone, ...person } = c.req.valid('json');
    const registration = {
      ...person,
      phoneNumber: phone ?? null,
      createdBy: c.get('principal')?.id ?? null,
      idempotencyKey: c.req.valid('header')['idempotency-key'],
    };
    const outcome = await registerAdmin(deps, registration, (session) =>
      JSON.stringify(presentSession(session)),
    );
    if (!outcome.ok) return refuseCounted(c, deps, 'register', outcome.refusal);
    deps.metrics.counted('register', 'granted');
    const replayed = outcome.replayed ? { 'idempotency-replayed': 'true' } : {};
    return c.body(outcome.answer, 201, { 'content-type': 'application/json', ...uncached, ...replayed });
  });
}

/** Without a principal afterwards, the caller showed the bootstrap token. */
function requireBootstrapOrAdmin(deps: AdminAuthDeps): MiddlewareHandler<ServiceEnv> {
  const asAdmin = requireAdmin(deps.verifier, 'admins:write');
  return async (c, next) => {
    const header = c.req.header('x-bootstrap-token');
    const bearer = c.req.header('authorization')?.replace(/^Bearer /, '');
    if (isSame(header ?? bearer, deps.bootstrapToken)) {
      await next();
      return undefined;
    }
    return header === undefined ? asAdmin(c, next) : refuse(c, unauthorized);
  };
}

/** Compared as digests, so that neither the text nor its length is told by the time it takes. */
function isSame(given: string | undefined, expected: string | undefined): boolean {
  if (given === undefined || expected === undefined) return false;
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

function loginRoute(router: ServiceApp, deps: AdminAuthDeps): void {
  const route = createRoute({
    method: 'post',
    path: '/api/v1/auth/admin/login',
    summary: 'Begin a session; an unknown address and a wrong password are answered alike',
    middleware: [deps.limits.loginByAddress, deps.limits.loginByAccount],
    request: { body: jsonBody(z.strictObject({ email, password })) },
    responses: {
      200: jsonAnswer('The session', sessionAnswer),
      ...documentRefusals({
        ...bodyRefusals,
        401: 'invalid_credentials',
        429: 'rate_limited',
        503: 'passwords_busy, database_unavailable',
      }),
    },
  });
  router.openapi(route, async (c) => {
    const { email: address, password: given } = c.req.valid('json');
    const outcome = await logInAdmin(deps, address, given);
    if (!outcome.ok) return refuseCounted(c, deps, 'login', outcome.refusal);
    deps.metrics.counted('login', 'granted');
    return c.json(presentSession(outcome.session), 200, uncached);
  });
}

function refreshRoute(router: ServiceApp, deps: AdminAuthDeps): void {
  const route = createRoute({
    method: 'post',
    path: '/api/v1/auth/admin/refresh',
    summary: 'Exchange a refresh token; each works once, and using one again ends its session',
    request: { body: jsonBody(z.strictObject({ refresh_token: tokenText })) },
    responses: {
      200: jsonAnswer('The session with new tokens and the role of now', sessionAnswer),
      ...documentRefusals({ ...bodyRefusals, 401: 'invalid_refresh_token' }),
    },
  });
  router.openapi(route, async (c) => {
    const outcome = await refreshAdminSession(deps, c.req.valid('json').refresh_token);
    if (!outcome.ok) return refuseCounted(c, deps, 'refresh', outcome.refusal);
    deps.metrics.counted('refresh', 'granted');
    return c.json(presentSession(outcome.session), 200, uncached);
  });
}

function logoutRoute(router: ServiceApp, identity: Identity): void {
  const route = createRoute({
    method: 'post',
    path: '/api/v1/auth/admin/logout',
    summary: 'End the session of a refresh token; one that is unknown or ended is answered alike',
    request: { body: jsonBody(z.strictObject({ refresh_token: tokenText })) },
    responses: {
      200: jsonAnswer('The session is over', messageAnswer),
      ...documentRefusals(bodyRefusals),
    },
  });
  router.openapi(route, async (c) => {
    await identity.refreshFamilies.revoke(c.req.valid('json').refresh_token);
    return c.json({ message: 'Logged out' }, 200, uncached);
  });
}
