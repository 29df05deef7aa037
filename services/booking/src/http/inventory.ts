/** Routes of an event's stock for the event service: what can be sold, what is left, what is kept back. */
import { createRoute, z } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { createRouter, type ServiceApp, type ServiceEnv } from '@evently/kit/app';
import { documentRefusals } from '@evently/kit/refusals';
import type { Reads } from '@evently/kit/replica';
import {
  blockRequest,
  eventStock,
  eventStockList,
  inventorySpec,
  reportQuery,
  salesReport,
} from '@evently/contracts/inventory';
import { applyInventory } from '../actions/apply-inventory.ts';
import { blockSeats, type BlockInput } from '../actions/block-seats.ts';
import type { StockDeps } from '../actions/change-stock.ts';
import { listEventStock, readSalesReport } from '../store/reports.ts';
import { answerRefusal } from './problems.ts';
import { uuid } from './schemas.ts';

export type InventoryRouteDeps = StockDeps & {
  /** For reports that nobody decides by. */
  reads: Reads;
  guards: { service: MiddlewareHandler<ServiceEnv> };
};

const security = [{ apiKey: [] }];
const params = z.object({ eventId: uuid });
const maxEventIds = 100;
const eventIds = z
  .string()
  .transform((text) => text.split(','))
  .pipe(z.array(uuid).min(1).max(maxEventIds));
const refusals = { 400: 'invalid_request', 401: 'unauthorized', 503: 'database_unavailable' };
const changeRefusals = {
  ...refusals,
  400: 'invalid_request, malformed_body',
  404: 'not_found',
  413: 'body_too_large',
  415: 'malformed_body',
};
const stockAnswer = {
  description: 'The stock as it is now',
  content: { 'application/json': { schema: eventStock } },
};

export function inventoryRoutes(deps: InventoryRouteDeps): ServiceApp {
  const app = createRouter();
  addApply(app, deps);
  addList(app, deps);
  addReport(app, deps);
  addBlock(app, deps, 'block');
  addBlock(app, deps, 'unblock');
  return app;
}

function addApply(app: ServiceApp, deps: InventoryRouteDeps): void {
  app.openapi(
    createRoute({
      method: 'put',
      path: '/internal/inventory/{eventId}',
      summary: 'What can be sold of an event; idempotent, ordered by revision',
      security,
      middleware: [deps.guards.service],
      request: {
        params,
        body: { required: true, content: { 'application/json': { schema: inventorySpec } } },
      },
      responses: {
        200: stockAnswer,
        ...documentRefusals({
          ...changeRefusals,
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
}

function addList(app: ServiceApp, deps: InventoryRouteDeps): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/internal/inventory',
      summary: 'Stock of up to 100 events',
      security,
      middleware: [deps.guards.service],
      request: { query: z.object({ event_ids: eventIds }) },
      responses: {
        200: {
          description: 'Those that are known',
          content: { 'application/json': { schema: eventStockList } },
        },
        ...documentRefusals(refusals),
      },
    }),
    async (c) => c.json({ inventories: await listEventStock(deps.db, c.req.valid('query').event_ids) }, 200),
  );
}

function addReport(app: ServiceApp, deps: InventoryRouteDeps): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/internal/inventory/{eventId}/report',
      summary: 'Money and movement of one event',
      security,
      middleware: [deps.guards.service],
      request: { params, query: reportQuery },
      responses: {
        200: { description: 'The report', content: { 'application/json': { schema: salesReport } } },
        ...documentRefusals({ ...refusals, 404: 'not_found' }),
      },
    }),
    async (c) => {
      const { eventId } = c.req.valid('param');
      const newest = c.req.valid('query').for !== 'people';
      const report = await deps.reads((sql) => readSalesReport(sql, eventId), { newest });
      return report === null ? answerRefusal(c, { kind: 'unknown-event' }) : c.json(report, 200);
    },
  );
}

function addBlock(app: ServiceApp, deps: InventoryRouteDeps, direction: BlockInput['direction']): void {
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
        200: stockAnswer,
        ...documentRefusals({ ...changeRefusals, 409: 'version_conflict, not_enough_seats' }),
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
