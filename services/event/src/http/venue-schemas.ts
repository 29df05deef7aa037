/** Shapes of venues. */
import { z } from '@hono/zod-openapi';
import { maxCapacity } from '@evently/contracts/common';
import { layoutFault } from '../domain/layout.ts';
import type { Venue, VenueEdit, VenueTerms } from '../domain/venue.ts';
import { line, uuid } from './fields.ts';

const layoutConfig = z
  .record(z.string(), z.unknown())
  .superRefine((layout, ctx) => {
    const fault = layoutFault(layout);
    if (fault !== null) ctx.addIssue({ code: 'custom', message: fault });
  })
  .openapi({ type: 'object', additionalProperties: true });

const fields = {
  name: line(200),
  address: line(400),
  city: line(120),
  state: line(120).nullish(),
  country: line(120),
  postal_code: line(20).nullish(),
  capacity: z.int().min(1).max(maxCapacity),
  latitude: z.number().min(-90).max(90).nullish().describe('Degrees (WGS 84); with longitude, or not at all'),
  longitude: z.number().min(-180).max(180).nullish(),
  layout_config: layoutConfig.nullish(),
};
type Place = { latitude?: number | null | undefined; longitude?: number | null | undefined };
/** Both or none: of one alone no place can be made. */
const isPlace = ({ latitude, longitude }: Place): boolean =>
  typeof latitude === typeof longitude && (latitude === null) === (longitude === null);
const placeRule = { path: ['latitude'], message: 'comes with longitude, or not at all' };

export const venueBody = z.strictObject(fields).refine(isPlace, placeRule).openapi('NewVenue');
export const venueEditBody = z.strictObject(fields).partial().refine(isPlace, placeRule).openapi('VenueEdit');

export function termsOf(body: z.output<typeof venueBody>): VenueTerms {
  const { postal_code: postalCode, layout_config: layout, state, latitude, longitude, ...rest } = body;
  const place = { latitude: latitude ?? null, longitude: longitude ?? null };
  return { ...rest, ...place, state: state ?? null, postalCode: postalCode ?? null, layout: layout ?? null };
}

export function editOf(body: z.output<typeof venueEditBody>): VenueEdit {
  const { postal_code: postalCode, layout_config: layout, ...rest } = body;
  return { ...rest, postalCode, layout };
}

export const venueAnswer = z
  .object({
    venue_id: uuid,
    name: z.string(),
    address: z.string(),
    city: z.string(),
    state: z.string().nullable(),
    country: z.string(),
    postal_code: z.string().nullable(),
    capacity: z.int(),
    latitude: z.number().nullable(),
    longitude: z.number().nullable(),
    layout_config: z.record(z.string(), z.unknown()).nullable(),
    created_by: uuid,
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .openapi('Venue');

export function presentVenue(venue: Venue): z.output<typeof venueAnswer> {
  return {
    venue_id: venue.venueId,
    name: venue.name,
    address: venue.address,
    city: venue.city,
    state: venue.state,
    country: venue.country,
    postal_code: venue.postalCode,
    capacity: venue.capacity,
    latitude: venue.latitude,
    longitude: venue.longitude,
    layout_config: venue.layout,
    created_by: venue.createdBy,
    created_at: venue.createdAt.toISOString(),
    updated_at: venue.updatedAt.toISOString(),
  };
}
