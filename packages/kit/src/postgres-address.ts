/** Where a database is and whether the way to it is encrypted: all or nothing, never silently less. */
import type { ConnectionOptions } from 'node:tls';
import { ConfigError } from './config.ts';
import { adviseOnTls, readAuthorities } from './tls.ts';

export type PostgresAddress = {
  connectionString: string;
  /** Always said, because the driver otherwise asks the environment (PGSSLMODE). */
  ssl: false | ConnectionOptions;
};

const caSetting = 'POSTGRES_CA_FILE';
// What libpq and the driver know beside sslmode; each of them could weaken what sslmode says.
const otherParameters = ['ssl', 'sslcert', 'sslkey', 'sslpassword', 'uselibpqcompat'];

/**
 * `sslmode` in `url` is `verify-full` (encrypted, the certificate and the host name are checked) or `disable`, which is
 * also what its absence means. The others encrypt without knowing who answers, or give up encryption when
 * asked to, so they are refused. `caFile` (or `sslrootcert`) names the authorities that are believed instead of the
 * system's. Throws `ConfigError`, which never shows the address: it holds a password.
 */
export function postgresAddress(url: string, caFile?: string): PostgresAddress {
  // A socket's folder is no URL, and needs no TLS.
  if (url.startsWith('/')) return { connectionString: url, ssl: false };
  const address = parseUrl(url);
  const parameters = address.searchParams;
  for (const name of otherParameters.filter((other) => parameters.has(other)))
    throw fault(
      `"${name}" cannot be used: write sslmode=verify-full, and name the authority in ${caSetting}`,
    );
  const mode = parameters.get('sslmode') ?? 'disable';
  const authorities = caFile ?? parameters.get('sslrootcert') ?? undefined;
  if (mode !== 'disable' && mode !== 'verify-full')
    throw fault(
      `sslmode=${mode} does not make sure who answers: write sslmode=verify-full, or sslmode=disable in a network that you trust`,
    );
  // Beside `sslmode=disable`, written out, the authority is meant for other addresses of the process.
  if (!parameters.has('sslmode') && authorities !== undefined)
    throw fault(
      `an authority is named in ${caSetting}, and the address does not ask for TLS: add sslmode=verify-full, or sslmode=disable in a network that you trust`,
    );
  if (!parameters.has('sslmode')) return { connectionString: url, ssl: false };
  // The driver would let these overrule what is said here.
  parameters.delete('sslmode');
  parameters.delete('sslrootcert');
  const connectionString = address.href;
  if (mode === 'disable') return { connectionString, ssl: false };
  const trusted = authorities === undefined ? {} : { ca: readAuthorities(authorities, caSetting) };
  return {
    connectionString,
    ssl: { rejectUnauthorized: true, minVersion: 'TLSv1.2', ...trusted },
  };
}

function parseUrl(url: string): URL {
  try {
    return new URL(url);
  } catch {
    throw fault('it is no URL: write postgres://user:password@host:5432/database?sslmode=verify-full');
  }
}

function fault(says: string): ConfigError {
  return new ConfigError([`The address of PostgreSQL: ${says}`]);
}

/** What to do when the server was not believed; null when the failure is another one. */
export function adviseOnPostgresTls(error: unknown): string | null {
  return adviseOnTls(error, { caSetting, plainAdvice: 'write sslmode=disable in its address' });
}
