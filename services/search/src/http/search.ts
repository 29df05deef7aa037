/** Public routes of the search: events by what somebody typed, suggestions, filters, what is trending. */
import { createRoute, z } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { createRouter, type ServiceApp, type ServiceEnv } from '@evently/kit/app';
import { documentRefusals } from '@evently/kit/refusals';
import { jsonAnswer } from '@evently/kit/route-parts';
import {
  listFilters,
  searchEvents,
  suggestTexts,
  type SearchDeps,
  type TrendingBoard,
  type Wanted,
} from '../actions/search-events.ts';
import { sorts } from '../engine/port.ts';
import {
  city,
  dateFrom,
  dateTo,
  eventType,
  limit,
  maxReach,
  near,
  page,
  price,
  suggestionLimit,
  trendingLimit,
  typed,
} from './fields.ts';
import { refuseSearch } from './problems.ts';
import {
  filtersAnswer,
  presentFilters,
  presentResult,
  presentResults,
  resultAnswer,
  searchAnswer,
} from './schemas.ts';

export type SearchRouteDeps = SearchDeps & {
  trending: TrendingBoard;
  limits: { reads: MiddlewareHandler<ServiceEnv> };
};

const refusals = {
  400: 'invalid_request',
  429: 'rate_limited',
  503: 'search_unavailable, database_unavailable',
} as const;
// Answers are a second old at most; a browser asks again.
const revalidated = { 'cache-control': 'public, no-cache' };

const searchQuery = z
  .object({
    q: typed,
    city,
    type: eventType,
    date_from: dateFrom,
    date_to: dateTo,
    min_price: price,
    max_price: price,
    near,
    sort: z.enum(sorts).optional(),
    page,
    limit,
  })
  .superRefine((query, ctx) => {
    const refused = (field: string, message: string): void =>
      ctx.addIssue({ code: 'custom', path: [field], message });
    if (query.page * query.limit > maxReach)
      refused(
        'page',
        `reaches beyond the first ${maxReach} results; say more instead: a city, a type, dates, a price or another word`,
      );
    if (query.sort === 'distance' && query.near === undefined)
      refused('near', 'is needed to sort by distance: latitude and longitude, such as 12.97,77.59');
    const { date_from: from, date_to: to } = query;
    if (from !== undefined && to !== undefined && from >= to)
      refused('date_to', 'must not be before date_from');
    const { min_price: least, max_price: most } = query;
    if (least !== undefined && most !== undefined && least > most)
      refused('max_price', 'must not be less than min_price');
  });

export function searchRoutes(deps: SearchRouteDeps): ServiceApp {
  const router = createRouter();
  searchRoute(router, deps);
  suggestionsRoute(router, deps);
  filtersRoute(router, deps);
  trendingRoute(router, deps);
  return router;
}

function searchRoute(router: ServiceApp, deps: SearchRouteDeps): void {
  const route = createRoute({
    method: 'get',
    path: '/api/v1/search',
    summary: 'Events by words, forgiving typing errors; facets count what the other filters leave',
    middleware: [deps.limits.reads],
    request: { query: searchQuery },
    responses: { 200: jsonAnswer('One page', searchAnswer), ...documentRefusals(refusals) },
  });
  router.openapi(route, async (c) => {
    const query = c.req.valid('query');
    const outcome = await searchEvents(deps, wantedOf(query));
    if (!outcome.ok) return refuseSearch(c, outcome.refusal);
    return c.json(presentResults(outcome.found, query.page, query.limit), 200, revalidated);
  });
}

function wantedOf(query: z.output<typeof searchQuery>): Wanted {
  return {
    typed: query.q ?? null,
    filters: {
      city: query.city ?? null,
      type: query.type ?? null,
      startsFrom: query.date_from ?? null,
      startsBefore: query.date_to ?? null,
      minPrice: query.min_price ?? null,
      maxPrice: query.max_price ?? null,
    },
    near: query.near ?? null,
    sort: query.sort ?? null,
    page: query.page,
    limit: query.limit,
  };
}

function suggestionsRoute(router: ServiceApp, deps: SearchRouteDeps): void {
  const route = createRoute({
    method: 'get',
    path: '/api/v1/search/suggestions',
    summary: 'Names of events, venues and cities in which the words stand, the last one as a beginning',
    middleware: [deps.limits.reads],
    request: { query: z.object({ q: typed, limit: suggestionLimit }) },
    responses: {
      200: jsonAnswer('The best first', z.object({ suggestions: z.array(z.string()) })),
      ...documentRefusals(refusals),
    },
  });
  router.openapi(route, async (c) => {
    const { q, limit: most } = c.req.valid('query');
    const outcome = await suggestTexts(deps, q ?? '', most);
    if (!outcome.ok) return refuseSearch(c, outcome.refusal);
    return c.json({ suggestions: [...outcome.suggestions] }, 200, revalidated);
  });
}

function filtersRoute(router: ServiceApp, deps: SearchRouteDeps): void {
  const route = createRoute({
    method: 'get',
    path: '/api/v1/search/filters',
    summary: 'What a search can be filtered by: the cities, types and prices of all events',
    middleware: [deps.limits.reads],
    responses: { 200: jsonAnswer('The filters', filtersAnswer), ...documentRefusals(refusals) },
  });
  router.openapi(route, async (c) => {
    const outcome = await listFilters(deps);
    if (!outcome.ok) return refuseSearch(c, outcome.refusal);
    return c.json(presentFilters(outcome.facets), 200, revalidated);
  });
}

function trendingRoute(router: ServiceApp, deps: SearchRouteDeps): void {
  const route = createRoute({
    method: 'get',
    path: '/api/v1/search/trending',
    summary: 'Events by tickets sold in the last 24 hours, of which each counts half after six',
    middleware: [deps.limits.reads],
    request: { query: z.object({ limit: trendingLimit }) },
    responses: {
      200: jsonAnswer('The hottest first', z.object({ events: z.array(resultAnswer) })),
      ...documentRefusals(refusals),
    },
  });
  router.openapi(route, async (c) => {
    const events = await deps.trending.read(c.req.valid('query').limit);
    return c.json({ events: events.map(presentResult) }, 200, revalidated);
  });
}
