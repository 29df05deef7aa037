/** What an event of the catalog is, and the graph of its status. Pure. */

/** What the organizer decides; `sold_out` is never stored, it is told from the stock. */
export type EventStatus = 'draft' | 'published' | 'cancelled' | 'completed';
export type ShownStatus = EventStatus | 'sold_out';

export const eventTypes = [
  'cultural',
  'conference',
  'festival',
  'concert',
  'entertainment',
  'workshop',
  'business',
  'exhibition',
  'sports',
  'other',
] as const;
export type EventType = (typeof eventTypes)[number];

export const saleModes = ['open', 'window', 'managed'] as const;
export type SaleMode = (typeof saleModes)[number];
export const waitlistModes = ['automatic', 'on_request', 'off'] as const;
export type WaitlistMode = (typeof waitlistModes)[number];

export type Tier = { tierId: string; name: string; capacity: number; priceMinor: number };
export type Sale = { mode: SaleMode; opensAt: Date | null; closesAt: Date | null };

/** The part of an event that an editor writes. Amounts are minor units of `currency`. */
export type EventTerms = {
  name: string;
  description: string | null;
  venueId: string;
  eventType: EventType;
  startsAt: Date;
  endsAt: Date;
  totalCapacity: number;
  basePriceMinor: number;
  currency: string;
  maxPerBooking: number;
  maxPerBuyer: number | null;
  sale: Sale;
  waitlist: WaitlistMode;
  tiers: readonly Tier[];
};

export type VenuePlace = {
  venueId: string;
  name: string;
  address: string;
  city: string;
  state: string | null;
  country: string;
  /** Degrees (WGS 84); both or none. */
  latitude: number | null;
  longitude: number | null;
};

export type CatalogEvent = EventTerms & {
  eventId: string;
  status: EventStatus;
  /** The version that people edit. */
  version: number;
  /** The version whose terms booking was last told; 0 for none. */
  pushedVersion: number;
  venue: VenuePlace;
  createdBy: string;
  createdAt: Date;
  updatedAt: Date;
};

const nextStatuses: Readonly<Record<EventStatus, readonly EventStatus[]>> = {
  draft: ['published'],
  published: ['cancelled', 'completed'],
  cancelled: [],
  completed: [],
};

/** `sold_out` is how a published event may look, so asking for it changes nothing. */
export function statusAskedFor(
  present: EventStatus,
  wanted: ShownStatus | undefined,
): EventStatus | 'sold_out' {
  if (wanted === undefined || (wanted === 'sold_out' && present === 'published')) return present;
  return wanted;
}

/** Whether the status may change; a completed event is one whose end has passed. */
export function mayBecome(event: CatalogEvent, wanted: ShownStatus, now: Date): boolean {
  if (wanted === 'sold_out') return false;
  if (wanted === 'completed' && event.endsAt > now) return false;
  return nextStatuses[event.status].includes(wanted);
}
