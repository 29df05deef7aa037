/** Routes of venues, for administrators. */
import { createRoute, z } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { createRouter, type ServiceApp, type ServiceEnv } from '@evently/kit/app';
import { principalOf } from '@evently/kit/guards';
import { newId } from '@evently/kit/ids';
import { documentRefusals } from '@evently/kit/refusals';
import { bodyRefusals, jsonAnswer, jsonBody } from '@evently/kit/route-parts';
import { editVenue, type EditVenueDeps } from '../actions/edit-venue.ts';
import { removeVenue } from '../actions/remove-venue.ts';
import { countVenues, findVenue, insertVenue, listVenues } from '../store/venues.ts';
import { answerOnce } from './answer-once.ts';
import { adminRefusals, idempotencyHeader, line, messageAnswer, pageQuery, uuid } from './fields.ts';
import { refuseEvent } from './problems.ts';
import { editOf, presentVenue, termsOf, venueAnswer, venueBody, venueEditBody } from './venue-schemas.ts';

export type AdminGuards = {
  readEvents: MiddlewareHandler<ServiceEnv>;
  writeEvents: MiddlewareHandler<ServiceEnv>;
  writeVenues: MiddlewareHandler<ServiceEnv>;
};
export type VenueRouteDeps = EditVenueDeps & { guards: AdminGuards };

const security = [{ bearer: [] }];
const params = z.object({ id: uuid });
const lookRefusals = documentRefusals({
  400: 'invalid_request',
  ...adminRefusals,
  404: 'not_found',
  503: 'database_unavailable',
});

export function venueRoutes(deps: VenueRouteDeps): ServiceApp {
  const router = createRouter();
  createVenueRoute(router, deps);
  listRoute(router, deps);
  readRoute(router, deps);
  editRoute(router, deps);
  removeRoute(router, deps);
  return router;
}

function createVenueRoute(router: ServiceApp, deps: VenueRouteDeps): void {
  const operation = 'POST /api/v1/admin/venues';
  const route = createRoute({
    method: 'post',
    path: '/api/v1/admin/venues',
    summary: 'Make a venue',
    security,
    middleware: [deps.guards.writeVenues],
    request: { headers: idempotencyHeader, body: jsonBody(venueBody) },
    responses: {
      201: jsonAnswer('The venue', venueAnswer),
      ...documentRefusals({ ...bodyRefusals, ...adminRefusals, 422: 'idempotency_key_reused' }),
    },
  });
  router.openapi(route, async (c) => {
    const body = c.req.valid('json');
    const key = c.req.valid('header')['idempotency-key'];
    return answerOnce(c, deps.db, { key, operation, body }, async (client) => {
      const venueId = newId(deps.clock.now().getTime());
      const venue = await insertVenue(client, venueId, termsOf(body), principalOf(c).id);
      return { ok: true, answer: presentVenue(venue) };
    });
  });
}

function listRoute(router: ServiceApp, deps: VenueRouteDeps): void {
  const query = z.object({
    ...pageQuery,
    city: line(120).optional(),
    state: line(120).optional(),
    search: line(200).optional(),
  });
  const answer = z.object({
    venues: z.array(venueAnswer),
    total: z.int(),
    page: z.int(),
    limit: z.int(),
    total_pages: z.int(),
    has_more: z.boolean(),
  });
  const route = createRoute({
    method: 'get',
    path: '/api/v1/admin/venues',
    summary: 'Venues; city and state in any case, search in name, address and city',
    security,
    middleware: [deps.guards.readEvents],
    request: { query },
    responses: {
      200: jsonAnswer('One page', answer),
      ...documentRefusals({ 400: 'invalid_request', ...adminRefusals, 503: 'database_unavailable' }),
    },
  });
  router.openapi(route, async (c) => {
    const { page, limit, city, state, search } = c.req.valid('query');
    const filter = { page, limit, city, state, search };
    const [venues, total] = await Promise.all([listVenues(deps.db, filter), countVenues(deps.db, filter)]);
    const pages = Math.ceil(total / limit);
    return c.json(
      {
        venues: venues.map(presentVenue),
        total,
        page,
        limit,
        total_pages: pages,
        has_more: page < pages,
      },
      200,
    );
  });
}

function readRoute(router: ServiceApp, deps: VenueRouteDeps): void {
  const route = createRoute({
    method: 'get',
    path: '/api/v1/admin/venues/{id}',
    summary: 'A venue',
    security,
    middleware: [deps.guards.readEvents],
    request: { params },
    responses: { 200: jsonAnswer('The venue', venueAnswer), ...lookRefusals },
  });
  router.openapi(route, async (c) => {
    const venue = await findVenue(deps.db, c.req.valid('param').id);
    return venue === null ? refuseEvent(c, { kind: 'unknown-venue' }) : c.json(presentVenue(venue), 200);
  });
}

function editRoute(router: ServiceApp, deps: VenueRouteDeps): void {
  const route = createRoute({
    method: 'put',
    path: '/api/v1/admin/venues/{id}',
    summary: 'Change the named fields of a venue; tickets of its published events follow',
    security,
    middleware: [deps.guards.writeVenues],
    request: { params, body: jsonBody(venueEditBody) },
    responses: {
      200: jsonAnswer('The venue as it is now', venueAnswer),
      ...documentRefusals({
        ...bodyRefusals,
        ...adminRefusals,
        404: 'not_found',
        409: 'capacity_above_venue',
      }),
    },
  });
  router.openapi(route, async (c) => {
    const outcome = await editVenue(deps, c.req.valid('param').id, editOf(c.req.valid('json')));
    return outcome.ok ? c.json(presentVenue(outcome.venue), 200) : refuseEvent(c, outcome.refusal);
  });
}

function removeRoute(router: ServiceApp, deps: VenueRouteDeps): void {
  const route = createRoute({
    method: 'delete',
    path: '/api/v1/admin/venues/{id}',
    summary: 'Delete a venue that no event uses',
    security,
    middleware: [deps.guards.writeVenues],
    request: { params },
    responses: {
      200: jsonAnswer('Gone', messageAnswer),
      ...documentRefusals({
        400: 'invalid_request',
        ...adminRefusals,
        404: 'not_found',
        409: 'venue_in_use',
        503: 'database_unavailable',
      }),
    },
  });
  router.openapi(route, async (c) => {
    const outcome = await removeVenue(deps, c.req.valid('param').id);
    return outcome.ok ? c.json({ message: 'The venue is deleted.' }, 200) : refuseEvent(c, outcome.refusal);
  });
}
