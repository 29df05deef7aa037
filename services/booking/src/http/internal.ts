/** Routes for other services and for operators; they need an API key and are never routed by the gateway. */
import { createRoute, z } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { createRouter, type ServiceApp, type ServiceEnv } from '@evently/kit/app';
import { documentRefusals } from '@evently/kit/refusals';
import {
  blockRequest,
  eventStock,
  eventStockList,
  inventorySpec,
  salesReport,
} from '@evently/contracts/inventory';
import { applyInventory } from '../actions/apply-inventory.ts';
import { blockSeats, type BlockInput } from '../actions/block-seats.ts';
import { expireAllHolds, expireLapsedHolds, type EndDeps } from '../actions/end-bookings.ts';
import { findBooking } from '../store/bookings.ts';
import { listEventsWithHolds, listEventStock, readSalesReport } from '../store/reports.ts';
import { verifyBooking } from '../store/verify.ts';
import { pageOfBookings, viewBookings } from './bookings.ts';
import { answerRefusal } from './problems.ts';
import { bookingList, bookingView, listQuery, uuid } from './schemas.ts';

export type InternalRouteDeps = EndDeps & { guards: { service: MiddlewareHandler<ServiceEnv> } };

const security = [{ apiKey: [] }];
const params = z.object({ eventId: uuid });
const maxEventIds = 100;
const maxForcedEvents = 10_000;
const reads = documentRefusals({ 400: 'invalid_request', 401: 'unauthorized', 404: 'not_found' });
const eventIds = z
  .string()
  .transform((text) => text.split(','))
  .pipe(z.array(uuid).min(1).max(maxEventIds));

export function internalRoutes(deps: InternalRouteDeps): ServiceApp {
  const app = createRouter();
  addInventoryRoutes(app, deps);
  addBookingRoutes(app, deps);
  addOperatorRoutes(app, deps);
  return app;
}

function addInventoryRoutes(app: ServiceApp, deps: InternalRouteDeps): void {
  const middleware = [deps.guards.service];
  app.openapi(
    createRoute({
      method: 'put',
      path: '/internal/inventory/{eventId}',
      summary: 'What can be sold of an event; idempotent, ordered by revision',
      security,
      middleware,
      request: {
        params,
        body: { required: true, content: { 'application/json': { schema: inventorySpec } } },
      },
      responses: {
        200: {
          description: 'The stock as it is now',
          content: { 'application/json': { schema: eventStock } },
        },
        ...documentRefusals({
          400: 'invalid_request',
          401: 'unauthorized',
          404: 'not_found',
          409: 'capacity_below_sold, tier_in_use, currency_fixed, sale_managed',
        }),
      },
    }),
    async (c) => {
      const { eventId } = c.req.valid('param');
      const outcome = await applyInventory(deps, eventId, c.req.valid('json'));
      if (!outcome.ok) return answerRefusal(c, outcome.refusal);
      const [stock] = await listEventStock(deps.db, [eventId]);
      return stock === undefined ? answerRefusal(c, { kind: 'unknown-event' }) : c.json(stock, 200);
    },
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/internal/inventory',
      summary: 'Stock of up to 100 events',
      security,
      middleware,
      request: { query: z.object({ event_ids: eventIds }) },
      responses: {
        200: {
          description: 'Those that are known',
          content: { 'application/json': { schema: eventStockList } },
        },
        ...reads,
      },
    }),
    async (c) => c.json({ inventories: await listEventStock(deps.db, c.req.valid('query').event_ids) }, 200),
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/internal/inventory/{eventId}/report',
      summary: 'Money and movement of one event',
      security,
      middleware,
      request: { params },
      responses: {
        200: { description: 'The report', content: { 'application/json': { schema: salesReport } } },
        ...reads,
      },
    }),
    async (c) => {
      const report = await readSalesReport(deps.db, c.req.valid('param').eventId);
      return report === null ? answerRefusal(c, { kind: 'unknown-event' }) : c.json(report, 200);
    },
  );
  for (const direction of ['block', 'unblock'] as const) addBlockRoute(app, deps, direction);
}

function addBlockRoute(app: ServiceApp, deps: InternalRouteDeps, direction: BlockInput['direction']): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: `/internal/inventory/{eventId}/${direction}`,
      summary: direction === 'block' ? 'Keep seats back from sale' : 'Return kept seats to sale',
      security,
      middleware: [deps.guards.service],
      request: {
        params,
        body: { required: true, content: { 'application/json': { schema: blockRequest } } },
      },
      responses: {
        200: {
          description: 'The stock as it is now',
          content: { 'application/json': { schema: eventStock } },
        },
        ...documentRefusals({
          400: 'invalid_request',
          401: 'unauthorized',
          404: 'not_found',
          409: 'version_conflict, not_enough_seats',
        }),
      },
    }),
    async (c) => {
      const { eventId } = c.req.valid('param');
      const outcome = await blockSeats(deps, { eventId, ...c.req.valid('json'), direction });
      if (!outcome.ok) return answerRefusal(c, outcome.refusal);
      const [stock] = await listEventStock(deps.db, [eventId]);
      return stock === undefined ? answerRefusal(c, { kind: 'unknown-event' }) : c.json(stock, 200);
    },
  );
}

function addBookingRoutes(app: ServiceApp, deps: InternalRouteDeps): void {
  const middleware = [deps.guards.service];
  app.openapi(
    createRoute({
      method: 'get',
      path: '/internal/bookings',
      summary: 'Bookings of a buyer, newest first',
      security,
      middleware,
      request: { query: listQuery.extend({ user_id: uuid }) },
      responses: {
        200: { description: 'A page of bookings', content: { 'application/json': { schema: bookingList } } },
        ...reads,
      },
    }),
    async (c) => {
      const query = c.req.valid('query');
      return c.json(await pageOfBookings(deps, query.user_id, query), 200);
    },
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/internal/bookings/{id}',
      summary: 'A booking',
      security,
      middleware,
      request: { params: z.object({ id: uuid }) },
      responses: {
        200: { description: 'The booking', content: { 'application/json': { schema: bookingView } } },
        ...reads,
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

function addOperatorRoutes(app: ServiceApp, deps: InternalRouteDeps): void {
  const middleware = [deps.guards.service];
  const answers = {
    200: { description: 'How many were released', content: { 'application/json': { schema: processed } } },
    ...documentRefusals({ 401: 'unauthorized' }),
  };
  app.openapi(
    createRoute({
      method: 'post',
      path: '/internal/bookings/expire-reservations',
      summary: 'Release lapsed holds now',
      security,
      middleware,
      responses: answers,
    }),
    async (c) => {
      const lapsed = await expireLapsedHolds(deps);
      return c.json({ processed: lapsed, total: lapsed }, 200);
    },
  );
  app.openapi(
    createRoute({
      method: 'post',
      path: '/internal/bookings/force-expire-all',
      summary: 'Release every pending hold, lapsed or not',
      security,
      middleware,
      responses: answers,
    }),
    async (c) => {
      const expired = await expireAllHolds(deps, await listEventsWithHolds(deps.db, maxForcedEvents));
      return c.json({ processed: expired, total: expired }, 200);
    },
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/internal/verify',
      summary: 'Evaluates the invariants of this database',
      security,
      middleware,
      responses: {
        200: {
          description: 'Each check and what breaks it',
          content: { 'application/json': { schema: verification } },
        },
        ...documentRefusals({ 401: 'unauthorized' }),
      },
    }),
    async (c) => {
      const checks = await verifyBooking(deps.db);
      return c.json({ ok: checks.every((check) => check.violations.count === 0), checks }, 200);
    },
  );
}
