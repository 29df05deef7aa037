/** Routes of the armed sale and of warming up; for the operator. */
import { createRoute, z } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { createRouter, type ServiceApp, type ServiceEnv } from '@evently/kit/app';
import { documentRefusals } from '@evently/kit/refusals';
import { warmAnswer, warmRequest } from '@evently/contracts/warm-up';
import { armSale, defaultWarmLeadMs, disarmSale } from '../actions/arm-sale.ts';
import type { StockDeps } from '../actions/change-stock.ts';
import type { RememberedTask, Warmer } from '../actions/warm-up.ts';
import { refused, type Refused } from '../domain/refusals.ts';
import { findArmed, findFirstReserved } from '../store/armed-sales.ts';
import { readNow } from '../store/paying.ts';
import { listEventStock } from '../store/reports.ts';
import { answerRefusal } from './problems.ts';
import { armBody, fenceQuery, message, saleView, uuid } from './schemas.ts';

export type SaleRouteDeps = StockDeps & {
  warmer: Warmer;
  guards: { service: MiddlewareHandler<ServiceEnv> };
};

const security = [{ apiKey: [] }];
const params = z.object({ eventId: uuid });
const refusals = {
  400: 'invalid_request',
  401: 'unauthorized',
  404: 'not_found',
  503: 'database_unavailable',
};
const saleAnswer = {
  description: 'The sale as this process sees it',
  content: { 'application/json': { schema: saleView } },
};

export function saleRoutes(deps: SaleRouteDeps): ServiceApp {
  const app = createRouter();
  addArm(app, deps);
  addReadSale(app, deps);
  addDisarm(app, deps);
  addPrewarm(app, deps);
  return app;
}

function addArm(app: ServiceApp, deps: SaleRouteDeps): void {
  app.openapi(
    createRoute({
      method: 'put',
      path: '/internal/sales/{eventId}',
      summary: 'Arm the sale window; fenced by epoch, uid and generation',
      security,
      middleware: [deps.guards.service],
      request: { params, body: { required: true, content: { 'application/json': { schema: armBody } } } },
      responses: {
        200: saleAnswer,
        ...documentRefusals({
          ...refusals,
          400: 'invalid_request, malformed_body',
          409: 'stale_epoch, with what is stored',
          413: 'body_too_large',
          415: 'malformed_body',
        }),
      },
    }),
    async (c) => {
      const { eventId } = c.req.valid('param');
      const body = c.req.valid('json');
      const opensAt = new Date(body.opens_at);
      const { epoch, uid, generation, intent, warms_at: warmsAt } = body;
      const outcome = await armSale(deps, eventId, {
        epoch,
        uid,
        generation,
        intent,
        opensAt,
        closesAt: body.closes_at === null ? null : new Date(body.closes_at),
        warmLeadMs: warmsAt === undefined ? defaultWarmLeadMs : opensAt.getTime() - Date.parse(warmsAt),
      });
      if (!outcome.ok) return answerRefusal(c, outcome.refusal);
      const read = await readSale(deps, eventId);
      return read.ok ? c.json(read.view, 200) : answerRefusal(c, read.refusal);
    },
  );
}

function addReadSale(app: ServiceApp, deps: SaleRouteDeps): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/internal/sales/{eventId}',
      summary: 'The armed sale and what this process has warm',
      security,
      middleware: [deps.guards.service],
      request: { params },
      responses: {
        200: saleAnswer,
        ...documentRefusals({
          ...refusals,
          404: 'not_found for an unknown event, sale_not_armed for one that never had an armed sale',
        }),
      },
    }),
    async (c) => {
      const read = await readSale(deps, c.req.valid('param').eventId);
      return read.ok ? c.json(read.view, 200) : answerRefusal(c, read.refusal);
    },
  );
}

function addDisarm(app: ServiceApp, deps: SaleRouteDeps): void {
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/internal/sales/{eventId}',
      summary: 'Disarm; leaves a tombstone, also where nothing was armed',
      security,
      middleware: [deps.guards.service],
      request: { params, query: fenceQuery },
      responses: {
        200: { description: 'Disarmed', content: { 'application/json': { schema: message } } },
        ...documentRefusals({ ...refusals, 409: 'stale_epoch, with what is stored' }),
      },
    }),
    async (c) => {
      const outcome = await disarmSale(deps, c.req.valid('param').eventId, c.req.valid('query'));
      return outcome.ok
        ? c.json({ message: 'The sale is disarmed.' }, 200)
        : answerRefusal(c, outcome.refusal);
    },
  );
}

function addPrewarm(app: ServiceApp, deps: SaleRouteDeps): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/internal/prewarm',
      summary: 'Warm what the sale of an event needs in this process',
      security,
      middleware: [deps.guards.service],
      request: {
        body: { required: true, content: { 'application/json': { schema: warmRequest } } },
      },
      responses: {
        200: {
          description: 'What is warm, and why the rest is not: tasks inventory, event and connections',
          content: { 'application/json': { schema: warmAnswer } },
        },
        ...documentRefusals({
          400: 'invalid_request, malformed_body',
          401: 'unauthorized',
          413: 'body_too_large',
          415: 'malformed_body',
          503: 'database_unavailable',
        }),
      },
    }),
    async (c) => c.json({ warm: warmView(await deps.warmer.warm(c.req.valid('json').event_id)) }, 200),
  );
}

function warmView(tasks: readonly RememberedTask[]): z.output<typeof warmAnswer>['warm'] {
  return tasks.map(({ warmedAt, ...task }) => ({ ...task, warmed_at: warmedAt.toISOString() }));
}

type ReadSale = { ok: true; view: z.output<typeof saleView> } | Refused;

/** Refusals: unknown-event, sale-not-armed. Tells the two apart: the one waits for a publication, the other does not. */
async function readSale(deps: SaleRouteDeps, eventId: string): Promise<ReadSale> {
  const [stock] = await listEventStock(deps.db, [eventId]);
  if (stock === undefined) return refused({ kind: 'unknown-event' });
  const armed = await findArmed(deps.db, eventId);
  if (armed === null) return refused({ kind: 'sale-not-armed' });
  const now = await readNow(deps.db);
  const opensAt = new Date(Math.max(armed.opensAt.getTime(), armed.armedAt.getTime()));
  const opened = !armed.disarmed && armed.intent !== 'Hold' && opensAt <= now;
  const firstReserved = opensAt <= now ? await findFirstReserved(deps.db, eventId, opensAt) : null;
  return {
    ok: true,
    view: {
      event_id: eventId,
      epoch: armed.epoch,
      uid: armed.uid,
      generation: armed.generation,
      opens_at: armed.opensAt.toISOString(),
      closes_at: armed.closesAt?.toISOString() ?? null,
      intent: armed.intent,
      warms_at: new Date(armed.opensAt.getTime() - armed.warmLeadMs).toISOString(),
      armed: !armed.disarmed,
      armed_at: armed.armedAt.toISOString(),
      opened_at: opened ? opensAt.toISOString() : null,
      first_reserved_at: firstReserved?.toISOString() ?? null,
      held: stock.held,
      sold: stock.sold,
      available: stock.available,
      warm: warmView(deps.warmer.stateOf(eventId)),
    },
  };
}
