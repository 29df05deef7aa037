/** The door: one route that lets a ticket in once. */
import { createRoute } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { createRouter, type ServiceApp, type ServiceEnv } from '@evently/kit/app';
import { principalOf } from '@evently/kit/guards';
import { documentRefusals } from '@evently/kit/refusals';
import { scanTicket } from '../actions/scan-ticket.ts';
import type { StockDeps } from '../actions/change-stock.ts';
import { answerRefusal } from './problems.ts';
import { scanBody, scanned } from './schemas.ts';

export type TicketRouteDeps = Pick<StockDeps, 'db' | 'tickets'> & {
  guards: { scanner: MiddlewareHandler<ServiceEnv> };
};

export function ticketRoutes(deps: TicketRouteDeps): ServiceApp {
  const app = createRouter();
  return app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/tickets/scan',
      summary: 'Check a ticket in; a code is accepted once',
      security: [{ bearer: [] }],
      middleware: [deps.guards.scanner],
      request: { body: { required: true, content: { 'application/json': { schema: scanBody } } } },
      responses: {
        200: { description: 'Let in', content: { 'application/json': { schema: scanned } } },
        ...documentRefusals({
          400: 'invalid_request, malformed_body',
          401: 'unauthorized',
          403: 'forbidden',
          404: 'not_found',
          409: 'ticket_already_used, with when and where',
          410: 'ticket_void',
          413: 'body_too_large',
          415: 'malformed_body',
          503: 'database_unavailable',
        }),
      },
    }),
    async (c) => {
      const { code, where } = c.req.valid('json');
      const outcome = await scanTicket(deps, {
        code: code.split(':').at(-1) ?? code,
        where,
        scannedBy: principalOf(c).id,
      });
      if (!outcome.ok) return answerRefusal(c, outcome.refusal);
      const { ticket } = outcome;
      return c.json(
        {
          status: 'accepted' as const,
          booking_id: ticket.bookingId,
          event_id: ticket.eventId,
          tier_id: ticket.tierId,
          number: ticket.number,
          used_at: (ticket.usedAt ?? new Date(0)).toISOString(),
        },
        200,
      );
    },
  );
}
