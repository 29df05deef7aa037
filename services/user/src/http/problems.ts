/** The one place where a refusal of the user service becomes an answer; one without a case does not compile. */
import type { Context } from 'hono';
import {
  invalidCredentials,
  invalidRefreshToken,
  passwordsBusy,
  weakPassword,
} from '@evently/identity/problems';
import { refuse, type ServiceEnv } from '@evently/kit/app';
import { notFound, unavailable, type Problem } from '@evently/kit/problems';
import type { UserRefusal } from '../domain/account.ts';

const bookingsRetrySeconds = 2;

function problemOf(refusal: UserRefusal): Problem {
  switch (refusal.kind) {
    case 'email-taken':
      return {
        status: 409,
        code: 'email_taken',
        title: 'This e-mail address has an account',
        detail: 'Log in with it, or register with another address.',
      };
    case 'weak-password':
      return weakPassword(refusal.fault);
    case 'passwords-busy':
      return passwordsBusy;
    case 'invalid-credentials':
      return invalidCredentials;
    case 'wrong-password':
      return {
        status: 403,
        code: 'wrong_password',
        title: 'The password is wrong',
        detail: 'Erasing an account needs its password; nothing was changed.',
      };
    case 'invalid-refresh-token':
      return invalidRefreshToken;
    case 'unknown-account':
      return notFound('account');
    case 'bookings-unavailable':
      return unavailable(
        'bookings_unavailable',
        'The bookings cannot be listed right now; ask again.',
        bookingsRetrySeconds,
      );
    case 'idempotency-key-reused':
      return {
        status: 422,
        code: 'idempotency_key_reused',
        title: 'This idempotency key was used for another request',
        detail: 'Send the same body with it, or use a new key.',
      };
  }
}

export function refuseUser(c: Context<ServiceEnv>, refusal: UserRefusal): Response {
  return refuse(c, problemOf(refusal));
}
