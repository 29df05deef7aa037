/** Rows of `events`, read with their tiers and venues; locked before rows of `venues`. */
import type { Sql } from '@evently/kit/postgres';
import type {
  CatalogEvent,
  EventStatus,
  EventTerms,
  EventType,
  SaleMode,
  WaitlistMode,
} from '../domain/event.ts';

type TierPart = { tier_id: string; name: string; capacity: number; price_minor: number };
export type EventRow = {
  event_id: string;
  name: string;
  description: string | null;
  venue_id: string;
  event_type: EventType;
  starts_at: Date;
  ends_at: Date;
  total_capacity: number;
  base_price_minor: string;
  currency: string;
  max_per_booking: number;
  max_per_buyer: number | null;
  sale_mode: SaleMode;
  sale_opens_at: Date | null;
  sale_closes_at: Date | null;
  waitlist: WaitlistMode;
  status: EventStatus;
  version: number;
  pushed_version: number;
  created_by: string;
  created_at: Date;
  updated_at: Date;
  venue_name: string;
  venue_address: string;
  venue_city: string;
  venue_state: string | null;
  venue_country: string;
  venue_latitude: number | null;
  venue_longitude: number | null;
  tiers: TierPart[];
};

export const eventColumns = `e.event_id, e.name, e.description, e.venue_id, e.event_type, e.starts_at, e.ends_at, e.total_capacity,
       e.base_price_minor, e.currency, e.max_per_booking, e.max_per_buyer, e.sale_mode, e.sale_opens_at,
       e.sale_closes_at, e.waitlist, e.status, e.version, e.pushed_version, e.created_by, e.created_at, e.updated_at,
       v.name as venue_name, v.address as venue_address, v.city as venue_city, v.state as venue_state,
       v.country as venue_country, v.latitude as venue_latitude, v.longitude as venue_longitude,
       (select coalesce(json_agg(json_build_object('tier_id', t.tier_id, 'name', t.name, 'capacity', t.capacity,
                                                   'price_minor', t.price_minor) order by t.position), '[]')
          from tiers t where t.event_id = e.event_id) as tiers`;
const joined = 'events e join venues v on v.venue_id = e.venue_id';

export function eventOf(row: EventRow): CatalogEvent {
  return {
    eventId: row.event_id,
    name: row.name,
    description: row.description,
    venueId: row.venue_id,
    eventType: row.event_type,
    startsAt: row.starts_at,
    endsAt: row.ends_at,
    totalCapacity: row.total_capacity,
    basePriceMinor: Number(row.base_price_minor),
    currency: row.currency,
    maxPerBooking: row.max_per_booking,
    maxPerBuyer: row.max_per_buyer,
    sale: { mode: row.sale_mode, opensAt: row.sale_opens_at, closesAt: row.sale_closes_at },
    waitlist: row.waitlist,
    tiers: row.tiers.map((tier) => ({
      tierId: tier.tier_id,
      name: tier.name,
      capacity: tier.capacity,
      priceMinor: tier.price_minor,
    })),
    status: row.status,
    version: row.version,
    pushedVersion: row.pushed_version,
    venue: {
      venueId: row.venue_id,
      name: row.venue_name,
      address: row.venue_address,
      city: row.venue_city,
      state: row.venue_state,
      country: row.venue_country,
      latitude: row.venue_latitude,
      longitude: row.venue_longitude,
    },
    createdBy: row.created_by,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

export async function findEvent(client: Sql, eventId: string): Promise<CatalogEvent | null> {
  const { rows } = await client.query<EventRow>({
    name: 'find-event',
    text: `select ${eventColumns} from ${joined} where e.event_id = $1`,
    values: [eventId],
  });
  return rows[0] === undefined ? null : eventOf(rows[0]);
}

/**
 * Locks the event's row until the transaction ends, for as long as booking is asked; an editor who waits
 * here gets `lock_not_available` before the statement's own time is up. Read the event afterwards, in
 * a statement of its own: this one still sees what was there before the wait.
 */
export async function lockEvent(client: Sql, eventId: string): Promise<boolean> {
  await client.query("set local lock_timeout = '1900ms'");
  const { rows } = await client.query({
    name: 'lock-event',
    text: 'select 1 from events where event_id = $1 for no key update',
    values: [eventId],
  });
  return rows.length === 1;
}

function valuesOf(terms: EventTerms): unknown[] {
  const { sale } = terms;
  return [
    terms.name,
    terms.description,
    terms.venueId,
    terms.eventType,
    terms.startsAt,
    terms.endsAt,
    terms.totalCapacity,
    terms.basePriceMinor,
    terms.currency,
    terms.maxPerBooking,
    terms.maxPerBuyer,
    sale.mode,
    sale.opensAt,
    sale.closesAt,
    terms.waitlist,
  ];
}

/** A draft, version 1, without its tiers. */
export async function insertEvent(
  client: Sql,
  eventId: string,
  terms: EventTerms,
  createdBy: string,
): Promise<void> {
  await client.query({
    name: 'insert-event',
    text: `insert into events (event_id, name, description, venue_id, event_type, starts_at, ends_at, total_capacity,
                               base_price_minor, currency, max_per_booking, max_per_buyer, sale_mode, sale_opens_at,
                               sale_closes_at, waitlist, created_by, status)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 'draft')`,
    values: [eventId, ...valuesOf(terms), createdBy],
  });
}

/** Terms, status and versions of an event whose row is locked; its tiers are written apart. */
export async function updateEvent(client: Sql, event: CatalogEvent): Promise<void> {
  await client.query({
    name: 'update-event',
    text: `update events
              set name = $2, description = $3, venue_id = $4, event_type = $5, starts_at = $6, ends_at = $7,
                  total_capacity = $8, base_price_minor = $9, currency = $10, max_per_booking = $11,
                  max_per_buyer = $12, sale_mode = $13, sale_opens_at = $14, sale_closes_at = $15, waitlist = $16,
                  status = $17, version = $18, pushed_version = $19, updated_at = clock_timestamp()
            where event_id = $1`,
    values: [event.eventId, ...valuesOf(event), event.status, event.version, event.pushedVersion],
  });
}

export async function deleteEvent(client: Sql, eventId: string): Promise<void> {
  await client.query({
    name: 'delete-event',
    text: 'delete from events where event_id = $1',
    values: [eventId],
  });
}
