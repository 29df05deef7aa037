/** Webhook signatures: `t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">` (Stripe, "Verify webhook signatures"). */
import { createHmac, timingSafeEqual } from 'node:crypto';

export type SignatureCheck = {
  header: string | undefined;
  rawBody: string;
  /** Every secret valid now: one, or two during a rotation. */
  secrets: readonly string[];
  nowSeconds: number;
  toleranceSeconds: number;
};

const maxHeaderLength = 1_000;
const hexDigest = /^[0-9a-f]{64}$/;

function digestOf(secret: string, timestamp: string, rawBody: string): Buffer {
  return createHmac('sha256', secret).update(`${timestamp}.${rawBody}`).digest();
}

/** The header's value for `rawBody`, signed at `atSeconds` of Unix time. */
export function signBody(secret: string, rawBody: string, atSeconds: number): string {
  return `t=${atSeconds},v1=${digestOf(secret, String(atSeconds), rawBody).toString('hex')}`;
}

/**
 * True when any `v1` of the header was made over these very bytes with a valid secret, and its time is
 * within the tolerance of now, before or after. Compares in constant time.
 */
export function isSignatureValid(check: SignatureCheck): boolean {
  const { header } = check;
  if (header === undefined || header.length > maxHeaderLength) return false;
  const parts = header.split(',').map((part) => part.trim().split('='));
  const timestamp = parts.find(([name]) => name === 't')?.[1];
  if (timestamp === undefined || !/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(check.nowSeconds - Number(timestamp)) > check.toleranceSeconds) return false;
  const expected = check.secrets.map((secret) => digestOf(secret, timestamp, check.rawBody));
  return parts.some(
    ([name, value]) =>
      name === 'v1' &&
      value !== undefined &&
      hexDigest.test(value) &&
      expected.some((digest) => timingSafeEqual(digest, Buffer.from(value, 'hex'))),
  );
}
