/** Reads what the metrics show of sales: stock, waitlist, open payments, lapsed holds, and what is oversold. */
import type { Database, Sql } from '@evently/kit/postgres';

export type SaleFigures = {
  eventId: string;
  name: string;
  version: number;
  phase: 'scheduled' | 'open' | 'closed';
  /** Negative after the opening; null for a sale without one. */
  opensInSeconds: number | null;
  /** When it could first sell: the opening, or its arming when that came later. */
  openedAt: Date | null;
  capacity: number;
  available: number;
  held: number;
  sold: number;
  blocked: number;
  waiting: number;
  offered: number;
};

type SaleFiguresRow = {
  event_id: string;
  name: string;
  version: string;
  phase: SaleFigures['phase'];
  opens_in: number | null;
  opened_at: Date | null;
  capacity: number;
  available: number;
  held: number;
  sold: number;
  blocked: number;
  waiting: number;
  offered: number;
};

// Sales are shown from so long before their opening until so long after their end.
const aheadHours = 168;
const afterMinutes = 10;

/**
 * Sales that are open, open within a week or ended within ten minutes: those of `first` before all others, then the
 * nearest openings, then what sells without one. One snapshot, no lock. Reads `event_sales` whole, some 150 ms for 100,000
 * events, and stock and waitlist of those it answers.
 */
export async function listSaleFigures(
  sql: Sql,
  first: readonly string[],
  limit: number,
): Promise<SaleFigures[]> {
  const { rows } = await sql.query<SaleFiguresRow>({
    name: 'list-sale-figures',
    text: `select s.event_id, d.name, s.version, s.phase, s.opens_in, s.opened_at,
                  i.capacity, i.available, i.held, i.sold, i.blocked, w.waiting, w.offered
             from (select e.event_id, e.version, e.waitlist_used,
                          case when e.status <> 'published' or t.now >= e.sells_until then 'closed'
                               when t.now < e.sells_from then 'scheduled' else 'open' end as phase,
                          case when isfinite(e.sells_from) then extract(epoch from e.sells_from - t.now) end::float8 as opens_in,
                          case when isfinite(e.sells_from) then greatest(e.sells_from, a.armed_at) end as opened_at,
                          e.event_id = any($1::uuid[]) as is_first
                     from event_sales e
                    cross join (select clock_timestamp() as now offset 0) t
                     left join armed_sales a on a.event_id = e.event_id and a.disarmed_at is null
                    where e.event_id = any($1::uuid[])
                       or (e.status = 'published' and e.sells_from < t.now + make_interval(hours => ${aheadHours})
                           and e.sells_until > t.now - make_interval(mins => ${afterMinutes}))
                    order by is_first desc, case when isfinite(e.sells_from) then greatest(e.sells_from - t.now, t.now - e.sells_from) end nulls last,
                             e.event_id
                    limit $2) s
             join event_details d on d.event_id = s.event_id
            cross join lateral (select coalesce(sum(n.capacity), 0)::int as capacity, coalesce(sum(n.available), 0)::int as available,
                                       coalesce(sum(n.held), 0)::int as held, coalesce(sum(n.sold), 0)::int as sold,
                                       coalesce(sum(n.blocked), 0)::int as blocked
                                  from inventory n where n.event_id = s.event_id) i
            cross join lateral (select (count(*) filter (where x.status = 'waiting'))::int as waiting,
                                       (count(*) filter (where x.status = 'offered'))::int as offered
                                  from waitlist_entries x
                                 where s.waitlist_used and x.event_id = s.event_id and x.status in ('waiting', 'offered')) w
            order by s.is_first desc, abs(s.opens_in) nulls last, s.event_id`,
    values: [first, limit],
  });
  return rows.map(
    ({ event_id: eventId, version, opens_in: opensInSeconds, opened_at: openedAt, ...row }) => ({
      eventId,
      version: Number(version),
      opensInSeconds,
      openedAt,
      ...row,
    }),
  );
}

export type OpenFigures = { paying: number; unknown: number; oldestUnsweptSeconds: number };

/** Bookings whose payment is open, and for how long the oldest lapsed hold keeps its seats; by their partial indexes. */
export async function readOpenFigures(sql: Sql): Promise<OpenFigures> {
  const { rows } = await sql.query<{ paying: number; unknown: number; unswept: number }>({
    name: 'read-open-figures',
    text: `select p.paying, p.unknown,
                  coalesce((select greatest(0, extract(epoch from clock_timestamp() - h.expires_at))
                              from bookings h where h.status = 'pending' order by h.expires_at limit 1), 0)::float8 as unswept
             from (select (count(*) filter (where b.status = 'paying'))::int as paying,
                          (count(*) filter (where b.status = 'payment_unknown'))::int as unknown
                     from bookings b where b.status in ('paying', 'payment_unknown')) p`,
  });
  const row = rows[0];
  if (row === undefined) throw new Error('the figures of bookings have no row');
  return { paying: row.paying, unknown: row.unknown, oldestUnsweptSeconds: row.unswept };
}

/** Bookings of more tickets than this are counted segment by segment; each segment has some 131,000 bookings. */
const mostAtOnce = 200_000;

/**
 * Tickets of each event that its bookings hold or have bought beyond the capacity of their tier; 0 for one that is
 * right. Counted from the bookings, in one snapshot: the counters of the stock (`tickets`) only choose the way, through
 * the index by event or segment by segment, so that no statement meets its time-out. No lock. Bookings of the same
 * lines are counted before they are unfolded. It takes time by the number of the events' bookings, or of the
 * table's for a large event, so the caller asks seldom; no second core of the server is used.
 */
export async function countOversold(
  db: Database,
  events: readonly { eventId: string; tickets: number }[],
): Promise<Map<string, number>> {
  const idsOf = (isLarge: boolean): string[] =>
    events.filter(({ tickets }) => tickets > mostAtOnce === isLarge).map(({ eventId }) => eventId);
  return db.transaction(async (client) => {
    await client.query('set transaction isolation level repeatable read, read only');
    await client.query(
      `select set_config('max_parallel_workers_per_gather', '0', true), set_config('jit', 'off', true),
              set_config('enable_sort', 'off', true)`,
    );
    const claimed = new Map<string, number>();
    const add = (claims: readonly Claim[]): void => {
      for (const { event_id: event, tier_id: tier, tickets } of claims)
        claimed.set(`${event} ${tier}`, (claimed.get(`${event} ${tier}`) ?? 0) + Number(tickets));
    };
    const [small, large] = [idsOf(false), idsOf(true)];
    if (small.length > 0) add(await readClaims(client, small, null));
    const [first, last] = large.length === 0 ? [0, -1] : await readSegments(client);
    for (let segment = first; segment <= last; segment += 1) add(await readClaims(client, large, segment));
    return excessOf(await readCapacities(client, [...small, ...large]), claimed, [...small, ...large]);
  });
}

type Claim = { event_id: string; tier_id: string; tickets: string };

/** Tickets that bookings hold or have bought, by tier; of all segments, or of one. No name: planned for its values. */
async function readClaims(
  client: Sql,
  eventIds: readonly string[],
  segment: number | null,
): Promise<Claim[]> {
  const { rows } = await client.query<Claim>(
    `with counted as (
       select b.event_id, b.tier_ids, b.quantities, count(*) as bookings
         from bookings b
        where b.event_id = any($1::uuid[]) and ($2::integer is null or b.segment = $2)
          and b.status in ('pending', 'paying', 'payment_unknown', 'confirmed')
        group by b.event_id, b.tier_ids, b.quantities)
     select c.event_id, l.tier_id, sum(l.quantity * c.bookings) as tickets
       from counted c, unnest(c.tier_ids, c.quantities) l(tier_id, quantity)
      group by c.event_id, l.tier_id`,
    [eventIds, segment],
  );
  return rows;
}

/** The first and the last segment that has bookings, by the index that begins with it. */
async function readSegments(client: Sql): Promise<[number, number]> {
  const { rows } = await client.query<{ first: number | null; last: number | null }>(
    'select min(segment) as first, max(segment) as last from bookings',
  );
  return [rows[0]?.first ?? 0, rows[0]?.last ?? -1];
}

async function readCapacities(client: Sql, eventIds: readonly string[]): Promise<Map<string, number>> {
  const { rows } = await client.query<{ event_id: string; tier_id: string; capacity: number }>(
    'select event_id, tier_id, capacity from inventory where event_id = any($1::uuid[])',
    [eventIds],
  );
  return new Map(rows.map((row) => [`${row.event_id} ${row.tier_id}`, row.capacity]));
}

/** A tier that the event does not have has no seat: all that was claimed of it is too much. */
function excessOf(
  capacities: ReadonlyMap<string, number>,
  claimed: ReadonlyMap<string, number>,
  eventIds: readonly string[],
): Map<string, number> {
  const excess = new Map(eventIds.map((eventId) => [eventId, 0]));
  for (const [place, tickets] of claimed) {
    const [eventId = ''] = place.split(' ');
    const beyond = Math.max(0, tickets - (capacities.get(place) ?? 0));
    excess.set(eventId, (excess.get(eventId) ?? 0) + beyond);
  }
  return excess;
}
