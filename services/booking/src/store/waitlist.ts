/** Rows of `waitlist_entries`: who waits for which tier, in order. */
import type { Sql } from '@evently/kit/postgres';
import type { Enrolment } from '../domain/allocate.ts';
import type { WaitingEntry } from '../domain/waitlist.ts';

export type EntryStatus = 'waiting' | 'offered' | 'converted' | 'expired' | 'left';
export type Entry = WaitingEntry & {
  eventId: string;
  status: EntryStatus;
  joinedAt: Date;
  bookingId: string | null;
  offeredAt: Date | null;
};
type EntryRow = {
  id: string;
  event_id: string;
  tier_id: string;
  user_id: string;
  quantity: number;
  status: EntryStatus;
  joined_at: Date;
  booking_id: string | null;
  offered_at: Date | null;
};
const columns = 'id, event_id, tier_id, user_id, quantity, status, joined_at, booking_id, offered_at';

function entryOf(row: EntryRow): Entry {
  return {
    id: row.id,
    eventId: row.event_id,
    tierId: row.tier_id,
    userId: row.user_id,
    quantity: row.quantity,
    status: row.status,
    joinedAt: row.joined_at,
    bookingId: row.booking_id,
    offeredAt: row.offered_at,
  };
}

/** Adds entries in the order given. The sale's row is locked, so places follow the order of decisions. */
export async function insertEntries(
  client: Sql,
  eventId: string,
  at: Date,
  entries: readonly Enrolment[],
): Promise<void> {
  await client.query({
    name: 'insert-entries',
    text: `insert into waitlist_entries (id, event_id, tier_id, user_id, quantity, status, joined_at)
           select e.id, $1, e.tier_id, e.user_id, e.quantity, 'waiting', $2
             from unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::integer[]) with ordinality
                  e(id, tier_id, user_id, quantity, place)
            order by e.place`,
    values: [
      eventId,
      at,
      entries.map((entry) => entry.id),
      entries.map((entry) => entry.tierId),
      entries.map((entry) => entry.userId),
      entries.map((entry) => entry.quantity),
    ],
  });
}

/**
 * The first `limit` of those who wait for a tier and want no more than it has, in order, passing over the
 * first `skip`: entries that were decided on already and are not written yet.
 */
export async function listWaiting(
  client: Sql,
  eventId: string,
  tierId: string,
  atMost: number,
  page: { limit: number; skip: number },
): Promise<WaitingEntry[]> {
  const { rows } = await client.query<EntryRow>({
    name: 'list-waiting',
    text: `select ${columns} from waitlist_entries
            where event_id = $1 and tier_id = $2 and status = 'waiting' and quantity <= $3
            order by priority desc, joined_at, place limit $4 offset $5`,
    values: [eventId, tierId, atMost, page.limit, page.skip],
  });
  return rows.map(entryOf);
}

/** Waiting entries of each tier, and of all. */
export async function countWaiting(sql: Sql, eventId: string): Promise<Map<string, number>> {
  const { rows } = await sql.query<{ tier_id: string; waiting: string }>({
    name: 'count-waiting',
    text: `select tier_id, count(*) as waiting from waitlist_entries
            where event_id = $1 and status = 'waiting' group by tier_id`,
    values: [eventId],
  });
  return new Map(rows.map((row) => [row.tier_id, Number(row.waiting)]));
}

/** Active entries of these buyers. */
export async function listActive(sql: Sql, eventId: string, userIds: readonly string[]): Promise<Entry[]> {
  const { rows } = await sql.query<EntryRow>({
    name: 'list-active',
    text: `select ${columns} from waitlist_entries
            where event_id = $1 and user_id = any($2::uuid[]) and status in ('waiting', 'offered')
            order by joined_at, place`,
    values: [eventId, userIds],
  });
  return rows.map(entryOf);
}

/** A buyer's newest entry of the event, an active one before any other. */
export async function findEntry(
  sql: Sql,
  eventId: string,
  userId: string,
  tierId: string | null,
): Promise<Entry | null> {
  const { rows } = await sql.query<EntryRow>({
    name: 'find-entry',
    text: `select ${columns} from waitlist_entries
            where event_id = $1 and user_id = $2 and ($3::uuid is null or tier_id = $3) and status <> 'left'
            order by (status in ('waiting', 'offered')) desc, joined_at desc, place desc limit 1`,
    values: [eventId, userId, tierId],
  });
  return rows[0] === undefined ? null : entryOf(rows[0]);
}

/** How many of the same tier wait before this entry, and how many wait in all. */
export async function countAhead(
  sql: Sql,
  entryId: string,
  eventId: string,
): Promise<{ ahead: number; total: number }> {
  const { rows } = await sql.query<{ ahead: string; total: string }>({
    name: 'count-ahead',
    text: `select count(*) filter (where (-w.priority, w.joined_at, w.place) < (-e.priority, e.joined_at, e.place)) as ahead,
                  count(*) as total
             from waitlist_entries e
             join waitlist_entries w on w.event_id = e.event_id and w.tier_id = e.tier_id and w.status = 'waiting'
            where e.id = $1 and e.event_id = $2`,
    values: [entryId, eventId],
  });
  return { ahead: Number(rows[0]?.ahead ?? 0), total: Number(rows[0]?.total ?? 0) };
}

/** The place of each waiting entry of these buyers in its tier, from 1. Reads the event's whole queue once. */
export async function listPlaces(
  sql: Sql,
  eventId: string,
  userIds: readonly string[],
): Promise<Map<string, number>> {
  const { rows } = await sql.query<{ id: string; position: string }>({
    name: 'list-places',
    text: `select id, position
             from (select id, user_id,
                          row_number() over (partition by tier_id order by priority desc, joined_at, place) as position
                     from waitlist_entries where event_id = $1 and status = 'waiting') ranked
            where user_id = any($2::uuid[])`,
    values: [eventId, userIds],
  });
  return new Map(rows.map((row) => [row.id, Number(row.position)]));
}

export type EntryChange = {
  id: string;
  status: EntryStatus;
  bookingId: string | null;
  reason: string | null;
};

/** Moves entries on. The sale's row is locked. */
export async function writeEntries(
  client: Sql,
  eventId: string,
  at: Date,
  changes: readonly EntryChange[],
): Promise<void> {
  await client.query({
    name: 'write-entries',
    text: `update waitlist_entries e
              set status = c.status,
                  booking_id = coalesce(c.booking_id, e.booking_id),
                  offered_at = case when c.status = 'offered' then $2::timestamptz else e.offered_at end,
                  ended_at = case when c.status in ('converted', 'expired', 'left') then $2::timestamptz end,
                  end_reason = c.reason
             from unnest($3::uuid[], $4::text[], $5::uuid[], $6::text[]) c(id, status, booking_id, reason)
            where e.event_id = $1 and e.id = c.id`,
    values: [
      eventId,
      at,
      changes.map((change) => change.id),
      changes.map((change) => change.status),
      changes.map((change) => change.bookingId),
      changes.map((change) => change.reason),
    ],
  });
}

/** Events with somebody waiting while stock lies free; the sweeper matches them. Locks nothing. */
export async function listEventsToMatch(sql: Sql, limit: number): Promise<string[]> {
  const { rows } = await sql.query<{ event_id: string }>({
    name: 'events-to-match',
    text: `select s.event_id from event_sales s
            where s.waitlist_used and s.status = 'published'
              and clock_timestamp() >= s.sells_from and clock_timestamp() < s.sells_until
              and exists (select 1 from inventory i
                           join waitlist_entries w on w.event_id = i.event_id and w.tier_id = i.tier_id
                          where i.event_id = s.event_id and i.available > 0 and w.status = 'waiting'
                            and w.quantity <= i.available)
            limit $1`,
    values: [limit],
  });
  return rows.map((row) => row.event_id);
}

/** Ends every active entry of an event that will not take place. The sale's row is locked. */
export async function endEntries(client: Sql, eventId: string, reason: string): Promise<void> {
  await client.query({
    name: 'end-entries',
    text: `update waitlist_entries set status = 'expired', ended_at = clock_timestamp(), end_reason = $2
            where event_id = $1 and status = 'waiting'`,
    values: [eventId, reason],
  });
}
