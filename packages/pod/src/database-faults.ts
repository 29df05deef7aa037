/** What a failed connection to PostgreSQL means: to be waited for, to be made, or to be corrected by a person. */
import { adviseOnPostgresTls } from '@evently/kit/postgres-address';
import { sqlStateOf } from '@evently/kit/postgres';

/**
 * `away` may come by itself. `missing` is a database that nobody has made. `refused` stays so until a person changes a
 * setting: a password, a user, a certificate.
 */
export type DatabaseFault = { kind: 'away' | 'missing' | 'refused'; says: string };

const missingDatabase = '3D000';
// Invalid authorization and password (PostgreSQL, appendix A, class 28); no right to connect.
const refusals = new Set(['28000', '28P01', '42501']);

/** `error` may be wrapped, as `DatabaseUnavailable` is. Never shows the address beyond its host and database. */
export function readDatabaseFault(error: unknown, variable: string, url: string): DatabaseFault {
  const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const text = textOf(reason);
  const where = shownAddress(url);
  const advice = adviseOnPostgresTls(reason);
  if (advice !== null) return { kind: 'refused', says: `${variable} (${where}): ${advice}` };
  const state = sqlStateOf(reason);
  if (refusals.has(state))
    return {
      kind: 'refused',
      says: `${variable}: PostgreSQL at ${where} refuses its user or password (${text})`,
    };
  if (state === missingDatabase) return { kind: 'missing', says: `the database at ${where} does not exist` };
  return { kind: 'away', says: `PostgreSQL at ${where} does not answer (${text})` };
}

// A refused connection to a name with several addresses has a reason for each, and no message of its own.
function textOf(error: unknown): string {
  if (error instanceof AggregateError) {
    const first: unknown = error.errors[0];
    return first instanceof Error ? first.message : String(first);
  }
  return error instanceof Error && error.message !== '' ? error.message : sqlStateOf(error) || String(error);
}

/** Host, port and database of `url`, without user and password. */
export function shownAddress(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}
