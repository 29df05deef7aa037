/** Reads for organizers and for other services: stock of many events, and the report of one. */
import type { z } from 'zod';
import type { EventStock, salesReport } from '@evently/contracts/inventory';
import type { Sql } from '@evently/kit/postgres';

type StockRow = {
  event_id: string;
  revision: string;
  catalog_version: number;
  version: string;
  currency: string;
  updated_at: Date;
  tiers: EventStock['tiers'];
};

/** Stock of these events, those that are known, in one snapshot. */
export async function listEventStock(sql: Sql, eventIds: readonly string[]): Promise<EventStock[]> {
  const { rows } = await sql.query<StockRow>({
    name: 'list-event-stock',
    text: `select s.event_id, d.revision, d.catalog_version, s.version, s.currency, clock_timestamp() as updated_at,
                  (select json_agg(json_build_object('tier_id', i.tier_id, 'name', i.name, 'price_minor', i.price_minor,
                                   'capacity', i.capacity, 'available', i.available, 'held', i.held, 'sold', i.sold,
                                   'blocked', i.blocked) order by i.position, i.tier_id)
                     from inventory i where i.event_id = s.event_id) as tiers
             from event_sales s join event_details d on d.event_id = s.event_id
            where s.event_id = any($1::uuid[])`,
    values: [eventIds],
  });
  return rows.map((row) => {
    const sum = (place: 'capacity' | 'available' | 'held' | 'sold' | 'blocked'): number =>
      row.tiers.reduce((total, tier) => total + tier[place], 0);
    return {
      event_id: row.event_id,
      revision: Number(row.revision),
      catalog_version: row.catalog_version,
      stock_version: Number(row.version),
      currency: row.currency,
      updated_at: row.updated_at.toISOString(),
      capacity: sum('capacity'),
      available: sum('available'),
      held: sum('held'),
      sold: sum('sold'),
      blocked: sum('blocked'),
      tiers: row.tiers,
    };
  });
}

type ReportRow = {
  revenue: string;
  refunded: string;
  total: string;
  pending: string;
  confirmed: string;
  cancelled: string;
  expired: string;
};

/** Money and movement of one event; null when it is unknown. */
export async function readSalesReport(
  sql: Sql,
  eventId: string,
): Promise<z.output<typeof salesReport> | null> {
  const [stock] = await listEventStock(sql, [eventId]);
  if (stock === undefined) return null;
  const { rows } = await sql.query<ReportRow>({
    name: 'read-report',
    text: `select coalesce(sum(total_minor) filter (where status = 'confirmed'), 0) as revenue,
                  (select coalesce(sum(amount_minor) filter (where status <> 'failed'), 0) from booking_refunds where event_id = $1) as refunded,
                  count(*) as total,
                  count(*) filter (where status in ('pending', 'paying', 'payment_unknown')) as pending,
                  count(*) filter (where status = 'confirmed') as confirmed,
                  count(*) filter (where status = 'cancelled') as cancelled,
                  count(*) filter (where status = 'expired') as expired
             from bookings where event_id = $1`,
    values: [eventId],
  });
  const row = rows[0];
  if (row === undefined) return null;
  const [total, confirmed] = [Number(row.total), Number(row.confirmed)];
  return {
    event_id: eventId,
    currency: stock.currency,
    capacity: stock.capacity,
    available: stock.available,
    held: stock.held,
    sold: stock.sold,
    revenue_minor: Number(row.revenue),
    refunded_minor: Number(row.refunded),
    bookings: {
      total,
      pending: Number(row.pending),
      confirmed,
      cancelled: Number(row.cancelled),
      expired: Number(row.expired),
    },
    conversion: total === 0 ? 0 : confirmed / total,
    sales_per_minute: await readSalesPerMinute(sql, eventId),
  };
}

async function readSalesPerMinute(sql: Sql, eventId: string): Promise<{ minute: string; tickets: number }[]> {
  const { rows } = await sql.query<{ minute: Date; tickets: string }>({
    name: 'read-sales-per-minute',
    text: `select date_trunc('minute', confirmed_at) as minute, sum(quantity) as tickets
             from bookings
            where event_id = $1 and confirmed_at > statement_timestamp() - interval '60 minutes'
            group by 1 order by 1`,
    values: [eventId],
  });
  return rows.map((row) => ({ minute: row.minute.toISOString(), tickets: Number(row.tickets) }));
}

/** Events that have pending holds, for an operator's last resort. */
export async function listEventsWithHolds(sql: Sql, limit: number): Promise<string[]> {
  const { rows } = await sql.query<{ event_id: string }>({
    name: 'events-with-holds',
    text: "select distinct event_id from bookings where status = 'pending' limit $1",
    values: [limit],
  });
  return rows.map((row) => row.event_id);
}
