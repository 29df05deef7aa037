/** The one place where a refusal of the event service becomes an answer; one without a case does not compile. */
import type { Context } from 'hono';
import {
  invalidCredentials,
  invalidRefreshToken,
  passwordsBusy,
  weakPassword,
} from '@evently/identity/problems';
import { refuse, type ServiceEnv } from '@evently/kit/app';
import { badRequest, notFound, unavailable, type Problem } from '@evently/kit/problems';
import type { Refusal } from '../domain/refusals.ts';

const retrySeconds = 2;
const streamRetrySeconds = 5;

function conflict(
  code: string,
  title: string,
  detail: string,
  extra: Readonly<Record<string, unknown>> = {},
): Problem {
  return { status: 409, code, title, detail, extra };
}

export function refuseEvent(c: Context<ServiceEnv>, refusal: Refusal): Response {
  return refuse(c, problemOf(refusal));
}

export function problemOf(refusal: Refusal): Problem {
  switch (refusal.kind) {
    case 'email-taken':
    case 'weak-password':
    case 'passwords-busy':
    case 'invalid-credentials':
    case 'invalid-refresh-token':
    case 'bootstrap-spent':
    case 'idempotency-key-reused':
      return credentialProblem(refusal);
    case 'unknown-venue':
      return notFound('venue');
    case 'unknown-event':
      return notFound('event');
    case 'invalid-fields':
      return badRequest(refusal.faults);
    case 'booking-unavailable':
      return unavailable(
        'booking_unavailable',
        'The booking service does not answer; nothing was decided, ask again.',
        retrySeconds,
      );
    case 'too-many-streams':
      return unavailable(
        'too_many_streams',
        'Ask for the availability itself now and then, or open the stream again later.',
        streamRetrySeconds,
      );
    case 'venue-in-use':
    case 'capacity-above-venue':
    case 'version-conflict':
    case 'invalid-transition':
    case 'event-over':
    case 'event-closed':
    case 'event-has-bookings':
    case 'refused-by-booking':
      return catalogProblem(refusal);
  }
}

type Of<K extends Refusal['kind']> = Extract<Refusal, { kind: K }>;
type CredentialKinds =
  | 'email-taken'
  | 'weak-password'
  | 'passwords-busy'
  | 'invalid-credentials'
  | 'invalid-refresh-token'
  | 'bootstrap-spent'
  | 'idempotency-key-reused';

function credentialProblem(refusal: Of<CredentialKinds>): Problem {
  switch (refusal.kind) {
    case 'email-taken':
      return conflict(
        'email_taken',
        'This e-mail address has an account',
        'Log in with it, or register with another address.',
      );
    case 'weak-password':
      return weakPassword(refusal.fault);
    case 'passwords-busy':
      return passwordsBusy;
    case 'invalid-credentials':
      return invalidCredentials;
    case 'invalid-refresh-token':
      return invalidRefreshToken;
    case 'bootstrap-spent':
      return {
        status: 403,
        code: 'bootstrap_spent',
        title: 'There is an administrator already',
        detail:
          'The bootstrap token makes the first administrator only; ask an administrator to make you one.',
      };
    case 'idempotency-key-reused':
      return {
        status: 422,
        code: 'idempotency_key_reused',
        title: 'This idempotency key was used for another request',
        detail: 'Send the same body with it, or use a new key.',
      };
  }
}

type CatalogKinds =
  | 'venue-in-use'
  | 'capacity-above-venue'
  | 'version-conflict'
  | 'invalid-transition'
  | 'event-over'
  | 'event-closed'
  | 'event-has-bookings'
  | 'refused-by-booking';

function catalogProblem(refusal: Of<CatalogKinds>): Problem {
  switch (refusal.kind) {
    case 'venue-in-use': {
      const { events } = refusal;
      const detail = `${events} event(s) take place here; move or delete them first.`;
      return conflict('venue_in_use', 'Events use this venue', detail, { events });
    }
    case 'capacity-above-venue': {
      const { capacity, venueCapacity } = refusal;
      const detail = `The event has ${capacity} seats, the venue ${venueCapacity}; make the event smaller or the venue larger.`;
      return conflict('capacity_above_venue', 'The event does not fit into the venue', detail, {
        total_capacity: capacity,
        venue_capacity: venueCapacity,
      });
    }
    case 'version-conflict': {
      const { version } = refusal;
      const detail = `The event is at version ${version} now; read it again and repeat the change.`;
      return conflict('version_conflict', 'The event has changed', detail, { version });
    }
    case 'invalid-transition': {
      const { from, to } = refusal;
      const detail = `A ${from} event does not become ${to}.`;
      return conflict('invalid_transition', 'The status cannot change this way', detail, { from, to });
    }
    case 'event-over': {
      const endedAt = refusal.endedAt.toISOString();
      return conflict(
        'event_over',
        'The event is over',
        `It ended at ${endedAt}; move it to a later time first.`,
        {
          end_datetime: endedAt,
        },
      );
    }
    case 'event-closed': {
      const { status } = refusal;
      return conflict('event_closed', 'The event is not edited any more', `The event is ${status}.`, {
        event_status: status,
      });
    }
    case 'event-has-bookings':
      return conflict(
        'event_has_bookings',
        'The event has bookings',
        'Cancel it instead; that refunds everyone.',
        {
          bookings: refusal.bookings,
        },
      );
    case 'refused-by-booking':
      return conflict(refusal.code, 'What is booked does not allow this', refusal.detail, refusal.extra);
  }
}
