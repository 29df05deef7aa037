/** Routes of reserving and confirming: the hot path. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRoute, z } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import { createRouter, refuse, type ServiceApp, type ServiceEnv } from '@evently/kit/app';
import { principalOf } from '@evently/kit/guards';
import { badRequest } from '@evently/kit/problems';
import { documentRefusals } from '@evently/kit/refusals';
import { confirmBooking, type ConfirmDeps } from '../actions/confirm-booking.ts';
import type { ReserveInput, ReserveQueue } from '../actions/reserve-seats.ts';
import type { Board, Boards } from '../actions/boards.ts';
import { answerRefusal } from './problems.ts';
import { reservePath } from './reserve-direct.ts';
import {
  availability,
  confirmation,
  confirmBody,
  idempotencyKeyHeader,
  quantity,
  reservation,
  reserveBody,
  uuid,
} from './schemas.ts';
import { availabilityView, confirmationView, reservationView } from './views.ts';

/** Availability is read for each question; questions that arrive meanwhile share the read. */
const availabilityMaxAgeMs = 0;

type Guard = MiddlewareHandler<ServiceEnv>;
export type ReservationRouteDeps = ConfirmDeps & {
  queue: ReserveQueue;
  boards: Boards;
  guards: { buyer: Guard; reserveLimit: Guard; writeLimit: Guard; readLimit: Guard };
};

export function reservationRoutes(deps: ReservationRouteDeps): ServiceApp {
  // A script counts successes by these letters, so no refusal may hold them.
  const app = createRouter({ reservation_id: 'reservation' });
  addCheckAvailability(app, deps);
  addReserve(app, deps);
  addConfirm(app, deps);
  return app;
}

function addCheckAvailability(app: ServiceApp, deps: ReservationRouteDeps): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/bookings/check-availability',
      summary: 'Whether a quantity is available, fresh from the database',
      middleware: [deps.guards.readLimit],
      request: { query: z.object({ event_id: uuid, quantity: z.coerce.number().pipe(quantity).default(1) }) },
      responses: {
        200: { description: 'What is left now', content: { 'application/json': { schema: availability } } },
        ...documentRefusals({
          400: 'invalid_request',
          404: 'not_found',
          429: 'rate_limited',
          503: 'database_unavailable',
        }),
      },
    }),
    async (c) => {
      const query = c.req.valid('query');
      const board = await deps.boards.fresh(query.event_id, availabilityMaxAgeMs);
      if (board === null) return answerRefusal(c, { kind: 'unknown-event' });
      return c.json(availabilityView(sellable(board), query.quantity), 200);
    },
  );
}

/** Seats of an event that is cancelled, deleted or over are nobody's to have, whatever its counters say. */
function sellable(board: Board): Board {
  if (board.status === 'published') return board;
  return { ...board, tiers: board.tiers.map((tier) => ({ ...tier, available: 0 })) };
}

function addReserve(app: ServiceApp, deps: ReservationRouteDeps): void {
  const { guards } = deps;
  app.openapi(
    createRoute({
      method: 'post',
      path: reservePath,
      summary: 'Hold seats, all or nothing, for a limited time',
      security: [{ bearer: [] }],
      middleware: [guards.buyer, guards.reserveLimit],
      // Documented here and read by hand: a schema for headers would copy them all, at each reservation.
      parameters: [{ in: 'header', name: 'Idempotency-Key', schema: { type: 'string', maxLength: 255 } }],
      request: { body: { required: true, content: { 'application/json': { schema: reserveBody } } } },
      responses: {
        200: { description: 'The seats are held', content: { 'application/json': { schema: reservation } } },
        ...documentRefusals({
          400: 'invalid_request, malformed_body, over_booking_limit, tier_required, unknown_tier',
          401: 'unauthorized',
          404: 'not_found',
          409: 'sold_out (with waitlist when enrolled), not_enough_seats, limit_reached, sale_not_open, sale_closed, event_cancelled',
          413: 'body_too_large',
          415: 'malformed_body',
          422: 'idempotency_key_reused',
          429: 'rate_limited',
          503: 'queue_full, database_unavailable',
        }),
      },
    }),
    (c) => reserve(deps, c, c.req.valid('json')),
  );
}

function addConfirm(app: ServiceApp, deps: ReservationRouteDeps): void {
  const { guards } = deps;
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/bookings/confirm',
      summary: 'Pay for a reservation and confirm it; charges once',
      security: [{ bearer: [] }],
      middleware: [guards.buyer, guards.writeLimit],
      request: { body: { required: true, content: { 'application/json': { schema: confirmBody } } } },
      responses: {
        200: { description: 'Confirmed', content: { 'application/json': { schema: confirmation } } },
        202: {
          description: 'The payment has no outcome yet; look at Location',
          content: { 'application/json': { schema: confirmation } },
        },
        ...documentRefusals({
          400: 'invalid_request, malformed_body',
          401: 'unauthorized',
          402: 'payment_refused',
          404: 'not_found',
          409: 'already_cancelled, booking_released, event_cancelled',
          410: 'booking_expired',
          413: 'body_too_large',
          415: 'malformed_body',
          429: 'rate_limited',
          503: 'queue_full, database_unavailable',
        }),
      },
    }),
    async (c) => {
      const body = c.req.valid('json');
      const outcome = await confirmBooking(deps, {
        bookingId: body.reservation_id,
        userId: principalOf(c).id,
        paymentToken: body.payment_token,
        paymentMethod: body.payment_method,
      });
      if (!outcome.ok) return answerRefusal(c, outcome.refusal);
      if (outcome.settled) return c.json(confirmationView(outcome.booking), 200);
      c.header('location', `/api/booking/bookings/${outcome.booking.id}`);
      return c.json(confirmationView(outcome.booking), 202);
    },
  );
}

async function reserve(
  deps: ReservationRouteDeps,
  c: Context<ServiceEnv>,
  body: z.output<typeof reserveBody>,
): Promise<Response> {
  const key = keyOf(c, body.idempotency_key);
  if (key === null) {
    return refuse(
      c,
      badRequest([
        {
          field: 'idempotency_key',
          message: 'needed, in the body or as Idempotency-Key: 1 to 255 characters',
        },
      ]),
    );
  }
  const lines: ReserveInput['lines'] = body.items?.map((item) => ({
    tierId: item.tier_id,
    quantity: item.quantity,
  })) ?? [{ tierId: body.tier_id ?? null, quantity: body.quantity ?? 0 }];
  const outcome = await deps.queue.reserve({
    eventId: body.event_id,
    userId: principalOf(c).id,
    key,
    lines,
    isAbandoned: abandonedBy(c.env),
  });
  if (!outcome.ok) {
    // Nobody reads the answer to an abandoned request; 499 is for the log alone.
    return 'abandoned' in outcome ? new Response(null, { status: 499 }) : answerRefusal(c, outcome.refusal);
  }
  if (outcome.replayed) c.header('idempotency-replayed', 'true');
  return c.json(reservationView(outcome.booking), 200);
}

/** The header before the body's member; null when there is neither, or the header is not valid. */
function keyOf(c: Context<ServiceEnv>, inBody: string | undefined): string | null {
  const header = c.req.header('idempotency-key');
  if (header === undefined) return inBody ?? null;
  const parsed = idempotencyKeyHeader.safeParse(header);
  return parsed.success ? parsed.data : null;
}

type NodeBindings = { incoming?: IncomingMessage; outgoing?: ServerResponse };

/** True once the client's connection is gone; false where there is no connection, as in tests. */
function abandonedBy(env: unknown): () => boolean {
  const outgoing = hasOutgoing(env) ? env.outgoing : undefined;
  return () => outgoing?.destroyed === true;
}
function hasOutgoing(env: unknown): env is NodeBindings {
  return typeof env === 'object' && env !== null && 'outgoing' in env;
}
