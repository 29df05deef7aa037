/** Certificates for a control plane of one test run: one authority, elliptic keys, valid for two days. */
import { createPublicKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';

/** PEM texts. */
export type Certificate = { certificate: string; key: string };
export type CertificateRequest = {
  /** The user that Kubernetes sees. */
  commonName: string;
  /** The group that Kubernetes sees. */
  organization?: string;
  /** Names and IPv4 addresses that a server answers under. */
  names?: readonly string[];
};
export type Authority = { certificate: string; issue: (request: CertificateRequest) => Certificate };

const dayMs = 86_400_000;
const validDays = 2;

/** An authority whose certificates serve as a client's and as a server's (RFC 5280, DER as in X.690). */
export function createAuthority(now: Date, commonName = 'evently-test'): Authority {
  const own = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const issuer = distinguishedName({ commonName });
  const encode = (subject: Buffer, key: KeyObject, extensions: Buffer[]): string =>
    signCertificate({ issuer, subject, key, extensions, signer: own.privateKey, now });
  const certificate = encode(issuer, own.publicKey, [
    extension('551d13', sequence(boolean(true)), true),
    // Signs certificates and lists of revoked ones.
    extension('551d0f', bitString(Buffer.from([0x06]), 1), true),
  ]);
  return {
    certificate,
    issue: (request) => {
      const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
      const names = request.names ?? [];
      return {
        key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }),
        certificate: encode(distinguishedName(request), pair.publicKey, [
          // Digital signature; for servers and clients.
          extension('551d0f', bitString(Buffer.from([0x80]), 7), true),
          extension('551d25', sequence(oid('2b06010505070301'), oid('2b06010505070302'))),
          ...(names.length === 0 ? [] : [extension('551d11', sequence(...names.map(alternativeName)))]),
        ]),
      };
    },
  };
}

/** A pair for signing the tokens of service accounts. */
export function createSigningKey(): { privateKey: string; publicKey: string } {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return {
    // Kubernetes reads the older form of an elliptic key.
    privateKey: privateKey.export({ type: 'sec1', format: 'pem' }),
    publicKey: createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }),
  };
}

type Body = {
  issuer: Buffer;
  subject: Buffer;
  key: KeyObject;
  extensions: readonly Buffer[];
  signer: KeyObject;
  now: Date;
};

function signCertificate({ issuer, subject, key, extensions, signer, now }: Body): string {
  const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'));
  // An hour back, so that a clock that is set does not refuse it.
  const from = new Date(now.getTime() - dayMs / 24);
  const until = new Date(now.getTime() + validDays * dayMs);
  const body = sequence(
    element(0xa0, integer(Buffer.from([2]))),
    integer(serialNumber()),
    ecdsaWithSha256,
    issuer,
    sequence(utcTime(from), utcTime(until)),
    subject,
    key.export({ type: 'spki', format: 'der' }),
    element(0xa3, sequence(...extensions)),
  );
  const signed = sequence(body, ecdsaWithSha256, bitString(sign('sha256', body, signer)));
  const lines = signed.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function serialNumber(): Buffer {
  const bytes = randomBytes(8);
  // Positive, and with no leading zero.
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}

function element(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const size = content.length;
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, Math.trunc(size / 256), size % 256];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

const sequence = (...contents: readonly Buffer[]): Buffer => element(0x30, ...contents);
const integer = (content: Buffer): Buffer => element(0x02, content);
const boolean = (value: boolean): Buffer => element(0x01, Buffer.from([value ? 0xff : 0]));
const oid = (hex: string): Buffer => element(0x06, Buffer.from(hex, 'hex'));
const bitString = (content: Buffer, unusedBits = 0): Buffer =>
  element(0x03, Buffer.from([unusedBits]), content);
const utcTime = (at: Date): Buffer =>
  element(0x17, Buffer.from(`${at.toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)}Z`));

function extension(id: string, value: Buffer, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), element(0x04, value));
}

function distinguishedName({ organization, commonName }: CertificateRequest): Buffer {
  const part = (id: string, text: string): Buffer =>
    element(0x31, sequence(oid(id), element(0x0c, Buffer.from(text))));
  return sequence(
    ...(organization === undefined ? [] : [part('55040a', organization)]),
    part('550403', commonName),
  );
}

function alternativeName(name: string): Buffer {
  return isIP(name) === 4
    ? element(0x87, Buffer.from(name.split('.').map(Number)))
    : element(0x82, Buffer.from(name));
}
