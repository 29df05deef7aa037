/** Ticket codes: derived under a secret from a random salt, so that a stolen database shows none. */
import { createHmac, hash, randomBytes } from 'node:crypto';
import type { Booking } from '../domain/booking.ts';
import type { NewTicket, Ticket } from '../store/tickets.ts';

const saltBytes = 16;
/** 160 bits, in base64url: 27 characters. */
const codeBytes = 20;

export type TicketCodes = {
  /** One new ticket for each seat of each booking (I33). */
  issue: (bookings: readonly Booking[]) => NewTicket[];
  /** The code that is printed; shown again whenever its owner asks. */
  codeOf: (ticket: Pick<Ticket, 'bookingId' | 'number' | 'salt'>) => string;
  /** How a code is found: its SHA-256. */
  hashOf: (code: string) => Buffer;
};

/**
 * HMAC-SHA-256 over (booking, number, 128 random bits), cut to 160 bits: unguessable without the secret
 * (I32) and repeatable with it. The signature part of a QR code is the code itself.
 */
export function createTicketCodes(secret: string): TicketCodes {
  const codeOf = (ticket: Pick<Ticket, 'bookingId' | 'number' | 'salt'>): string =>
    createHmac('sha256', secret)
      .update(`${ticket.bookingId}:${ticket.number}:`)
      .update(ticket.salt)
      .digest()
      .subarray(0, codeBytes)
      .toString('base64url');
  const hashOf = (code: string): Buffer => hash('sha256', code, 'buffer');
  return {
    codeOf,
    hashOf,
    issue: (bookings) => {
      const seats = bookings.flatMap(seatsOf);
      // One call of the system's generator for all: a call for each ticket costs more than its code.
      const salts = randomBytes(saltBytes * seats.length);
      return seats.map((seat, at) => {
        const ticket = { ...seat, salt: salts.subarray(at * saltBytes, (at + 1) * saltBytes) };
        return { ...ticket, codeHash: hashOf(codeOf(ticket)) };
      });
    },
  };
}

function seatsOf(booking: Booking): Pick<NewTicket, 'bookingId' | 'number' | 'tierId'>[] {
  return booking.lines
    .flatMap((line) => Array.from({ length: line.quantity }, () => line.tierId))
    .map((tierId, at) => ({ bookingId: booking.id, number: at + 1, tierId }));
}
