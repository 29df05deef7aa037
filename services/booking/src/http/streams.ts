/** Server-Sent Events of a booking's status, each with its revision as id, so that a client can resume. */
import { createRoute, z } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { streamSSE } from 'hono/streaming';
import { createRouter, type ServiceApp, type ServiceEnv } from '@evently/kit/app';
import { principalOf } from '@evently/kit/guards';
import { documentRefusals } from '@evently/kit/refusals';
import type { Watchers } from '../actions/watch-bookings.ts';
import { findVisible } from './bookings.ts';
import type { EndDeps } from '../actions/end-bookings.ts';
import { answerRefusal } from './problems.ts';
import { uuid } from './schemas.ts';

export type StreamRouteDeps = Pick<EndDeps, 'db'> & {
  watchers: Watchers;
  guards: { buyer: MiddlewareHandler<ServiceEnv>; readLimit: MiddlewareHandler<ServiceEnv> };
};

const retryMs = 2_000;

export function streamRoutes(deps: StreamRouteDeps): ServiceApp {
  const app = createRouter();
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/bookings/{id}/stream',
      summary: 'Status changes as they happen; resumes after Last-Event-ID',
      security: [{ bearer: [] }],
      middleware: [deps.guards.buyer, deps.guards.readLimit],
      request: {
        params: z.object({ id: uuid }),
        headers: z.object({ 'last-event-id': z.coerce.number().int().min(0).max(1_000_000).optional() }),
      },
      responses: {
        200: {
          description: 'Events named "status" with {booking_id, status, at}',
          content: { 'text/event-stream': { schema: z.string() } },
        },
        ...documentRefusals({
          400: 'invalid_request',
          401: 'unauthorized',
          404: 'not_found',
          429: 'rate_limited',
          503: 'too_many_streams, database_unavailable',
        }),
      },
    }),
    async (c) => {
      const booking = await findVisible(deps, c, c.req.valid('param').id);
      if (booking === null) return answerRefusal(c, { kind: 'unknown-booking' });
      const after = c.req.valid('header')['last-event-id'] ?? 0;
      const watcher = deps.watchers.open(principalOf(c).id, booking.id, after);
      if (watcher === null) return answerRefusal(c, { kind: 'too-many-streams' });
      c.header('x-accel-buffering', 'no');
      return streamSSE(c, async (stream) => {
        stream.onAbort(() => watcher.close());
        await stream.write(`retry: ${retryMs}\n\n`);
        for await (const step of watcher.steps) {
          if (step === 'heartbeat') await stream.write(': still here\n\n');
          else
            await stream.writeSSE({
              id: String(step.revision),
              event: 'status',
              data: JSON.stringify({
                booking_id: booking.id,
                status: step.status,
                at: step.at.toISOString(),
              }),
            });
        }
      });
    },
  );
  return app;
}
