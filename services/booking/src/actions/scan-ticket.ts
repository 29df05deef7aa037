/** Checks a ticket in at the door, once. */
import type { Sql } from '@evently/kit/postgres';
import { refused, type Refused } from '../domain/refusals.ts';
import { findTicket, useTicket, type Ticket } from '../store/tickets.ts';
import type { TicketCodes } from './ticket-codes.ts';

export type ScanInput = { code: string; where: string; scannedBy: string };

/** Accepts a valid code exactly once (I34). Refusals: unknown-ticket, ticket-void, ticket-used with when and where. */
export async function scanTicket(
  deps: { db: Sql; tickets: TicketCodes },
  input: ScanInput,
): Promise<{ ok: true; ticket: Ticket } | Refused> {
  const hash = deps.tickets.hashOf(input.code);
  const used = await useTicket(deps.db, hash, input.where, input.scannedBy);
  if (used !== null) return { ok: true, ticket: used };
  const ticket = await findTicket(deps.db, hash);
  if (ticket === null) return refused({ kind: 'unknown-ticket' });
  if (ticket.status === 'void' || ticket.usedAt === null) return refused({ kind: 'ticket-void' });
  return refused({ kind: 'ticket-used', usedAt: ticket.usedAt, usedWhere: ticket.usedWhere ?? '' });
}
