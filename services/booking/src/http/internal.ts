/** Routes for other services and for operators; they need an API key and are never routed by the gateway. */
import { createRoute, z } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { createRouter, type ServiceApp, type ServiceEnv } from '@evently/kit/app';
import { documentRefusals } from '@evently/kit/refusals';
import { readSnapshot } from '@evently/kit/snapshot';
import { expireAllHolds, expireLapsedHolds, type EndDeps } from '../actions/end-bookings.ts';
import { findBooking } from '../store/bookings.ts';
import { listEventsWithHolds } from '../store/reports.ts';
import { verifyBooking } from '../store/verify.ts';
import { pageOfBookings, viewBookings } from './bookings.ts';
import { answerRefusal } from './problems.ts';
import { bookingList, bookingView, listQuery, uuid } from './schemas.ts';

export type InternalRouteDeps = EndDeps & { guards: { service: MiddlewareHandler<ServiceEnv> } };

const security = [{ apiKey: [] }];
const maxForcedEvents = 10_000;
const refusals = { 401: 'unauthorized', 503: 'database_unavailable' };

export function internalRoutes(deps: InternalRouteDeps): ServiceApp {
  const app = createRouter();
  addListBookings(app, deps);
  addLookAtBooking(app, deps);
  addExpireLapsed(app, deps);
  addExpireAll(app, deps);
  addVerify(app, deps);
  return app;
}

function addListBookings(app: ServiceApp, deps: InternalRouteDeps): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/internal/bookings',
      summary: 'Bookings of a buyer, newest first',
      security,
      middleware: [deps.guards.service],
      request: { query: listQuery.extend({ user_id: uuid }) },
      responses: {
        200: { description: 'A page of bookings', content: { 'application/json': { schema: bookingList } } },
        ...documentRefusals({ ...refusals, 400: 'invalid_request' }),
      },
    }),
    async (c) => {
      const query = c.req.valid('query');
      return c.json(await pageOfBookings(deps, query.user_id, query), 200);
    },
  );
}

function addLookAtBooking(app: ServiceApp, deps: InternalRouteDeps): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/internal/bookings/{id}',
      summary: 'A booking',
      security,
      middleware: [deps.guards.service],
      request: { params: z.object({ id: uuid }) },
      responses: {
        200: { description: 'The booking', content: { 'application/json': { schema: bookingView } } },
        ...documentRefusals({ ...refusals, 400: 'invalid_request', 404: 'not_found' }),
      },
    }),
    async (c) => {
      const booking = await findBooking(deps.db, c.req.valid('param').id);
      const [view] = booking === null ? [] : await viewBookings(deps, [booking]);
      return view === undefined ? answerRefusal(c, { kind: 'unknown-booking' }) : c.json(view, 200);
    },
  );
}

const processed = z.object({ processed: z.int(), total: z.int() }).openapi('Processed');
const verification = z
  .object({
    ok: z.boolean(),
    checks: z.array(
      z.object({
        invariant: z.string(),
        about: z.string(),
        violations: z.object({ count: z.int(), rows: z.array(z.string()) }),
      }),
    ),
  })
  .openapi('Verification');

const releaseAnswers = {
  200: { description: 'How many were released', content: { 'application/json': { schema: processed } } },
  ...documentRefusals(refusals),
};

function addExpireLapsed(app: ServiceApp, deps: InternalRouteDeps): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/internal/bookings/expire-reservations',
      summary: 'Release lapsed holds now',
      security,
      middleware: [deps.guards.service],
      responses: releaseAnswers,
    }),
    async (c) => {
      const lapsed = await expireLapsedHolds(deps);
      return c.json({ processed: lapsed, total: lapsed }, 200);
    },
  );
}

function addExpireAll(app: ServiceApp, deps: InternalRouteDeps): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/internal/bookings/force-expire-all',
      summary: 'Release every pending hold, lapsed or not',
      security,
      middleware: [deps.guards.service],
      responses: releaseAnswers,
    }),
    async (c) => {
      const expired = await expireAllHolds(deps, await listEventsWithHolds(deps.db, maxForcedEvents));
      return c.json({ processed: expired, total: expired }, 200);
    },
  );
}

function addVerify(app: ServiceApp, deps: InternalRouteDeps): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/internal/verify',
      summary: 'Evaluates the invariants of this database',
      security,
      middleware: [deps.guards.service],
      responses: {
        200: {
          description: 'Each check and what breaks it',
          content: { 'application/json': { schema: verification } },
        },
        ...documentRefusals(refusals),
      },
    }),
    async (c) => {
      const checks = await readSnapshot(deps.db, verifyBooking);
      return c.json({ ok: checks.every((check) => check.violations.count === 0), checks }, 200);
    },
  );
}
