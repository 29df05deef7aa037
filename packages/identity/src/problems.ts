/** The answers that every issuer gives about credentials, in the same words. */
import { badRequest, unavailable, type Problem } from '@evently/kit/problems';

const busyRetrySeconds = 1;

/** One text for an unknown account and a wrong password, so that nobody learns which accounts exist. */
export const invalidCredentials: Problem = {
  status: 401,
  code: 'invalid_credentials',
  title: 'The e-mail address or the password is wrong',
  detail: 'Check both and try again.',
  headers: { 'www-authenticate': 'Bearer' },
};

/** One text for an unknown, expired, revoked and reused refresh token. */
export const invalidRefreshToken: Problem = {
  status: 401,
  code: 'invalid_refresh_token',
  title: 'The refresh token is not valid',
  detail: 'It was used before, has run out or was logged out; log in again.',
  headers: { 'www-authenticate': 'Bearer' },
};

export const passwordsBusy: Problem = unavailable(
  'passwords_busy',
  'More people are logging in than passwords can be checked at once; try again in a second.',
  busyRetrySeconds,
);

/** @param fault the sentence of `passwords.fault` */
export function weakPassword(fault: string): Problem {
  return badRequest([{ field: 'password', message: fault }]);
}
