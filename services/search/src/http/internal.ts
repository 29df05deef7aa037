/** Routes for other services and for operators; they need an API key and are never routed by the gateway. */
import { createRoute, z } from '@hono/zod-openapi';
import { catalogDocument } from '@evently/contracts/search';
import { warmAnswer, warmRequest } from '@evently/contracts/warm-up';
import { createRouter, type ServiceApp } from '@evently/kit/app';
import { requireApiKey } from '@evently/kit/guards';
import { documentRefusals } from '@evently/kit/refusals';
import { bodyRefusals, jsonAnswer, jsonBody } from '@evently/kit/route-parts';
import { checkIndex } from '../actions/check-index.ts';
import { CatalogAway } from '../actions/read-catalog.ts';
import { rebuildIndex, type RebuildDeps, type RebuildOutcome } from '../actions/rebuild-index.ts';
import { warmSearch, type WarmDeps } from '../actions/warm-search.ts';
import { dropEvent, indexEvent, type WriteDeps } from '../actions/write-index.ts';
import type { Refusal } from '../domain/refusals.ts';
import { EngineAway, type SearchEngine } from '../engine/port.ts';
import { uuid } from './fields.ts';
import { refuseSearch } from './problems.ts';

export type InternalRouteDeps = WriteDeps &
  WarmDeps &
  RebuildDeps & { engine: SearchEngine; graceMs: number; acceptedApiKeys: readonly string[] };

const security = [{ apiKey: [] }];

export function internalRoutes(deps: InternalRouteDeps): ServiceApp {
  const router = createRouter();
  indexRoute(router, deps);
  dropRoute(router, deps);
  resyncRoute(router, deps);
  checkRoute(router, deps);
  prewarmRoute(router, deps);
  return router;
}

function indexRoute(router: ServiceApp, deps: InternalRouteDeps): void {
  const route = createRoute({
    method: 'post',
    path: '/internal/search/events',
    summary: 'Index one event; an older version than the known one changes nothing',
    security,
    middleware: [requireApiKey(deps.acceptedApiKeys)],
    request: {
      body: jsonBody(z.strictObject({ event_id: uuid, version: z.int().min(0), document: catalogDocument })),
    },
    responses: {
      200: jsonAnswer(
        'Whether it is newer than what was known',
        z.object({ event_id: uuid, indexed: z.boolean() }),
      ),
      ...documentRefusals({ ...bodyRefusals, 401: 'unauthorized' }),
    },
  });
  router.openapi(route, async (c) => {
    const { event_id: eventId, version, document } = c.req.valid('json');
    return c.json(
      { event_id: eventId, indexed: await indexEvent(deps, { eventId, version, document }) },
      200,
    );
  });
}

function dropRoute(router: ServiceApp, deps: InternalRouteDeps): void {
  const route = createRoute({
    method: 'delete',
    path: '/internal/search/events/{id}',
    summary: 'Drop one event from the index; what the catalog still has comes back when the two are compared',
    security,
    middleware: [requireApiKey(deps.acceptedApiKeys)],
    request: { params: z.object({ id: uuid }) },
    responses: {
      200: jsonAnswer('Whether it was there', z.object({ event_id: uuid, dropped: z.boolean() })),
      ...documentRefusals({ 400: 'invalid_request', 401: 'unauthorized', 503: 'database_unavailable' }),
    },
  });
  router.openapi(route, async (c) => {
    const { id } = c.req.valid('param');
    return c.json({ event_id: id, dropped: await dropEvent(deps, id) }, 200);
  });
}

function resyncRoute(router: ServiceApp, deps: InternalRouteDeps): void {
  const answer = z.object({ generation: z.string(), documents: z.int(), seconds: z.number() });
  const route = createRoute({
    method: 'post',
    path: '/internal/search/resync',
    summary: 'Build the index anew from the event service, beside the one that answers, and switch to it',
    security,
    middleware: [requireApiKey(deps.acceptedApiKeys)],
    responses: {
      200: jsonAnswer('The index that answers now', answer),
      ...documentRefusals({
        401: 'unauthorized',
        409: 'rebuild_running',
        503: 'event_unavailable, search_unavailable, database_unavailable',
      }),
    },
  });
  router.openapi(route, async (c) => {
    const outcome = await orRefused(() => rebuildIndex(deps, deps.engine));
    if (!outcome.ok) return refuseSearch(c, outcome.refusal);
    const { generation, documents, seconds } = outcome;
    return c.json({ generation, documents, seconds }, 200);
  });
}

type Refused = { ok: false; refusal: Refusal };

/** What is away is a refusal; the index that answers is left as it is. */
async function orRefused(work: () => Promise<RebuildOutcome>): Promise<RebuildOutcome | Refused> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CatalogAway)
      return { ok: false, refusal: { kind: 'catalog-away', says: error.message } };
    if (error instanceof EngineAway)
      return { ok: false, refusal: { kind: 'engine-away', says: error.message } };
    throw error;
  }
}

function checkRoute(router: ServiceApp, deps: InternalRouteDeps): void {
  const answer = z.object({
    engine: z.enum(['postgres', 'opensearch']),
    known: z.int(),
    indexed: z.int().nullable(),
    waiting: z.int(),
    lag_seconds: z.number(),
    catalog: z
      .enum(['compared', 'away'])
      .describe('away: the event service does not answer, so that only what is known of it was compared'),
    differing: z.int(),
    differences: z.array(z.object({ event_id: uuid, version: z.int(), reason: z.string() })),
  });
  const route = createRoute({
    method: 'get',
    path: '/internal/search/check',
    summary: 'How the index stands against the catalog: counts, what waits, what differs',
    security,
    middleware: [requireApiKey(deps.acceptedApiKeys)],
    responses: {
      200: jsonAnswer('What was found; nothing is changed', answer),
      ...documentRefusals({ 401: 'unauthorized', 503: 'search_unavailable, database_unavailable' }),
    },
  });
  router.openapi(route, async (c) => {
    try {
      const { lagSeconds, differences, ...check } = await checkIndex(deps);
      const shown = differences.map(({ eventId, ...rest }) => ({ event_id: eventId, ...rest }));
      return c.json({ ...check, lag_seconds: lagSeconds, differences: shown }, 200);
    } catch (error) {
      if (error instanceof EngineAway) return refuseSearch(c, { kind: 'engine-away', says: error.message });
      throw error;
    }
  });
}

function prewarmRoute(router: ServiceApp, deps: InternalRouteDeps): void {
  const route = createRoute({
    method: 'post',
    path: '/internal/prewarm',
    summary: "Warm what the pages of an event's sale ask of the search, and keep it warm for an hour",
    security,
    middleware: [requireApiKey(deps.acceptedApiKeys)],
    request: { body: jsonBody(warmRequest) },
    responses: {
      200: jsonAnswer(
        'What was warmed, and why the rest was not: tasks connections, queries, suggestions, trending',
        warmAnswer,
      ),
      ...documentRefusals({ ...bodyRefusals, 401: 'unauthorized' }),
    },
  });
  router.openapi(route, async (c) =>
    c.json({ warm: await warmSearch(deps, c.req.valid('json').event_id) }, 200),
  );
}
