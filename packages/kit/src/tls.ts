/** TLS to a database or a broker: whom we believe, and what a person is told when the other side is not believed. */
import { readFileSync } from 'node:fs';
import { ConfigError } from './config.ts';

/** The certificates of a PEM file; throws `ConfigError` naming `setting` when the file cannot be used. */
export function readAuthorities(file: string, setting: string): string {
  const text = readOrFault(file, setting);
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new ConfigError([
    `${setting}: ${file} holds no certificate; name the PEM file of the authority that issued the server's certificate`,
  ]);
}

function readOrFault(file: string, setting: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new ConfigError([`${setting}: ${file} cannot be read (${code}); name a PEM file that can`]);
  }
}

/** Whom a connection was meant for, in the words of its settings. */
export type TlsPeer = {
  /** `caSetting` names the authority's file, `plainAdvice` says how TLS is switched off where that is meant. */
  caSetting: string;
  plainAdvice: string;
};

// Node's codes are those of OpenSSL's X509_V_ERR_*, without the prefix.
const strangers = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
]);

/** A sentence that says what to do when `error` is TLS's refusal of the other side; null for any other failure. */
export function adviseOnTls(error: unknown, { caSetting, plainAdvice }: TlsPeer): string | null {
  if (!(error instanceof Error)) return null;
  const code = 'code' in error ? String(error.code) : '';
  if (strangers.has(code))
    return `the server's certificate comes from an authority that is not believed here (${code}): set ${caSetting} to the PEM file of the authority that issued it`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `the server's certificate is for another host (${error.message}): connect by a name that it has, or issue one for this name`;
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return `the server's certificate is not valid at this time (${code}): renew it, or correct the clock`;
  if (
    /does not support SSL/.test(error.message) ||
    (code === 'EPROTO' && /version number|packet length/i.test(error.message))
  )
    return `the server does not speak TLS on this port: switch it on there, or, in a network that you trust, ${plainAdvice}`;
  return null;
}
