/** Rows of `event_details` and the shape of an event's inventory: what the catalog says. */
import type { Sql } from '@evently/kit/postgres';
import type { InventorySpec } from '@evently/contracts/inventory';
import type { RefundStep, RefundTerms } from '../domain/refund.ts';
import type { CatalogWindow } from '../domain/window.ts';

export type Details = {
  eventId: string;
  revision: number;
  catalogVersion: number;
  name: string;
  venueName: string;
  venueAddress: string;
  startsAt: Date;
  endsAt: Date;
  window: CatalogWindow;
  refundPolicy: RefundStep[];
  updatedAt: Date;
};
type DetailsRow = {
  event_id: string;
  revision: string;
  catalog_version: number;
  name: string;
  venue_name: string;
  venue_address: string;
  starts_at: Date;
  ends_at: Date;
  sale_mode: CatalogWindow['mode'];
  opens_at: Date | null;
  closes_at: Date | null;
  refund_policy: RefundStep[];
  updated_at: Date;
  status: CatalogWindow['status'];
};

/** Details of these events, with their status. No lock; inside a change the sale's row guards them. */
export async function listDetails(sql: Sql, eventIds: readonly string[]): Promise<Map<string, Details>> {
  const { rows } = await sql.query<DetailsRow>({
    name: 'list-details',
    text: `select d.event_id, d.revision, d.catalog_version, d.name, d.venue_name, d.venue_address, d.starts_at, d.ends_at,
                  d.sale_mode, d.opens_at, d.closes_at, d.refund_policy, d.updated_at, s.status
             from event_details d join event_sales s on s.event_id = d.event_id
            where d.event_id = any($1::uuid[])`,
    values: [eventIds],
  });
  return new Map(rows.map((row) => [row.event_id, detailsOf(row)]));
}

function detailsOf(row: DetailsRow): Details {
  return {
    eventId: row.event_id,
    revision: Number(row.revision),
    catalogVersion: row.catalog_version,
    name: row.name,
    venueName: row.venue_name,
    venueAddress: row.venue_address,
    startsAt: row.starts_at,
    endsAt: row.ends_at,
    window: { status: row.status, mode: row.sale_mode, opensAt: row.opens_at, closesAt: row.closes_at },
    refundPolicy: row.refund_policy,
    updatedAt: row.updated_at,
  };
}

/** The terms a cancellation depends on. */
export async function readTerms(sql: Sql, eventId: string): Promise<RefundTerms> {
  const { rows } = await sql.query<{ starts_at: Date; refund_policy: RefundStep[] }>({
    name: 'read-terms',
    text: 'select starts_at, refund_policy from event_details where event_id = $1',
    values: [eventId],
  });
  const row = rows[0];
  if (row === undefined) throw new Error(`event ${eventId} has no details`);
  return { startsAt: row.starts_at, refundPolicy: row.refund_policy };
}

/** Creates the event's row when it is new, so that there is something to lock. The window is shut until `writeTerms`. */
export async function ensureSale(client: Sql, eventId: string, spec: InventorySpec): Promise<void> {
  await client.query({
    name: 'ensure-sale',
    text: `insert into event_sales (event_id, status, sells_from, sells_until, max_per_booking, max_per_buyer, currency, waitlist)
           values ($1, $2, 'infinity', '-infinity', $3, $4, $5, $6) on conflict (event_id) do nothing`,
    values: [eventId, spec.status, spec.max_per_booking, spec.max_per_buyer, spec.currency, spec.waitlist],
  });
}

/** Writes the terms of sale under the lock. */
export async function writeTerms(
  client: Sql,
  eventId: string,
  spec: InventorySpec,
  window: { from: string; until: string },
): Promise<void> {
  await client.query({
    name: 'write-terms',
    text: `update event_sales
              set status = $2, sells_from = $3, sells_until = $4, max_per_booking = $5, max_per_buyer = $6, currency = $7,
                  waitlist = $8, winding_down = $2 = 'cancelled' and (winding_down or status <> 'cancelled')
            where event_id = $1`,
    values: [
      eventId,
      spec.status,
      window.from,
      window.until,
      spec.max_per_booking,
      spec.max_per_buyer,
      spec.currency,
      spec.waitlist,
    ],
  });
}

export async function writeWindow(
  client: Sql,
  eventId: string,
  window: { from: string; until: string },
): Promise<void> {
  await client.query({
    name: 'write-window',
    text: 'update event_sales set sells_from = $2, sells_until = $3 where event_id = $1',
    values: [eventId, window.from, window.until],
  });
}

export async function writeDetails(client: Sql, eventId: string, spec: InventorySpec): Promise<void> {
  await client.query({
    name: 'write-details',
    text: `insert into event_details (event_id, revision, catalog_version, name, venue_name, venue_address, starts_at, ends_at,
                                      sale_mode, opens_at, closes_at, refund_policy)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
           on conflict (event_id) do update
              set revision = excluded.revision, catalog_version = excluded.catalog_version, name = excluded.name,
                  venue_name = excluded.venue_name, venue_address = excluded.venue_address, starts_at = excluded.starts_at,
                  ends_at = excluded.ends_at, sale_mode = excluded.sale_mode, opens_at = excluded.opens_at,
                  closes_at = excluded.closes_at, refund_policy = excluded.refund_policy, updated_at = clock_timestamp()`,
    values: [
      eventId,
      spec.revision,
      spec.catalog_version,
      spec.name,
      spec.venue_name,
      spec.venue_address,
      spec.starts_at,
      spec.ends_at,
      spec.sale.mode,
      spec.sale.opens_at,
      spec.sale.closes_at,
      JSON.stringify(spec.refund_policy),
    ],
  });
}

export type TierWrite = {
  tierId: string;
  position: number;
  name: string;
  priceMinor: number;
  capacity: number;
  available: number;
};

/** Inserts or updates the tiers of an event; held, sold and blocked are left alone. The sale's row is locked. */
export async function writeTiers(client: Sql, eventId: string, tiers: readonly TierWrite[]): Promise<void> {
  await client.query({
    name: 'write-tiers',
    text: `with t as (
             select tier_id, position, name, price_minor, capacity, available
               from unnest($2::uuid[], $3::smallint[], $4::text[], $5::bigint[], $6::integer[], $7::integer[])
                    t(tier_id, position, name, price_minor, capacity, available)
           ), updated as (
             update inventory i
                set position = t.position, name = t.name, price_minor = t.price_minor, capacity = t.capacity, available = t.available
               from t where i.event_id = $1 and i.tier_id = t.tier_id
          returning i.tier_id
           )
           insert into inventory (event_id, tier_id, position, name, price_minor, capacity, available)
           select $1, tier_id, position, name, price_minor, capacity, available
             from t where tier_id not in (select tier_id from updated)`,
    values: [
      eventId,
      tiers.map((tier) => tier.tierId),
      tiers.map((tier) => tier.position),
      tiers.map((tier) => tier.name),
      tiers.map((tier) => tier.priceMinor),
      tiers.map((tier) => tier.capacity),
      tiers.map((tier) => tier.available),
    ],
  });
}

/** Removes tiers that nothing was ever held of. */
export async function deleteTiers(client: Sql, eventId: string, tierIds: readonly string[]): Promise<void> {
  await client.query({
    name: 'delete-tiers',
    text: 'delete from inventory where event_id = $1 and tier_id = any($2::uuid[])',
    values: [eventId, tierIds],
  });
}

/** Tiers of the event that a booking or a waiting entry names. */
export async function listTiersInUse(
  client: Sql,
  eventId: string,
  tierIds: readonly string[],
): Promise<string[]> {
  const { rows } = await client.query<{ tier_id: string }>({
    name: 'list-tiers-in-use',
    text: `select t.tier_id from unnest($2::uuid[]) t(tier_id)
            where exists (select 1 from bookings b where b.event_id = $1 and t.tier_id = any(b.tier_ids))
               or exists (select 1 from waitlist_entries w where w.event_id = $1 and w.tier_id = t.tier_id and w.status in ('waiting', 'offered'))`,
    values: [eventId, tierIds],
  });
  return rows.map((row) => row.tier_id);
}

export async function hasBookings(client: Sql, eventId: string): Promise<boolean> {
  const { rows } = await client.query<{ has: boolean }>({
    name: 'has-bookings',
    text: 'select exists (select 1 from bookings where event_id = $1) as has',
    values: [eventId],
  });
  return rows[0]?.has === true;
}

/** Cancelled events whose bookings are still to be cancelled. */
export async function listEventsWindingDown(sql: Sql, limit: number): Promise<string[]> {
  const { rows } = await sql.query<{ event_id: string }>({
    name: 'events-winding-down',
    text: 'select event_id from event_sales where winding_down limit $1',
    values: [limit],
  });
  return rows.map((row) => row.event_id);
}

export async function markWoundDown(client: Sql, eventId: string): Promise<void> {
  await client.query({
    name: 'mark-wound-down',
    text: 'update event_sales set winding_down = false where event_id = $1',
    values: [eventId],
  });
}
