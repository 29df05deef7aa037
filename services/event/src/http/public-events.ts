/** Public routes of events: what is on sale, and one event with what is left of it. */
import { createHash } from 'node:crypto';
import { createRoute, z } from '@hono/zod-openapi';
import { createRouter, type ServiceApp } from '@evently/kit/app';
import { documentRefusals } from '@evently/kit/refusals';
import { jsonAnswer } from '@evently/kit/route-parts';
import type { EventPages } from '../actions/event-pages.ts';
import { eventTypes } from '../domain/event.ts';
import { availabilityAnswer, eventAnswer, presentAvailability, presentEvent } from './event-schemas.ts';
import { day, instant, line, pageQuery, uuid } from './fields.ts';
import type { Limits } from './limits.ts';
import { refuseEvent } from './problems.ts';

export type PublicEventDeps = { pages: EventPages; limits: Limits };

const params = z.object({ id: uuid });
const msPerDay = 86_400_000;
// Stock changes any moment: kept copies are asked for again, and cost 304 when nothing changed.
const revalidated = { 'cache-control': 'public, no-cache' };
const readRefusals = { 400: 'invalid_request', 429: 'rate_limited', 503: 'database_unavailable' } as const;

const from = z.union([day, instant]).openapi({ type: 'string', example: '2026-11-20' });
/** A day means its end: events that start on it are listed. */
const until = z
  .union([day.transform((date) => new Date(date.getTime() + msPerDay)), instant])
  .openapi({ type: 'string', example: '2026-12-31' });

export function publicEventRoutes(deps: PublicEventDeps): ServiceApp {
  const router = createRouter();
  listRoute(router, deps);
  readRoute(router, deps);
  availabilityRoute(router, deps);
  return router;
}

function listRoute(router: ServiceApp, deps: PublicEventDeps): void {
  const query = z.object({
    ...pageQuery,
    city: line(120).optional(),
    type: z
      .string()
      .transform((text) => text.toLowerCase())
      .pipe(z.enum(eventTypes))
      .optional(),
    date_from: from.optional(),
    date_to: until.optional(),
  });
  const answer = z.object({
    events: z.array(eventAnswer),
    total: z.int(),
    page: z.int(),
    limit: z.int(),
    has_more: z.boolean(),
  });
  const route = createRoute({
    method: 'get',
    path: '/api/v1/events',
    summary:
      'Published and sold-out events, earliest start first; without date_from those that have not ended',
    middleware: [deps.limits.reads],
    request: { query },
    responses: { 200: jsonAnswer('One page', answer), ...documentRefusals(readRefusals) },
  });
  router.openapi(route, async (c) => {
    const { page, limit, city, type, date_from: dateFrom, date_to: dateBefore } = c.req.valid('query');
    const offset = (page - 1) * limit;
    const list = await deps.pages.list({
      city: city ?? null,
      type: type ?? null,
      dateFrom: dateFrom ?? null,
      dateBefore: dateBefore ?? null,
      limit,
      offset,
    });
    const events = list.pages.map(presentEvent);
    const hasMore = offset + events.length < list.total;
    return c.json({ events, total: list.total, page, limit, has_more: hasMore }, 200, revalidated);
  });
}

function readRoute(router: ServiceApp, deps: PublicEventDeps): void {
  const route = createRoute({
    method: 'get',
    path: '/api/v1/events/{id}',
    summary: 'An event with what is left of it; drafts are not to be seen',
    middleware: [deps.limits.reads],
    request: { params, headers: z.object({ 'if-none-match': z.string().optional() }) },
    responses: {
      200: {
        ...jsonAnswer('The event', eventAnswer),
        headers: z.object({ ETag: z.string() }),
      },
      304: { description: 'Nothing changed since the ETag in If-None-Match' },
      ...documentRefusals({ ...readRefusals, 404: 'not_found' }),
    },
  });
  router.openapi(route, async (c) => {
    const page = await deps.pages.read(c.req.valid('param').id);
    if (page === null) return refuseEvent(c, { kind: 'unknown-event' });
    const event = presentEvent(page);
    const etag = `"${createHash('sha256').update(JSON.stringify(event)).digest('base64url').slice(0, 22)}"`;
    const headers = { ...revalidated, etag };
    if (names(c.req.valid('header')['if-none-match'], etag)) return c.body(null, 304, headers);
    return c.json(event, 200, headers);
  });
}

/** If-None-Match compares weakly and may be a list or `*` (RFC 9110, section 13.1.2). */
function names(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((part) => {
    const tag = part.trim().replace(/^W\//, '');
    return tag === '*' || tag === etag;
  });
}

function availabilityRoute(router: ServiceApp, deps: PublicEventDeps): void {
  const route = createRoute({
    method: 'get',
    path: '/api/v1/events/{id}/availability',
    summary: 'Seats that are free, in all and per tier; at most a second old',
    middleware: [deps.limits.reads],
    request: { params },
    responses: {
      200: jsonAnswer('What is left', availabilityAnswer),
      ...documentRefusals({ ...readRefusals, 404: 'not_found' }),
    },
  });
  router.openapi(route, async (c) => {
    const page = await deps.pages.read(c.req.valid('param').id);
    return page === null
      ? refuseEvent(c, { kind: 'unknown-event' })
      : c.json(presentAvailability(page), 200, revalidated);
  });
}
