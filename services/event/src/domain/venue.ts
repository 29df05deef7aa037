/** What a venue is. Pure. */

export type VenueTerms = {
  name: string;
  address: string;
  city: string;
  state: string | null;
  country: string;
  postalCode: string | null;
  /** People at most. */
  capacity: number;
  /** Degrees (WGS 84); both or none. */
  latitude: number | null;
  longitude: number | null;
  /** The organizer's own drawing. */
  layout: Readonly<Record<string, unknown>> | null;
};
export type Venue = VenueTerms & { venueId: string; createdBy: string; createdAt: Date; updatedAt: Date };
/** Undefined leaves a field as it is. */
export type VenueEdit = { [K in keyof VenueTerms]?: VenueTerms[K] | undefined };

/** The venue's terms after the edit. */
export function planVenueEdit(venue: Venue, edit: VenueEdit): VenueTerms {
  const { name, address, city, state, country, postalCode, capacity, latitude, longitude, layout } = venue;
  const given = Object.fromEntries(Object.entries(edit).filter(([, value]) => value !== undefined));
  return {
    name,
    address,
    city,
    state,
    country,
    postalCode,
    capacity,
    latitude,
    longitude,
    layout,
    ...given,
  };
}

/** Whether what an event's page says of its venue differs. */
export function isMoved(before: VenueTerms, after: VenueTerms): boolean {
  const shown = ({ name, address, city, state, country }: VenueTerms): string =>
    JSON.stringify([name, address, city, state, country]);
  return shown(before) !== shown(after);
}

/** Whether the venue stands elsewhere on the map; its tickets do not say so, a search does. */
export function isRelocated(before: VenueTerms, after: VenueTerms): boolean {
  return before.latitude !== after.latitude || before.longitude !== after.longitude;
}
