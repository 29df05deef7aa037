/** Routes of a buyer's bookings: look, cancel, give back, list, tickets. */
import { createRoute, z } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import { createRouter, type ServiceApp, type ServiceEnv } from '@evently/kit/app';
import type { Principal } from '@evently/kit/auth';
import { principalOf } from '@evently/kit/guards';
import { documentRefusals } from '@evently/kit/refusals';
import type { EndQueue } from '../actions/end-own-bookings.ts';
import type { StockDeps } from '../actions/change-stock.ts';
import type { Booking } from '../domain/booking.ts';
import { findBooking, listByUser } from '../store/bookings.ts';
import { listDetails } from '../store/details.ts';
import { listRefunds } from '../store/refunds.ts';
import { listTickets } from '../store/tickets.ts';
import { endOnce } from './end-once.ts';
import { answerRefusal } from './problems.ts';
import {
  bookingList,
  bookingView,
  cancelled,
  idempotencyKeyHeader,
  listQuery,
  ticketView,
  uuid,
} from './schemas.ts';
import { viewBooking } from './views.ts';

type Guard = MiddlewareHandler<ServiceEnv>;
export type BookingRouteDeps = Pick<StockDeps, 'db' | 'tickets'> & {
  endQueue: EndQueue;
  guards: { buyer: Guard; writeLimit: Guard; readLimit: Guard };
};

const params = z.object({ id: uuid });
const security = [{ bearer: [] }];
const readRefusals = documentRefusals({
  400: 'invalid_request',
  401: 'unauthorized',
  404: 'not_found (also for what is not yours)',
  429: 'rate_limited',
  503: 'database_unavailable',
});
const keyHeader = z.object({ 'idempotency-key': idempotencyKeyHeader.optional() });
const endRefusals = {
  400: 'invalid_request',
  401: 'unauthorized',
  404: 'not_found',
  410: 'booking_expired',
  422: 'idempotency_key_reused',
  429: 'rate_limited',
  503: 'queue_full, database_unavailable',
};

export function bookingRoutes(deps: BookingRouteDeps): ServiceApp {
  const app = createRouter();
  addListByUser(app, deps);
  addLook(app, deps);
  addTickets(app, deps);
  addCancel(app, deps);
  addReturn(app, deps);
  return app;
}

function addListByUser(app: ServiceApp, deps: BookingRouteDeps): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/bookings/user/{id}',
      summary: 'Bookings of a buyer, newest first; the buyer or an administrator',
      security,
      middleware: [deps.guards.buyer, deps.guards.readLimit],
      request: { params, query: listQuery },
      responses: {
        200: { description: 'A page of bookings', content: { 'application/json': { schema: bookingList } } },
        ...readRefusals,
      },
    }),
    async (c) => {
      const { id } = c.req.valid('param');
      if (!maySee(principalOf(c), id)) return answerRefusal(c, { kind: 'unknown-booking' });
      return c.json(await pageOfBookings(deps, id, c.req.valid('query')), 200);
    },
  );
}

function addLook(app: ServiceApp, deps: BookingRouteDeps): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/bookings/{id}',
      summary: 'A booking; its owner or an administrator',
      security,
      middleware: [deps.guards.buyer, deps.guards.readLimit],
      request: { params },
      responses: {
        200: { description: 'The booking', content: { 'application/json': { schema: bookingView } } },
        ...readRefusals,
      },
    }),
    async (c) => {
      const booking = await findVisible(deps, c, c.req.valid('param').id);
      if (booking === null) return answerRefusal(c, { kind: 'unknown-booking' });
      const [view] = await viewBookings(deps, [booking]);
      return view === undefined ? answerRefusal(c, { kind: 'unknown-booking' }) : c.json(view, 200);
    },
  );
}

function addTickets(app: ServiceApp, deps: BookingRouteDeps): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/bookings/{id}/tickets',
      summary: 'The tickets of a confirmed booking, with their codes',
      security,
      middleware: [deps.guards.buyer, deps.guards.readLimit],
      request: { params },
      responses: {
        200: {
          description: 'One ticket for each seat',
          content: {
            'application/json': { schema: z.object({ booking_id: uuid, tickets: z.array(ticketView) }) },
          },
        },
        ...readRefusals,
      },
    }),
    async (c) => {
      const booking = await findVisible(deps, c, c.req.valid('param').id);
      if (booking === null) return answerRefusal(c, { kind: 'unknown-booking' });
      return c.json({ booking_id: booking.id, tickets: await viewTickets(deps, booking) }, 200);
    },
  );
}

function addCancel(app: ServiceApp, deps: BookingRouteDeps): void {
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/api/v1/bookings/{id}',
      summary: 'Cancel a booking: a hold is released, a bought one refunded by policy',
      security,
      middleware: [deps.guards.buyer, deps.guards.writeLimit],
      request: { params, headers: keyHeader },
      responses: {
        200: { description: 'Cancelled', content: { 'application/json': { schema: cancelled } } },
        ...documentRefusals({
          ...endRefusals,
          409: 'already_cancelled, payment_in_progress, ticket_already_used',
        }),
      },
    }),
    (c) => {
      const { id } = c.req.valid('param');
      const key = c.req.valid('header')['idempotency-key'];
      const operation = `DELETE /bookings/${id}`;
      const message = 'The booking is cancelled.';
      return endOnce(deps.endQueue, c, { how: 'cancel', bookingId: id, operation, key, message });
    },
  );
}

function addReturn(app: ServiceApp, deps: BookingRouteDeps): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/bookings/{id}/expire',
      summary: 'Give a pending reservation back',
      security,
      middleware: [deps.guards.buyer, deps.guards.writeLimit],
      request: { params, headers: keyHeader },
      responses: {
        200: { description: 'The seats went back', content: { 'application/json': { schema: cancelled } } },
        ...documentRefusals({
          ...endRefusals,
          409: 'already_cancelled, already_confirmed, payment_in_progress',
        }),
      },
    }),
    (c) => {
      const { id } = c.req.valid('param');
      const key = c.req.valid('header')['idempotency-key'];
      const operation = `POST /bookings/${id}/expire`;
      const message = 'The reservation was given back.';
      return endOnce(deps.endQueue, c, { how: 'return', bookingId: id, operation, key, message });
    },
  );
}

/** The owner, and administrators who may read bookings: not whoever scans tickets or edits venues. */
function maySee(principal: Principal, ownerId: string): boolean {
  const { role, permissions } = principal;
  if (role === 'admin') return permissions.includes('*') || permissions.includes('bookings:read');
  return principal.id === ownerId;
}

/** The booking when the caller may see it; a stranger's is as unknown as a missing one (I40). */
export async function findVisible(
  deps: Pick<StockDeps, 'db'>,
  c: Context<ServiceEnv>,
  bookingId: string,
): Promise<Booking | null> {
  const booking = await findBooking(deps.db, bookingId);
  return booking !== null && maySee(principalOf(c), booking.userId) ? booking : null;
}

export async function viewBookings(
  deps: Pick<StockDeps, 'db'>,
  bookings: readonly Booking[],
): Promise<z.output<typeof bookingView>[]> {
  const details = await listDetails(deps.db, [...new Set(bookings.map((booking) => booking.eventId))]);
  const refunds = await listRefunds(
    deps.db,
    bookings.map((booking) => booking.id),
  );
  return bookings.map((booking) =>
    viewBooking(
      booking,
      details.get(booking.eventId),
      refunds.filter((refund) => refund.bookingId === booking.id),
    ),
  );
}

export async function pageOfBookings(
  deps: Pick<StockDeps, 'db'>,
  userId: string,
  query: z.output<typeof listQuery>,
): Promise<z.output<typeof bookingList>> {
  const { page, limit, status } = query;
  const { bookings, total } = await listByUser(deps.db, userId, status ?? null, {
    limit,
    offset: (page - 1) * limit,
  });
  return {
    bookings: await viewBookings(deps, bookings),
    total,
    page,
    limit,
    total_pages: Math.ceil(total / limit),
  };
}

async function viewTickets(deps: BookingRouteDeps, booking: Booking): Promise<z.output<typeof ticketView>[]> {
  const tickets = await listTickets(deps.db, booking.id);
  return tickets.map((ticket) => {
    const code = deps.tickets.codeOf(ticket);
    return {
      ticket_id: `${ticket.bookingId}-${ticket.number}`,
      number: ticket.number,
      tier_id: ticket.tierId,
      status: ticket.status,
      code,
      qr: `evently:${booking.eventId}:${code}`,
      used_at: ticket.usedAt?.toISOString() ?? null,
    };
  });
}
