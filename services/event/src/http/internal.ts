/** Routes for other services and for operators; they need an API key and are never routed by the gateway. */
import { createRoute, z } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { blockRequest } from '@evently/contracts/inventory';
import { toMajor } from '@evently/contracts/money';
import { warmAnswer, warmRequest } from '@evently/contracts/warm-up';
import { createRouter, type ServiceApp, type ServiceEnv } from '@evently/kit/app';
import { documentRefusals } from '@evently/kit/refusals';
import { bodyRefusals, jsonAnswer, jsonBody } from '@evently/kit/route-parts';
import { blockSeats, type BlockSeatsDeps } from '../actions/block-seats.ts';
import { readStock } from '../actions/event-pages.ts';
import type { StockBoard } from '../actions/stock-board.ts';
import { warmPages, type WarmDeps } from '../actions/warm-pages.ts';
import { shownStatus } from '../domain/stock.ts';
import { findEvent } from '../store/events.ts';
import { uuid } from './fields.ts';
import { refuseEvent } from './problems.ts';

export type InternalRouteDeps = BlockSeatsDeps &
  WarmDeps & { board: StockBoard; guards: { service: MiddlewareHandler<ServiceEnv> } };

const security = [{ apiKey: [] }];
const params = z.object({ id: uuid });
const status = z.enum(['draft', 'published', 'sold_out', 'cancelled', 'completed']);

export function internalRoutes(deps: InternalRouteDeps): ServiceApp {
  const router = createRouter();
  readRoute(router, deps);
  blockRoute(router, deps, 'update-availability', 'block');
  blockRoute(router, deps, 'return-seats', 'unblock');
  prewarmRoute(router, deps);
  return router;
}

function readRoute(router: ServiceApp, deps: InternalRouteDeps): void {
  const answer = z.object({
    event_id: uuid,
    name: z.string(),
    available_seats: z.int(),
    max_tickets_per_booking: z.int(),
    base_price: z.number(),
    currency: z.string(),
    version: z.int().describe('The version of the stock, not of the catalog'),
    status,
  });
  const route = createRoute({
    method: 'get',
    path: '/internal/events/{id}',
    summary: 'An event in short, with the version of its stock',
    security,
    middleware: [deps.guards.service],
    request: { params },
    responses: {
      200: jsonAnswer('The event', answer),
      ...documentRefusals({
        400: 'invalid_request',
        401: 'unauthorized',
        404: 'not_found',
        503: 'database_unavailable',
      }),
    },
  });
  router.openapi(route, async (c) => {
    const event = await findEvent(deps.db, c.req.valid('param').id);
    if (event === null) return refuseEvent(c, { kind: 'unknown-event' });
    const stock = await readStock(deps.board, event);
    return c.json(
      {
        event_id: event.eventId,
        name: event.name,
        available_seats: stock.available,
        max_tickets_per_booking: event.maxPerBooking,
        base_price: toMajor(event.basePriceMinor, event.currency),
        currency: event.currency,
        version: stock.stockVersion,
        status: shownStatus(event, stock),
      },
      200,
    );
  });
}

function blockRoute(
  router: ServiceApp,
  deps: InternalRouteDeps,
  verb: 'update-availability' | 'return-seats',
  direction: 'block' | 'unblock',
): void {
  const answer = z.object({ event_id: uuid, available_seats: z.int(), status, version: z.int() });
  const route = createRoute({
    method: 'post',
    path: `/internal/events/{id}/${verb}`,
    summary: direction === 'block' ? 'Keep seats back from sale' : 'Return kept seats to sale',
    security,
    middleware: [deps.guards.service],
    request: { params, body: jsonBody(blockRequest) },
    responses: {
      200: jsonAnswer('The stock as it is now, with its version', answer),
      ...documentRefusals({
        ...bodyRefusals,
        401: 'unauthorized',
        404: 'not_found',
        409: 'version_conflict with the current version of the stock, not_enough_seats',
        503: 'booking_unavailable, database_unavailable',
      }),
    },
  });
  router.openapi(route, async (c) => {
    const outcome = await blockSeats(deps, direction, c.req.valid('param').id, c.req.valid('json'));
    if (!outcome.ok) return refuseEvent(c, outcome.refusal);
    const { event, stock } = outcome.page;
    return c.json(
      {
        event_id: event.eventId,
        available_seats: stock.available,
        status: shownStatus(event, stock),
        version: stock.stockVersion,
      },
      200,
    );
  });
}

function prewarmRoute(router: ServiceApp, deps: InternalRouteDeps): void {
  const route = createRoute({
    method: 'post',
    path: '/internal/prewarm',
    summary: "Warm what the pages of an event's sale need in this process",
    security,
    middleware: [deps.guards.service],
    request: { body: jsonBody(warmRequest) },
    responses: {
      200: jsonAnswer('What was warmed, and why the rest was not: tasks connections and event', warmAnswer),
      ...documentRefusals({ ...bodyRefusals, 401: 'unauthorized' }),
    },
  });
  router.openapi(route, async (c) =>
    c.json({ warm: await warmPages(deps, c.req.valid('json').event_id) }, 200),
  );
}
