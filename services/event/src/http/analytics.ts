/** How an event sells, for administrators. */
import { createRoute, z } from '@hono/zod-openapi';
import { toMajor } from '@evently/contracts/money';
import { createRouter, type ServiceApp } from '@evently/kit/app';
import type { Database } from '@evently/kit/postgres';
import { documentRefusals } from '@evently/kit/refusals';
import { jsonAnswer } from '@evently/kit/route-parts';
import type { BookingPort, SalesReport } from '../actions/ask-booking.ts';
import { reportSales } from '../actions/report-sales.ts';
import type { CatalogEvent } from '../domain/event.ts';
import { adminRefusals, uuid } from './fields.ts';
import { refuseEvent } from './problems.ts';
import type { AdminGuards } from './venues.ts';

export type AnalyticsDeps = { db: Database; booking: BookingPort; guards: AdminGuards };

const salesAnswer = z
  .object({
    event_id: uuid,
    name: z.string(),
    total_capacity: z.int(),
    available_seats: z.int(),
    tickets_sold: z.int(),
    capacity_utilization: z.number().describe('Sold of the whole capacity, in percent, two digits'),
    base_price: z.number(),
    estimated_revenue: z.number().describe('tickets_sold at base_price'),
    currency: z.string(),
    revenue: z.number().describe('What was paid, refunds not taken off'),
    held: z.int(),
    refunded: z.number(),
    conversion: z.number().describe('Confirmed over all reservations, 0 to 1'),
    sales_per_minute: z.array(z.object({ minute: z.string(), tickets: z.int() })),
    bookings: z.object({
      total: z.int(),
      pending: z.int(),
      confirmed: z.int(),
      cancelled: z.int(),
      expired: z.int(),
    }),
  })
  .openapi('EventAnalytics');

export function analyticsRoutes(deps: AnalyticsDeps): ServiceApp {
  const router = createRouter();
  const route = createRoute({
    method: 'get',
    path: '/api/v1/admin/events/{id}/analytics',
    summary: 'Seats and money of an event, from the books of booking',
    security: [{ bearer: [] }],
    middleware: [deps.guards.readEvents],
    request: { params: z.object({ id: uuid }) },
    responses: {
      200: jsonAnswer('The figures of now', salesAnswer),
      ...documentRefusals({
        400: 'invalid_request',
        ...adminRefusals,
        404: 'not_found',
        503: 'booking_unavailable, database_unavailable',
      }),
    },
  });
  router.openapi(route, async (c) => {
    const outcome = await reportSales(deps, c.req.valid('param').id);
    return outcome.ok
      ? c.json(presentSales(outcome.event, outcome.report), 200)
      : refuseEvent(c, outcome.refusal);
  });
  return router;
}

const noBookings = { total: 0, pending: 0, confirmed: 0, cancelled: 0, expired: 0 };

function presentSales(event: CatalogEvent, report: SalesReport | null): z.output<typeof salesAnswer> {
  const { currency } = event;
  const capacity = report?.capacity ?? event.totalCapacity;
  const sold = report?.sold ?? 0;
  return {
    event_id: event.eventId,
    name: event.name,
    total_capacity: capacity,
    available_seats: report?.available ?? capacity,
    tickets_sold: sold,
    capacity_utilization: capacity === 0 ? 0 : Math.round((sold / capacity) * 10_000) / 100,
    base_price: toMajor(event.basePriceMinor, currency),
    estimated_revenue: toMajor(event.basePriceMinor * sold, currency),
    currency,
    revenue: toMajor(report?.revenue_minor ?? 0, currency),
    held: report?.held ?? 0,
    refunded: toMajor(report?.refunded_minor ?? 0, currency),
    conversion: report?.conversion ?? 0,
    sales_per_minute: report?.sales_per_minute ?? [],
    bookings: report?.bookings ?? noBookings,
  };
}
