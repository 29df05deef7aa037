/** What an account is, how its e-mail address is written, and what may be refused about it. Pure. */
import { createHash } from 'node:crypto';

/** A live account as its owner sees it. */
export type Account = {
  userId: string;
  email: string;
  name: string;
  phoneNumber: string | null;
  createdAt: Date;
};

/** What a sign-in gives: who it is, a short token to call with and a single-use one to renew it. */
export type Session = {
  userId: string;
  email: string;
  name: string;
  accessToken: string;
  refreshToken: string;
};

export type UserRefusal =
  | { kind: 'email-taken' }
  | { kind: 'weak-password'; fault: string }
  | { kind: 'passwords-busy' }
  | { kind: 'invalid-credentials' }
  | { kind: 'wrong-password' }
  | { kind: 'invalid-refresh-token' }
  | { kind: 'unknown-account' }
  | { kind: 'bookings-unavailable' }
  | { kind: 'idempotency-key-reused' };
export type Refused<K extends UserRefusal['kind']> = {
  ok: false;
  refusal: Extract<UserRefusal, { kind: K }>;
};

/** One spelling per address: surrounding space, case and composition make no difference. */
export function normaliseEmail(text: string): string {
  return text.trim().toLowerCase().normalize('NFC');
}

// A local part without quotes and comments, and a domain with a point; letters of any script (RFC 6531).
const emailForm =
  /^[^\s@"(),:;<>[\]\\\p{C}]{1,64}@[\p{L}\p{N}][\p{L}\p{N}\p{M}.-]*\.[\p{L}\p{N}\p{M}-]*[\p{L}\p{N}\p{M}]$/u;
const maxEmailLength = 254;

/** @param email normalised */
export function isEmail(email: string): boolean {
  return email.length <= maxEmailLength && !email.includes('..') && emailForm.test(email);
}

const maxNameLength = 120;

/** A sentence about what is wrong with a trimmed name of a person, or null. Any script, emoji included. */
export function nameFault(name: string): string | null {
  const length = [...name].length;
  if (length < 1 || length > maxNameLength) return `must have 1 to ${maxNameLength} characters`;
  // Control characters break log lines, mail headers and PostgreSQL's text (NUL); lone surrogates are no text.
  return /[\p{Cc}\p{Cs}]/u.test(name) ? 'must not contain control characters' : null;
}

/** The id of a load test's buyer without a row: the same for the same seed and number (UUID version 8). */
export function syntheticUserId(seed: string, number: number): string {
  const hex = createHash('sha256').update(`evently load test ${seed} ${number}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
