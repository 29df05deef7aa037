/** Everything that the event service may refuse, as values. Pure. */

export type FieldFault = { field: string; message: string };

export type Refusal =
  | { kind: 'email-taken' }
  | { kind: 'weak-password'; fault: string }
  | { kind: 'passwords-busy' }
  | { kind: 'invalid-credentials' }
  | { kind: 'invalid-refresh-token' }
  | { kind: 'bootstrap-spent' }
  | { kind: 'idempotency-key-reused' }
  | { kind: 'unknown-venue' }
  | { kind: 'unknown-event' }
  | { kind: 'invalid-fields'; faults: readonly FieldFault[] }
  | { kind: 'venue-in-use'; events: number }
  | { kind: 'capacity-above-venue'; capacity: number; venueCapacity: number }
  | { kind: 'version-conflict'; version: number }
  | { kind: 'invalid-transition'; from: string; to: string }
  | { kind: 'event-over'; endedAt: Date }
  | { kind: 'event-closed'; status: string }
  | { kind: 'event-has-bookings'; bookings: number }
  | { kind: 'refused-by-booking'; code: string; detail: string; extra: Readonly<Record<string, unknown>> }
  | { kind: 'booking-unavailable' }
  | { kind: 'too-many-streams' };

export type Refused<K extends Refusal['kind'] = Refusal['kind']> = {
  ok: false;
  refusal: Extract<Refusal, { kind: K }>;
};

export function refused<R extends Refusal>(refusal: R): { ok: false; refusal: R } {
  return { ok: false, refusal };
}

export function invalidField(field: string, message: string): Refused<'invalid-fields'> {
  return refused({ kind: 'invalid-fields', faults: [{ field, message }] });
}
