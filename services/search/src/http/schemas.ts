/** Shapes of the search's answers. */
import { z } from '@hono/zod-openapi';
import type { Result, Results } from '../actions/search-events.ts';
import type { Facets } from '../engine/port.ts';
import { uuid } from './fields.ts';

const marked = z.string().describe('HTML in which only the marks <em> are markup');

export const resultAnswer = z
  .object({
    event_id: uuid,
    name: z.string(),
    description: z.string().nullable(),
    venue_name: z.string(),
    venue_city: z.string(),
    venue_address: z.string(),
    event_type: z.string(),
    start_datetime: z.iso.datetime(),
    end_datetime: z.iso.datetime(),
    base_price: z.number(),
    currency: z.string(),
    available_seats: z.int(),
    status: z.enum(['published', 'sold_out', 'completed']),
    score: z.number(),
    distance_km: z.number().nullable(),
    highlights: z.object({
      name: marked.optional(),
      venue_name: marked.optional(),
      description: marked.optional(),
    }),
  })
  .openapi('SearchResult');

const facetCount = z.object({ value: z.string(), count: z.int() });
const priceRange = z.object({ min: z.number(), max: z.number() });

export const searchAnswer = z
  .object({
    results: z.array(resultAnswer),
    total: z.int(),
    page: z.int(),
    limit: z.int(),
    query_time: z.number().describe('Milliseconds'),
    facets: z.object({
      cities: z.array(facetCount),
      event_types: z.array(facetCount),
      price_range: priceRange,
    }),
  })
  .openapi('SearchAnswer');

export const filtersAnswer = z
  .object({ cities: z.array(z.string()), event_types: z.array(z.string()), price_range: priceRange })
  .openapi('SearchFilters');

const metresOfKm = 1_000;

export function presentResult(result: Result): z.output<typeof resultAnswer> {
  const { document, distanceKm } = result;
  return {
    event_id: document.eventId,
    name: document.name,
    description: document.description === '' ? null : document.description,
    venue_name: document.venueName,
    venue_city: document.venueCity,
    venue_address: document.venueAddress,
    event_type: document.eventType,
    start_datetime: document.startsAt.toISOString(),
    end_datetime: document.endsAt.toISOString(),
    base_price: document.price,
    currency: document.currency,
    available_seats: result.available,
    status: result.status,
    score: result.score,
    distance_km: distanceKm === null ? null : Math.round(distanceKm * metresOfKm) / metresOfKm,
    highlights: result.highlights,
  };
}

export function presentResults(
  { results, total, facets, seconds }: Results,
  page: number,
  limit: number,
): z.output<typeof searchAnswer> {
  return {
    results: results.map(presentResult),
    total,
    page,
    limit,
    query_time: Math.round(seconds * 1e6) / 1e3,
    facets: {
      cities: [...facets.cities],
      event_types: [...facets.eventTypes],
      price_range: presentRange(facets),
    },
  };
}

export function presentFilters(facets: Facets): z.output<typeof filtersAnswer> {
  const values = (counts: Facets['cities']): string[] => counts.map(({ value }) => value).toSorted();
  return {
    cities: values(facets.cities),
    event_types: values(facets.eventTypes),
    price_range: presentRange(facets),
  };
}

/** Where nothing is left, nothing costs anything. */
function presentRange({ priceRange: range }: Facets): z.output<typeof priceRange> {
  return range ?? { min: 0, max: 0 };
}
