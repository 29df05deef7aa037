/** Routes of the caller's own account: look, change, list bookings, erase. */
import { createRoute, z } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { bookingList } from '@evently/contracts/bookings';
import type { TokenVerifier } from '@evently/kit/auth';
import { createRouter, refuse, type ServiceApp, type ServiceEnv } from '@evently/kit/app';
import { principalOf, requirePrincipal } from '@evently/kit/guards';
import { forbidden } from '@evently/kit/problems';
import { documentRefusals } from '@evently/kit/refusals';
import { eraseUser, type EraseDeps } from '../actions/erase-user.ts';
import { listBookings, type ListBookingsDeps } from '../actions/list-bookings.ts';
import type { UserMetrics } from '../metrics.ts';
import { findAccount, updateProfile } from '../store/users.ts';
import type { Limits } from './limits.ts';
import { refuseUser } from './problems.ts';
import {
  bookingsQuery,
  messageAnswer,
  password,
  personName,
  phoneNumber,
  presentProfile,
  profileAnswer,
} from './schemas.ts';

export type ProfileRouteDeps = EraseDeps &
  ListBookingsDeps & { verifier: TokenVerifier; limits: Limits; metrics: UserMetrics };

const path = '/api/v1/users/profile';
const security = [{ bearer: [] }];
const signedOut = { 401: 'unauthorized', 403: 'forbidden' } as const;
const badBody = {
  400: 'invalid_request, malformed_body',
  413: 'body_too_large',
  415: 'malformed_body',
} as const;
const unknownAccount = { kind: 'unknown-account' } as const;

export function profileRoutes(deps: ProfileRouteDeps): ServiceApp {
  const router = createRouter();
  const buyer = requireBuyer(deps.verifier);
  readRoute(router, deps, buyer);
  changeRoute(router, deps, buyer);
  bookingsRoute(router, deps, buyer);
  eraseRoute(router, deps, buyer);
  return router;
}

/** A buyer's token; administrators come from another issuer and have no account here: 403. */
function requireBuyer(verifier: TokenVerifier): MiddlewareHandler<ServiceEnv> {
  const signedIn = requirePrincipal(verifier);
  return (c, next) =>
    signedIn(c, async () => {
      if (c.get('principal')?.role === 'user') await next();
      else
        c.res = refuse(c, {
          ...forbidden,
          detail: 'This is for buyers; administrators have no account here.',
        });
    });
}

function readRoute(router: ServiceApp, deps: ProfileRouteDeps, buyer: MiddlewareHandler<ServiceEnv>): void {
  const route = createRoute({
    method: 'get',
    path,
    summary: "The caller's account",
    security,
    middleware: [deps.limits.reads, buyer],
    responses: {
      200: { description: 'The account', content: { 'application/json': { schema: profileAnswer } } },
      ...documentRefusals({
        ...signedOut,
        404: 'not_found',
        429: 'rate_limited',
        503: 'database_unavailable',
      }),
    },
  });
  router.openapi(route, async (c) => {
    const account = await findAccount(deps.db, principalOf(c).id);
    return account === null ? refuseUser(c, unknownAccount) : c.json(presentProfile(account), 200);
  });
}

function changeRoute(router: ServiceApp, deps: ProfileRouteDeps, buyer: MiddlewareHandler<ServiceEnv>): void {
  const body = z.strictObject({ name: personName.optional(), phone_number: phoneNumber.nullish() });
  const route = createRoute({
    method: 'put',
    path,
    summary: "Change the caller's name or telephone number; null removes the number",
    security,
    middleware: [buyer],
    request: { body: { required: true, content: { 'application/json': { schema: body } } } },
    responses: {
      200: { description: 'The changed account', content: { 'application/json': { schema: profileAnswer } } },
      ...documentRefusals({ ...badBody, ...signedOut, 404: 'not_found', 503: 'database_unavailable' }),
    },
  });
  router.openapi(route, async (c) => {
    const { name, phone_number: phone } = c.req.valid('json');
    const account = await updateProfile(deps.db, principalOf(c).id, { name, phoneNumber: phone });
    return account === null ? refuseUser(c, unknownAccount) : c.json(presentProfile(account), 200);
  });
}

function bookingsRoute(
  router: ServiceApp,
  deps: ProfileRouteDeps,
  buyer: MiddlewareHandler<ServiceEnv>,
): void {
  const route = createRoute({
    method: 'get',
    path: '/api/v1/users/bookings',
    summary: "The caller's bookings, newest first",
    security,
    middleware: [deps.limits.reads, buyer],
    request: { query: bookingsQuery },
    responses: {
      200: { description: 'One page', content: { 'application/json': { schema: bookingList } } },
      ...documentRefusals({
        400: 'invalid_request',
        ...signedOut,
        404: 'not_found',
        429: 'rate_limited',
        503: 'bookings_unavailable, database_unavailable',
      }),
    },
  });
  router.openapi(route, async (c) => {
    const { page, limit, status } = c.req.valid('query');
    const outcome = await listBookings(deps, { userId: principalOf(c).id, page, limit, status });
    return outcome.ok ? c.json(outcome.bookings, 200) : refuseUser(c, outcome.refusal);
  });
}

function eraseRoute(router: ServiceApp, deps: ProfileRouteDeps, buyer: MiddlewareHandler<ServiceEnv>): void {
  const body = z.strictObject({ password });
  const route = createRoute({
    method: 'delete',
    path,
    summary: "Erase the caller's account and personal data everywhere; needs the password, cannot be undone",
    security,
    middleware: [buyer, deps.limits.passwordCheck],
    request: { body: { required: true, content: { 'application/json': { schema: body } } } },
    responses: {
      200: { description: 'The account is gone', content: { 'application/json': { schema: messageAnswer } } },
      ...documentRefusals({
        ...badBody,
        401: 'unauthorized',
        403: 'forbidden, wrong_password',
        404: 'not_found',
        429: 'rate_limited',
        503: 'passwords_busy, database_unavailable',
      }),
    },
  });
  router.openapi(route, async (c) => {
    const outcome = await eraseUser(deps, principalOf(c).id, c.req.valid('json').password);
    if (!outcome.ok) {
      deps.metrics.counted('erase', outcome.refusal.kind === 'passwords-busy' ? 'busy' : 'refused');
      return refuseUser(c, outcome.refusal);
    }
    deps.metrics.counted('erase', 'granted');
    return c.json({ message: 'The account and its personal data are erased' }, 200);
  });
}
