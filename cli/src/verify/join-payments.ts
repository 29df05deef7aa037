/** Holds bookings against payments, two sorted streams of two databases, in one pass. Pure. */

/** A booking for which money was asked, as booking knows it; minor units. */
export type PaidBooking = {
  booking_id: string;
  status: string;
  total_minor: number;
  currency: string;
  /** What was asked to be given back. */
  refunded_minor: number;
};
/** Money that was taken, as payment knows it. `refunded_minor` counts refunds that have not failed. */
export type CapturedPayment = {
  payment_id: string;
  booking_id: string;
  amount_minor: number;
  currency: string;
  refunded_minor: number;
  /** Refunds that failed and wait for a person, or were given back by one. */
  in_case_minor: number;
};

export type Violation = { invariant: 'I16' | 'I21' | 'I23'; row: string };

/**
 * Both streams come ordered by booking_id as text of lower-case UUIDs. Answers each rule that a booking
 * and its captures break; memory is one page of each, and what is broken.
 */
export async function joinPayments(
  bookings: AsyncIterable<readonly PaidBooking[]>,
  captures: AsyncIterable<readonly CapturedPayment[]>,
): Promise<Violation[]> {
  const violations: Violation[] = [];
  const left = flatten(bookings)[Symbol.asyncIterator]();
  const right = flatten(captures)[Symbol.asyncIterator]();
  let booking = (await left.next()).value;
  let capture = (await right.next()).value;
  while (booking !== undefined || capture !== undefined) {
    if (booking === undefined || (capture !== undefined && capture.booking_id < booking.booking_id)) {
      if (capture === undefined) break;
      violations.push({
        invariant: 'I16',
        row: `payment ${capture.payment_id}: there is no booking ${capture.booking_id}`,
      });
      capture = (await right.next()).value;
      continue;
    }
    const own: CapturedPayment[] = [];
    while (capture !== undefined && capture.booking_id === booking.booking_id) {
      own.push(capture);
      capture = (await right.next()).value;
    }
    violations.push(...judgeBooking(booking, own));
    booking = (await left.next()).value;
  }
  return violations;
}

async function* flatten<T>(pages: AsyncIterable<readonly T[]>): AsyncGenerator<T, undefined> {
  for await (const page of pages) yield* page;
  return undefined;
}

/** I21 for a confirmed booking, I23 for one that is over; one under way is settled by its saga. */
export function judgeBooking(booking: PaidBooking, captures: readonly CapturedPayment[]): Violation[] {
  const kept = captures.filter((capture) => capture.refunded_minor < capture.amount_minor);
  const name = `booking ${booking.booking_id} (${booking.status})`;
  if (booking.status === 'confirmed') {
    if (booking.total_minor === 0 && kept.length === 0) return [];
    const [only] = kept;
    const exact = only?.amount_minor === booking.total_minor && only.currency === booking.currency;
    if (booking.total_minor > 0 && kept.length === 1 && exact) return [];
    const taken = kept.map((capture) => `${capture.amount_minor} ${capture.currency}`).join(' + ');
    return [
      {
        invariant: 'I21',
        row: `${name}: ${booking.total_minor} ${booking.currency} is due, taken is ${taken === '' ? 'nothing' : taken}`,
      },
    ];
  }
  if (booking.status !== 'cancelled' && booking.status !== 'expired') return [];
  const takenMinor = captures.reduce((sum, capture) => sum + capture.amount_minor, 0);
  const backMinor = captures.reduce(
    (sum, capture) => sum + capture.refunded_minor + capture.in_case_minor,
    0,
  );
  // A cancelled booking keeps what the refund policy says; an expired one keeps nothing.
  const dueMinor = booking.status === 'expired' ? takenMinor : Math.min(booking.refunded_minor, takenMinor);
  if (backMinor >= dueMinor) return [];
  return [
    {
      invariant: 'I23',
      row: `${name}: ${dueMinor} ${booking.currency} must go back, refunds amount to ${backMinor}`,
    },
  ];
}
