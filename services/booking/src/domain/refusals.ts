/** Every expected refusal of this service. Each has one answer, in `http/problems.ts`. */

export type WaitlistPlace = { waitlistId: string; position: number; status: 'waiting' | 'offered' };

export type Refusal =
  | { kind: 'unknown-event' }
  | { kind: 'unknown-booking' }
  | { kind: 'unknown-ticket' }
  | { kind: 'sale-not-armed' }
  | { kind: 'unknown-tier'; tierId: string }
  | { kind: 'tier-required' }
  | { kind: 'event-cancelled' }
  | { kind: 'sale-not-open'; opensAt: Date | null }
  | { kind: 'sale-closed'; closedAt: Date | null }
  | { kind: 'over-booking-limit'; max: number }
  | { kind: 'limit-reached'; max: number; has: number }
  | { kind: 'sold-out'; waitlist: WaitlistPlace | null }
  | { kind: 'not-enough-seats'; available: number }
  | { kind: 'key-reused' }
  | { kind: 'queue-full'; retryAfterSeconds: number }
  | { kind: 'booking-expired' }
  | { kind: 'booking-released' }
  | { kind: 'already-cancelled' }
  | { kind: 'already-confirmed' }
  | { kind: 'payment-in-progress' }
  | { kind: 'payment-refused'; declineCode: string; expiresAt: Date }
  | { kind: 'seats-available'; available: number }
  | { kind: 'already-waiting' }
  | { kind: 'waitlist-closed' }
  | { kind: 'waitlist-full' }
  | { kind: 'not-waiting' }
  | { kind: 'ticket-used'; usedAt: Date; usedWhere: string }
  | { kind: 'ticket-void' }
  | { kind: 'capacity-below-sold'; tierId: string; minimum: number }
  | { kind: 'tier-in-use'; tierId: string }
  | { kind: 'currency-fixed'; currency: string }
  | { kind: 'sale-managed' }
  | { kind: 'stale-epoch'; epoch: number; uid: string; generation: number }
  | { kind: 'version-conflict'; version: number }
  | { kind: 'too-many-streams' };

export type Refused = { ok: false; refusal: Refusal };
export function refused(refusal: Refusal): Refused {
  return { ok: false, refusal };
}
