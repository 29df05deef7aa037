/** Secrets at rest: what is derived from the issuer's one secret, each purpose with a key of its own. */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

const nonceBytes = 12;
const tagBytes = 16;
const keyBytes = 32;

export type Seal = {
  /** AES-256-GCM (NIST SP 800-38D) under a random nonce; `context` must be the same when opening. */
  sealBytes: (plain: Buffer, context: string) => Buffer;
  /** Null when it was changed, or sealed under another secret or context. */
  openBytes: (sealed: Buffer, context: string) => Buffer | null;
  seal: (text: string) => string;
  open: (sealed: string) => string | null;
  /** A keyed one-way name: equal for equal texts, and not to be guessed from a dump. */
  pseudonym: (text: string) => string;
  /** The 256-bit successor of a refresh token; whoever has the token but not the secret cannot compute it. */
  successor: (token: string) => string;
};

/** Derives one key per purpose by HKDF-SHA256 (RFC 5869), so that no output of one can serve another. */
export function createSeal(secret: string): Seal {
  const keyFor = (purpose: string): Buffer =>
    Buffer.from(hkdfSync('sha256', secret, '', `evently ${purpose}`, keyBytes));
  const sealingKey = keyFor('sealing');
  const pseudonymKey = keyFor('pseudonyms');
  const successorKey = keyFor('refresh successors');

  function sealBytes(plain: Buffer, context: string): Buffer {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', sealingKey, nonce, { authTagLength: tagBytes });
    cipher.setAAD(Buffer.from(context));
    return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }
  function openBytes(sealed: Buffer, context: string): Buffer | null {
    if (sealed.length < nonceBytes + tagBytes) return null;
    const body = sealed.subarray(nonceBytes, sealed.length - tagBytes);
    const decipher = createDecipheriv('aes-256-gcm', sealingKey, sealed.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    });
    decipher.setAAD(Buffer.from(context));
    decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
    try {
      return Buffer.concat([decipher.update(body), decipher.final()]);
    } catch {
      return null; // The tag does not fit: another secret, or changed bytes.
    }
  }
  return {
    sealBytes,
    openBytes,
    seal: (text) => sealBytes(Buffer.from(text), 'text').toString('base64url'),
    open: (sealed) => openBytes(Buffer.from(sealed, 'base64url'), 'text')?.toString('utf8') ?? null,
    pseudonym: (text) => createHmac('sha256', pseudonymKey).update(text).digest('base64url'),
    successor: (token) => createHmac('sha256', successorKey).update(token).digest('base64url'),
  };
}
