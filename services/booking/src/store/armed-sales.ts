/** Rows of `armed_sales`: what operators said last about the window of each event, tombstones included. */
import { oldestIdOf } from '@evently/kit/ids';
import type { Sql } from '@evently/kit/postgres';
import type { Fence, StoredFence } from '../domain/fencing.ts';
import { maxWarmLeadDays, type DueSale } from '../domain/warmth.ts';
import type { ArmedWindow, Intent } from '../domain/window.ts';

/** `warmLeadMs`: how long before the opening every process is to be warm. */
export type ArmedTerms = ArmedWindow & { warmLeadMs: number };
export type Armed = ArmedTerms & StoredFence & { armedAt: Date };

export async function findArmed(sql: Sql, eventId: string): Promise<Armed | null> {
  const { rows } = await sql.query<{
    epoch: string;
    uid: string;
    generation: string;
    opens_at: Date;
    closes_at: Date | null;
    intent: Intent;
    warm_lead_ms: string;
    retired_uids: string[];
    armed_at: Date;
    disarmed_at: Date | null;
  }>({
    name: 'find-armed',
    text: `select epoch, uid, generation, opens_at, closes_at, intent, warm_lead_ms, retired_uids, armed_at, disarmed_at
             from armed_sales where event_id = $1`,
    values: [eventId],
  });
  const row = rows[0];
  if (row === undefined) return null;
  return {
    epoch: Number(row.epoch),
    uid: row.uid,
    generation: Number(row.generation),
    opensAt: row.opens_at,
    closesAt: row.closes_at,
    intent: row.intent,
    warmLeadMs: Number(row.warm_lead_ms),
    retired: row.retired_uids,
    armedAt: row.armed_at,
    disarmed: row.disarmed_at !== null,
  };
}

/**
 * Writes the command over what is stored, under the event's lock. `retired` as `retiredAfter` has it. A window that
 * has not opened and gets another opening is armed anew: nothing was sold in it before, however early it opens.
 */
export async function writeArmed(
  client: Sql,
  eventId: string,
  armed: Fence & ArmedTerms & { retired: readonly string[]; disarmed: boolean },
): Promise<void> {
  await client.query({
    name: 'write-armed',
    text: `insert into armed_sales (event_id, epoch, uid, generation, opens_at, closes_at, intent, disarmed_at, warm_lead_ms, retired_uids)
           values ($1, $2, $3, $4, $5, $6, $7, case when $8 then clock_timestamp() end, $9, $10)
           on conflict (event_id) do update
              set epoch = excluded.epoch, uid = excluded.uid, generation = excluded.generation, opens_at = excluded.opens_at,
                  closes_at = excluded.closes_at, intent = excluded.intent, disarmed_at = excluded.disarmed_at,
                  warm_lead_ms = excluded.warm_lead_ms, retired_uids = excluded.retired_uids,
                  armed_at = case when armed_sales.disarmed_at is not null
                                    or (armed_sales.opens_at > clock_timestamp() and armed_sales.opens_at <> excluded.opens_at)
                                  then clock_timestamp() else armed_sales.armed_at end`,
    values: [
      eventId,
      armed.epoch,
      armed.uid,
      armed.generation,
      armed.opensAt,
      armed.closesAt,
      armed.intent,
      armed.disarmed,
      armed.warmLeadMs,
      armed.retired,
    ],
  });
}

// A sale without an end is kept warm this long.
const maxOpenDays = 30;

/**
 * Sales that are within their lead time or open, the nearest opening first, by the database's clock. No lock.
 * Each process asks twice a second: the index by opening leaves out what is weeks away and what is long over.
 */
export async function listDueSales(sql: Sql, limit: number): Promise<DueSale[]> {
  const { rows } = await sql.query<{ event_id: string; uid: string; generation: string }>({
    name: 'list-due-sales',
    text: `select event_id, uid, generation
             from armed_sales
            where disarmed_at is null and intent <> 'Stop'
              and opens_at <= now() + make_interval(days => $1) and opens_at > now() - make_interval(days => $2)
              and opens_at - make_interval(secs => warm_lead_ms / 1000.0) <= now()
              and (closes_at is null or closes_at > now())
            order by abs(extract(epoch from opens_at - now())), event_id
            limit $3`,
    values: [maxWarmLeadDays, maxOpenDays, limit],
  });
  return rows.map((row) => ({ eventId: row.event_id, uid: row.uid, generation: Number(row.generation) }));
}

// Ids carry the time of the process that made them, which may differ from the database's by this much.
const clockSkewMs = 60_000;
// More than the largest batch: ids of one moment are not in the order of their commits.
const firstBookings = 512;
// Bookings of all events since then that are looked through before the event's own are asked for.
const nearBookings = 20_000;

/**
 * When the first reservation at or after `since` was accepted; null while there is none. An offer to the
 * waitlist is not one.
 *
 * First by the primary key, whose ids are in the order of time: an event that sells from the start is found
 * among the first of them, whatever the statistics say; they know nothing of a sale that began just now, and by
 * them its million bookings would all be read (340 ms). Only when others sold all of those, by the event. No
 * name: planned for its values. Measured at 1.3 million bookings: 3 ms for the event that made a million, 4 ms
 * for one with a few or none, 25 to 85 ms for one with 300,000 from before and none since.
 */
export async function findFirstReserved(sql: Sql, eventId: string, since: Date): Promise<Date | null> {
  const { rows } = await sql.query<{ first: Date | null }>(
    `select coalesce(
              (select min(b.created_at)
                 from (select n.id
                         from (select id, event_id from bookings where id >= $2 order by id limit ${nearBookings}) n
                        where n.event_id = $1 limit ${firstBookings}) w
                cross join lateral (select created_at from bookings
                                     where id = w.id and event_id = $1 and created_at >= $3 and waitlist_id is null limit 1) b),
              (select min(b.created_at)
                 from (select created_at from bookings
                        where event_id = $1 and id >= $2 and created_at >= $3 and waitlist_id is null
                        order by id limit ${firstBookings}) b)) as first`,
    [eventId, oldestIdOf(since.getTime() - clockSkewMs), since],
  );
  return rows[0]?.first ?? null;
}
