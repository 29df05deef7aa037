/** A booking and its life: the one place that says which status may follow which. */

export type BookingStatus = 'pending' | 'paying' | 'payment_unknown' | 'confirmed' | 'cancelled' | 'expired';

/** Part of a booking: some seats of one tier at the price they were held for, in minor units. */
export type Line = { tierId: string; quantity: number; unitPriceMinor: number };

export type Booking = {
  id: string;
  eventId: string;
  userId: string;
  idempotencyKey: string;
  lines: readonly Line[];
  quantity: number;
  totalMinor: number;
  currency: string;
  status: BookingStatus;
  revision: number;
  createdAt: Date;
  /** The end of the hold as the buyer was told first. */
  firstExpiresAt: Date;
  expiresAt: Date;
  waitlistId: string | null;
  attempt: number;
  graceGranted: boolean;
  payingSince: Date | null;
  paymentId: string | null;
  transactionId: string | null;
  confirmedAt: Date | null;
};

/** Why a status changed; kept with each transition. */
export type Cause =
  | 'confirm'
  | 'payment_succeeded'
  | 'payment_declined'
  | 'payment_unknown'
  | 'payment_given_up'
  | 'late_payment'
  | 'free'
  | 'cancelled_by_buyer'
  | 'returned_by_buyer'
  | 'event_cancelled'
  | 'hold_lapsed'
  | 'forced';

const graph: Readonly<Record<BookingStatus, readonly BookingStatus[]>> = {
  pending: ['paying', 'confirmed', 'cancelled', 'expired'],
  paying: ['pending', 'payment_unknown', 'confirmed', 'expired'],
  payment_unknown: ['pending', 'confirmed', 'expired'],
  // Only by taking the same stock again, in the transaction in which late money arrives (I13).
  expired: ['confirmed'],
  confirmed: ['cancelled'],
  cancelled: [],
};

/** True when `to` may follow `from` (I12). */
export function mayFollow(from: BookingStatus, to: BookingStatus): boolean {
  return graph[from].includes(to);
}

/** What a booking of `status` takes of its tiers: a hold, sold seats, or nothing. */
export function claimOf(status: BookingStatus): 'held' | 'sold' | 'none' {
  switch (status) {
    case 'pending':
    case 'paying':
    case 'payment_unknown':
      return 'held';
    case 'confirmed':
      return 'sold';
    case 'cancelled':
    case 'expired':
      return 'none';
  }
}

/** True for what counts against a buyer's limit (I10). */
export function countsForBuyer(status: BookingStatus): boolean {
  return claimOf(status) !== 'none';
}

/** True when `asked` names the same tiers and quantities as `held`, in any order (I18). */
export function sameLines(
  held: readonly { tierId: string; quantity: number }[],
  asked: readonly { tierId: string; quantity: number }[],
): boolean {
  const text = (lines: readonly { tierId: string; quantity: number }[]): string =>
    lines
      .map((line) => `${line.tierId}:${line.quantity}`)
      .toSorted()
      .join(',');
  return held.length === asked.length && text(held) === text(asked);
}

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const referenceCharacters = 10;

/**
 * The reference people read out: `EV-` and ten characters of Crockford's base 32, made of the id's last
 * 50 random bits, so that it needs no column of its own.
 */
export function bookingReference(id: string): string {
  // Twelve digits after the last dash and half of the one before it; a number holds 53 bits exactly.
  let bits = Number.parseInt(id.slice(-12), 16) + (Number.parseInt(id.slice(-14, -13), 16) % 4) * 2 ** 48;
  let text = '';
  for (let at = 0; at < referenceCharacters; at += 1) {
    text = (alphabet[bits % 32] ?? '0') + text;
    bits = Math.floor(bits / 32);
  }
  return `EV-${text}`;
}
