/** Rows of `tickets`: one per seat bought, found at the door by the hash of its code. */
import type { Sql } from '@evently/kit/postgres';

export type Ticket = {
  bookingId: string;
  number: number;
  eventId: string;
  tierId: string;
  salt: Buffer;
  codeHash: Buffer;
  status: 'valid' | 'used' | 'void';
  usedAt: Date | null;
  usedWhere: string | null;
};
type TicketRow = {
  booking_id: string;
  number: number;
  event_id: string;
  tier_id: string;
  salt: Buffer;
  code_hash: Buffer;
  status: Ticket['status'];
  used_at: Date | null;
  used_where: string | null;
};
const columns = 'booking_id, number, event_id, tier_id, salt, code_hash, status, used_at, used_where';

function ticketOf(row: TicketRow): Ticket {
  return {
    bookingId: row.booking_id,
    number: row.number,
    eventId: row.event_id,
    tierId: row.tier_id,
    salt: row.salt,
    codeHash: row.code_hash,
    status: row.status,
    usedAt: row.used_at,
    usedWhere: row.used_where,
  };
}

export type NewTicket = Pick<Ticket, 'bookingId' | 'number' | 'tierId' | 'salt' | 'codeHash'>;

/** Inserts the tickets of bookings that were just confirmed, whose rows are locked. */
export async function insertTickets(
  client: Sql,
  eventId: string,
  tickets: readonly NewTicket[],
): Promise<void> {
  await client.query({
    name: 'insert-tickets',
    text: `insert into tickets (booking_id, number, event_id, tier_id, salt, code_hash, status)
           select t.booking_id, t.number, $1, t.tier_id, t.salt, t.code_hash, 'valid'
             from unnest($2::uuid[], $3::smallint[], $4::uuid[], $5::bytea[], $6::bytea[])
                  t(booking_id, number, tier_id, salt, code_hash)`,
    values: [
      eventId,
      tickets.map((ticket) => ticket.bookingId),
      tickets.map((ticket) => ticket.number),
      tickets.map((ticket) => ticket.tierId),
      tickets.map((ticket) => ticket.salt),
      tickets.map((ticket) => ticket.codeHash),
    ],
  });
}

/**
 * Locks the tickets of these bookings, after the bookings' own rows and in their order, so that no door lets one in meanwhile;
 * answers a used one of each booking that has any.
 */
export async function lockUsedTickets(
  client: Sql,
  eventId: string,
  bookingIds: readonly string[],
): Promise<Map<string, Ticket>> {
  const { rows } = await client.query<TicketRow>({
    name: 'lock-tickets',
    text: `select ${columns} from tickets
            where booking_id = any($1::uuid[]) and event_id = $2 order by booking_id, number for update`,
    values: [bookingIds, eventId],
  });
  // Turned round, so that the lowest number of a booking is the one that stays.
  return new Map(
    rows
      .filter((row) => row.status === 'used')
      .toReversed()
      .map((row) => [row.booking_id, ticketOf(row)]),
  );
}

/** Voids the tickets of cancelled bookings. */
export async function voidTickets(
  client: Sql,
  eventId: string,
  bookingIds: readonly string[],
): Promise<void> {
  await client.query({
    name: 'void-tickets',
    text: `update tickets set status = 'void' where booking_id = any($2::uuid[]) and event_id = $1 and status <> 'used'`,
    values: [eventId, bookingIds],
  });
}

export async function listTickets(sql: Sql, bookingId: string): Promise<Ticket[]> {
  const { rows } = await sql.query<TicketRow>({
    name: 'list-tickets',
    text: `select ${columns} from tickets where booking_id = $1 order by number`,
    values: [bookingId],
  });
  return rows.map(ticketOf);
}

export async function findTicket(sql: Sql, codeHash: Buffer): Promise<Ticket | null> {
  const { rows } = await sql.query<TicketRow>({
    name: 'find-ticket',
    text: `select ${columns} from tickets where code_hash = $1`,
    values: [codeHash],
  });
  return rows[0] === undefined ? null : ticketOf(rows[0]);
}

/**
 * Marks a valid ticket as used; null when it is not valid any more. One guarded update: of two doors that
 * scan the same code at once, the second waits for the row and then finds it used (I34).
 */
export async function useTicket(
  sql: Sql,
  codeHash: Buffer,
  where: string,
  by: string,
): Promise<Ticket | null> {
  const { rows } = await sql.query<TicketRow>({
    name: 'use-ticket',
    text: `update tickets set status = 'used', used_at = clock_timestamp(), used_where = $2, used_by = $3
            where code_hash = $1 and status = 'valid' returning ${columns}`,
    values: [codeHash, where, by],
  });
  return rows[0] === undefined ? null : ticketOf(rows[0]);
}
