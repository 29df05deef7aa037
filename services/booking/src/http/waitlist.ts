/** Routes of the waitlist. */
import { createRoute, z } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import { createRouter, type ServiceApp, type ServiceEnv } from '@evently/kit/app';
import { principalOf } from '@evently/kit/guards';
import { documentRefusals } from '@evently/kit/refusals';
import {
  joinWaitlist,
  leaveWaitlist,
  readPlace,
  type JoinOutcome,
  type Place,
  type WaitDeps,
} from '../actions/wait-for-seats.ts';
import { claimOf } from '../domain/booking.ts';
import { answerOnce } from './answer-once.ts';
import { answerRefusal } from './problems.ts';
import { idempotencyKeyHeader, joinBody, joined, leaveBody, message, place, uuid } from './schemas.ts';

type Guard = MiddlewareHandler<ServiceEnv>;
export type WaitlistRouteDeps = WaitDeps & { guards: { buyer: Guard; writeLimit: Guard; readLimit: Guard } };

const security = [{ bearer: [] }];

export function waitlistRoutes(deps: WaitlistRouteDeps): ServiceApp {
  const app = createRouter();
  addJoin(app, deps);
  addPosition(app, deps);
  addLeave(app, deps);
  return app;
}

function addJoin(app: ServiceApp, deps: WaitlistRouteDeps): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/waitlist/join',
      summary: 'Wait for seats that come back',
      security,
      middleware: [deps.guards.buyer, deps.guards.writeLimit],
      request: {
        headers: z.object({ 'idempotency-key': idempotencyKeyHeader.optional() }),
        body: { required: true, content: { 'application/json': { schema: joinBody } } },
      },
      responses: {
        200: { description: 'Waiting', content: { 'application/json': { schema: joined } } },
        ...documentRefusals({
          400: 'invalid_request, malformed_body, seats_available, tier_required, unknown_tier, over_booking_limit',
          401: 'unauthorized',
          404: 'not_found',
          409: 'already_waiting, waitlist_closed, waitlist_full, limit_reached, event_cancelled',
          413: 'body_too_large',
          415: 'malformed_body',
          422: 'idempotency_key_reused',
          429: 'rate_limited',
          503: 'database_unavailable',
        }),
      },
    }),
    (c) => join(deps, c, c.req.valid('json'), c.req.valid('header')['idempotency-key']),
  );
}

function join(
  deps: WaitlistRouteDeps,
  c: Context<ServiceEnv>,
  body: z.output<typeof joinBody>,
  key: string | undefined,
) {
  const userId = principalOf(c).id;
  const input = { eventId: body.event_id, userId, tierId: body.tier_id ?? null, quantity: body.quantity };
  const call = { operation: 'POST /waitlist/join', key, body, schema: joined };
  return answerOnce(deps, c, call, async (client) => {
    const { outcome, committed } = await joinWaitlist(deps, input, client);
    return { outcome: outcome.ok ? { ok: true, view: joinedView(outcome) } : outcome, committed };
  });
}

function addPosition(app: ServiceApp, deps: WaitlistRouteDeps): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/waitlist/position',
      summary: 'Where you stand; an open offer names its reservation',
      security,
      middleware: [deps.guards.buyer, deps.guards.readLimit],
      request: { query: z.object({ event_id: uuid, tier_id: uuid.optional() }) },
      responses: {
        200: { description: 'Your place', content: { 'application/json': { schema: place } } },
        ...documentRefusals({
          400: 'invalid_request',
          401: 'unauthorized',
          404: 'not_waiting',
          429: 'rate_limited',
          503: 'database_unavailable',
        }),
      },
    }),
    async (c) => {
      const query = c.req.valid('query');
      const found = await readPlace(deps.db, query.event_id, principalOf(c).id, query.tier_id ?? null);
      return found === null ? answerRefusal(c, { kind: 'not-waiting' }) : c.json(placeView(found), 200);
    },
  );
}

function addLeave(app: ServiceApp, deps: WaitlistRouteDeps): void {
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/api/v1/waitlist/leave',
      summary: 'Leave the waitlist; an open offer passes on',
      security,
      middleware: [deps.guards.buyer, deps.guards.writeLimit],
      request: {
        headers: z.object({ 'idempotency-key': idempotencyKeyHeader.optional() }),
        body: { required: true, content: { 'application/json': { schema: leaveBody } } },
      },
      responses: {
        200: { description: 'Left', content: { 'application/json': { schema: message } } },
        ...documentRefusals({
          400: 'invalid_request, malformed_body',
          401: 'unauthorized',
          404: 'not_waiting, not_found',
          409: 'payment_in_progress',
          413: 'body_too_large',
          415: 'malformed_body',
          422: 'idempotency_key_reused',
          429: 'rate_limited',
          503: 'database_unavailable',
        }),
      },
    }),
    (c) => {
      const body = c.req.valid('json');
      const key = c.req.valid('header')['idempotency-key'];
      const call = { operation: 'DELETE /waitlist/leave', key, body, schema: message };
      return answerOnce(deps, c, call, async (client) => {
        const { outcome, committed } = await leaveWaitlist(deps, body.event_id, principalOf(c).id, client);
        const view = { message: 'You have left the waitlist.' };
        return { outcome: outcome.ok ? { ok: true, view } : outcome, committed };
      });
    },
  );
}

function joinedView(outcome: JoinOutcome & { ok: true }): z.output<typeof joined> {
  return {
    waitlist_id: outcome.waitlistId,
    position: outcome.position,
    estimated_wait: estimate(outcome.position),
    status: 'waiting',
  };
}

function placeView(found: Place): z.output<typeof place> {
  const { entry, offer } = found;
  const live = offer !== null && claimOf(offer.status) === 'held';
  return {
    waitlist_id: entry.id,
    position: found.position,
    total_waiting: found.totalWaiting,
    status: entry.status === 'left' ? 'expired' : entry.status,
    estimated_wait: entry.status === 'waiting' ? estimate(found.position) : 'none',
    quantity_requested: entry.quantity,
    tier_id: entry.tierId,
    ...(live ? { reservation_id: offer.id, expires_at: offer.expiresAt.toISOString() } : {}),
    ...(entry.offeredAt === null ? {} : { offered_at: entry.offeredAt.toISOString() }),
  };
}

// Holds end after a quarter of an hour unless they are paid, and about one in ten is not: what frees one
// place is some ten holds ahead of it. An honest range is better than minutes nobody can know.
const soonUpTo = 10;
const laterUpTo = 100;
function estimate(position: number): string {
  if (position <= soonUpTo) return 'under an hour if holds lapse';
  return position <= laterUpTo ? 'hours, or until others cancel' : 'unlikely before others cancel';
}
