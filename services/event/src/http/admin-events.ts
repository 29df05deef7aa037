/** Routes of events for administrators: make, list, change, publish, cancel, delete. */
import { createRoute, z } from '@hono/zod-openapi';
import { createRouter, refuse, type ServiceApp } from '@evently/kit/app';
import { principalOf } from '@evently/kit/guards';
import { badRequest } from '@evently/kit/problems';
import { documentRefusals } from '@evently/kit/refusals';
import { bodyRefusals, jsonAnswer, jsonBody } from '@evently/kit/route-parts';
import { createEvent } from '../actions/create-event.ts';
import { editEvent, type EditEventDeps } from '../actions/edit-event.ts';
import { readStock, withStock } from '../actions/event-pages.ts';
import { removeEvent } from '../actions/remove-event.ts';
import type { StockBoard } from '../actions/stock-board.ts';
import { eventTypes, type CatalogEvent } from '../domain/event.ts';
import { untouchedStock } from '../domain/stock.ts';
import { countEvents, listEvents } from '../store/event-lists.ts';
import { findEvent } from '../store/events.ts';
import { answerOnce } from './answer-once.ts';
import {
  eventAnswer,
  eventBody,
  eventEditBody,
  presentEvent,
  writtenEdit,
  writtenEvent,
} from './event-schemas.ts';
import { adminRefusals, idempotencyHeader, line, messageAnswer, pageQuery, uuid } from './fields.ts';
import { refuseEvent } from './problems.ts';
import type { AdminGuards } from './venues.ts';

export type AdminEventDeps = EditEventDeps & {
  board: StockBoard;
  guards: AdminGuards;
  defaultCurrency: string;
};

const security = [{ bearer: [] }];
const params = z.object({ id: uuid });
const editConflicts =
  'version_conflict with the current version, invalid_transition, event_over, event_closed, capacity_above_venue, ' +
  "or booking's capacity_below_sold, tier_in_use, currency_fixed, sale_managed";

export function adminEventRoutes(deps: AdminEventDeps): ServiceApp {
  const router = createRouter();
  createEventRoute(router, deps);
  listRoute(router, deps);
  readRoute(router, deps);
  editRoute(router, deps);
  for (const [verb, status] of [
    ['publish', 'published'],
    ['cancel', 'cancelled'],
  ] as const)
    statusRoute(router, deps, verb, status);
  removeRoute(router, deps);
  return router;
}

async function present(deps: AdminEventDeps, event: CatalogEvent): Promise<z.output<typeof eventAnswer>> {
  return presentEvent({ event, stock: await readStock(deps.board, event) });
}

function createEventRoute(router: ServiceApp, deps: AdminEventDeps): void {
  const operation = 'POST /api/v1/admin/events';
  const route = createRoute({
    method: 'post',
    path: '/api/v1/admin/events',
    summary: 'Make a draft; without tiers it gets one, "General", with the whole capacity at base_price',
    security,
    middleware: [deps.guards.writeEvents],
    request: { headers: idempotencyHeader, body: jsonBody(eventBody) },
    responses: {
      201: jsonAnswer('The draft', eventAnswer),
      ...documentRefusals({
        ...bodyRefusals,
        ...adminRefusals,
        409: 'capacity_above_venue',
        422: 'idempotency_key_reused',
      }),
    },
  });
  router.openapi(route, async (c) => {
    const body = c.req.valid('json');
    const key = c.req.valid('header')['idempotency-key'];
    return answerOnce(c, deps.db, { key, operation, body }, async (client) => {
      const written = writtenEvent(body, deps.defaultCurrency);
      const outcome = await createEvent(deps, client, written, principalOf(c).id);
      if (!outcome.ok) return outcome;
      const { event } = outcome;
      return { ok: true, answer: presentEvent({ event, stock: untouchedStock(event) }) };
    });
  });
}

function listRoute(router: ServiceApp, deps: AdminEventDeps): void {
  const query = z.object({
    ...pageQuery,
    status: z.enum(['draft', 'published', 'cancelled', 'completed']).optional(),
    city: line(120).optional(),
    type: z.enum(eventTypes).optional(),
    search: line(200).optional(),
  });
  const answer = z.object({
    events: z.array(eventAnswer),
    total: z.int(),
    page: z.int(),
    limit: z.int(),
    total_pages: z.int(),
    has_more: z.boolean(),
  });
  const route = createRoute({
    method: 'get',
    path: '/api/v1/admin/events',
    summary: 'Events of every status, newest first; sold-out ones are listed as published',
    security,
    middleware: [deps.guards.readEvents],
    request: { query },
    responses: {
      200: jsonAnswer('One page', answer),
      ...documentRefusals({ 400: 'invalid_request', ...adminRefusals, 503: 'database_unavailable' }),
    },
  });
  router.openapi(route, async (c) => {
    const { page, limit, status, city, type, search } = c.req.valid('query');
    const filter = {
      status: status ?? null,
      city: city ?? null,
      type: type ?? null,
      search: search ?? null,
      limit,
      offset: (page - 1) * limit,
    };
    const [events, total] = await Promise.all([listEvents(deps.db, filter), countEvents(deps.db, filter)]);
    const shown = (await withStock(deps.board, events)).map(presentEvent);
    const pages = Math.ceil(total / limit);
    return c.json({ events: shown, total, page, limit, total_pages: pages, has_more: page < pages }, 200);
  });
}

function readRoute(router: ServiceApp, deps: AdminEventDeps): void {
  const route = createRoute({
    method: 'get',
    path: '/api/v1/admin/events/{id}',
    summary: 'An event of any status',
    security,
    middleware: [deps.guards.readEvents],
    request: { params },
    responses: {
      200: jsonAnswer('The event', eventAnswer),
      ...documentRefusals({
        400: 'invalid_request',
        ...adminRefusals,
        404: 'not_found',
        503: 'database_unavailable',
      }),
    },
  });
  router.openapi(route, async (c) => {
    const event = await findEvent(deps.db, c.req.valid('param').id);
    return event === null
      ? refuseEvent(c, { kind: 'unknown-event' })
      : c.json(await present(deps, event), 200);
  });
}

function editRoute(router: ServiceApp, deps: AdminEventDeps): void {
  const route = createRoute({
    method: 'put',
    path: '/api/v1/admin/events/{id}',
    summary: 'Change the named fields; needs the version that the event was read with',
    security,
    middleware: [deps.guards.writeEvents],
    request: { params, body: jsonBody(eventEditBody) },
    responses: {
      200: jsonAnswer('The event as it is now', eventAnswer),
      ...documentRefusals({
        ...bodyRefusals,
        ...adminRefusals,
        404: 'not_found',
        409: editConflicts,
        503: 'booking_unavailable, database_unavailable',
      }),
    },
  });
  router.openapi(route, async (c) => {
    const { version, status, ...body } = c.req.valid('json');
    const change = { ...writtenEdit(body), version, status };
    const outcome = await editEvent(deps, c.req.valid('param').id, change);
    return outcome.ok ? c.json(await present(deps, outcome.event), 200) : refuseEvent(c, outcome.refusal);
  });
}

const seenVersion = z.strictObject({ version: z.int().min(1).optional() });
type Seen = { ok: true; version: number | undefined } | { ok: false; field: string; message: string };

/**
 * The version that the caller has seen, when it wants to be told of a later one. Read by hand, because
 * clients post these with no body at all and still call it JSON.
 */
function readSeenVersion(text: string): Seen {
  if (text.trim() === '') return { ok: true, version: undefined };
  const body = parseJson(text);
  if (body === undefined) return { ok: false, field: '', message: 'The body is not valid JSON.' };
  const parsed = seenVersion.safeParse(body);
  if (parsed.success) return { ok: true, version: parsed.data.version };
  const issue = parsed.error.issues[0];
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  if (unknown !== undefined) return { ok: false, field: unknown, message: 'unknown field' };
  return { ok: false, field: issue?.path.join('.') ?? '', message: issue?.message ?? 'is not valid' };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // What cannot be read is refused by the caller.
  }
}

function statusRoute(
  router: ServiceApp,
  deps: AdminEventDeps,
  verb: 'publish' | 'cancel',
  status: 'published' | 'cancelled',
): void {
  const route = createRoute({
    method: 'post',
    path: `/api/v1/admin/events/{id}/${verb}`,
    summary:
      verb === 'publish'
        ? 'Put the event on sale; it can be bought when this has answered. An optional body names the version seen'
        : 'Cancel the event; everyone is refunded. An optional body names the version seen',
    security,
    middleware: [deps.guards.writeEvents],
    request: { params },
    responses: {
      200: jsonAnswer('The event as it is now; unchanged when it is so already', eventAnswer),
      ...documentRefusals({
        ...bodyRefusals,
        ...adminRefusals,
        404: 'not_found',
        409: editConflicts,
        503: 'booking_unavailable, database_unavailable',
      }),
    },
  });
  router.openapi(route, async (c) => {
    const seen = readSeenVersion(await c.req.text());
    if (!seen.ok) return refuse(c, badRequest([{ field: seen.field, message: seen.message }]));
    const outcome = await editEvent(deps, c.req.valid('param').id, { status, version: seen.version });
    return outcome.ok ? c.json(await present(deps, outcome.event), 200) : refuseEvent(c, outcome.refusal);
  });
}

function removeRoute(router: ServiceApp, deps: AdminEventDeps): void {
  const route = createRoute({
    method: 'delete',
    path: '/api/v1/admin/events/{id}',
    summary: 'Delete an event that nobody ever booked',
    security,
    middleware: [deps.guards.writeEvents],
    request: { params },
    responses: {
      200: jsonAnswer('Gone', messageAnswer),
      ...documentRefusals({
        400: 'invalid_request',
        ...adminRefusals,
        404: 'not_found',
        409: "event_has_bookings, or booking's sale_managed",
        503: 'booking_unavailable, database_unavailable',
      }),
    },
  });
  router.openapi(route, async (c) => {
    const outcome = await removeEvent(deps, c.req.valid('param').id);
    return outcome.ok ? c.json({ message: 'The event is deleted.' }, 200) : refuseEvent(c, outcome.refusal);
  });
}
