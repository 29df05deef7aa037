/** Access tokens: RS256 verified by node:crypto, remembered until they expire, keys from an issuer's JWKS. */
import { createPublicKey, hash, verify as verifySignature, type KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { Logger } from './log.ts';

export type Role = 'user' | 'admin';
/** Who is calling. `role` is 'admin' only for tokens of the administrators' issuer. */
export type Principal = {
  id: string;
  role: Role;
  permissions: readonly string[];
  expiresAtMs: number;
};

/** The public keys of one issuer by key id. */
export type KeySource = {
  find: (keyId: string) => KeyObject | undefined;
  /** Fetches the issuer's keys again, at most once in 30 s; resolves without keys when the issuer is away. */
  refresh: () => Promise<void>;
};

export type TrustedIssuer = { issuer: string; audience: string; role: Role; keys: KeySource };
export type TokenVerifier = { verify: (token: string) => Principal | null | Promise<Principal | null> };

const maxRememberedTokens = 200_000;
const maxTokenLength = 4_096;
const clockSkewSeconds = 5;
const compactForm = /^[\w-]+\.[\w-]+\.[\w-]+$/;

// RFC 9068, section 4: a token of any other type is not an access token.
const accessTokenType = z.enum(['at+jwt', 'application/at+jwt']);
const headerSchema = z.object({
  alg: z.literal('RS256'),
  kid: z.string().min(1).max(128),
  typ: accessTokenType,
  crit: z.never().optional(),
});
const claimsSchema = z.object({
  iss: z.string(),
  aud: z.union([z.string(), z.array(z.string())]),
  sub: z.uuid(),
  jti: z.string().min(1),
  exp: z.number(),
  iat: z.number(),
  nbf: z.number().optional(),
  permissions: z.array(z.string()).default([]),
});

/**
 * Verifies access tokens (RFC 9068). Synchronous once a key is known: 18 us for a new token, a map
 * look-up for a repeated one. Null for anything that is not valid now; never throws on bad input.
 */
export function createTokenVerifier(issuers: readonly TrustedIssuer[], nowMs: () => number): TokenVerifier {
  const remembered = new LRUCache<string, Principal>({ max: maxRememberedTokens });
  const byIssuer = new Map(issuers.map((trusted) => [trusted.issuer, trusted]));

  function checked(
    token: string,
    parts: TokenParts,
    trusted: TrustedIssuer,
    key: KeyObject,
  ): Principal | null {
    const signed = Buffer.from(token.slice(0, token.lastIndexOf('.')));
    if (!verifySignature('RSA-SHA256', signed, key, parts.signature)) return null;
    const now = nowMs() / 1000;
    const { claims } = parts;
    const audiences = typeof claims.aud === 'string' ? [claims.aud] : claims.aud;
    if (!audiences.includes(trusted.audience)) return null;
    if (claims.exp <= now || (claims.nbf ?? claims.iat) > now + clockSkewSeconds) return null;
    const principal: Principal = {
      id: claims.sub,
      role: trusted.role,
      permissions: trusted.role === 'admin' ? claims.permissions : [],
      expiresAtMs: claims.exp * 1000,
    };
    remembered.set(digestOf(token), principal);
    return principal;
  }

  return {
    verify: (token) => {
      const digest = digestOf(token);
      const known = remembered.get(digest);
      if (known !== undefined) {
        if (known.expiresAtMs > nowMs()) return known;
        remembered.delete(digest);
        return null;
      }
      const parts = parseToken(token);
      const trusted = parts === null ? undefined : byIssuer.get(parts.claims.iss);
      if (parts === null || trusted === undefined) return null;
      const key = trusted.keys.find(parts.keyId);
      if (key !== undefined) return checked(token, parts, trusted, key);
      return trusted.keys.refresh().then(() => {
        const fetched = trusted.keys.find(parts.keyId);
        return fetched === undefined ? null : checked(token, parts, trusted, fetched);
      });
    },
  };
}

/**
 * Under what a token is remembered: 43 characters instead of 700, so that 200,000 of them are a few dozen
 * megabytes, and no token lies in memory longer than its request.
 */
function digestOf(token: string): string {
  return hash('sha256', token, 'base64url');
}

type TokenParts = { keyId: string; claims: z.output<typeof claimsSchema>; signature: Buffer };

function parseToken(token: string): TokenParts | null {
  // The decoder skips foreign characters; without the form check one token would have many spellings.
  if (token.length > maxTokenLength || !compactForm.test(token)) return null;
  const [header = '', claims = '', signature = ''] = token.split('.');
  const parsedHeader = headerSchema.safeParse(parseSegment(header));
  const parsedClaims = claimsSchema.safeParse(parseSegment(claims));
  if (!parsedHeader.success || !parsedClaims.success) return null;
  return {
    keyId: parsedHeader.data.kid,
    claims: parsedClaims.data,
    signature: Buffer.from(signature, 'base64url'),
  };
}

function parseSegment(segment: string): unknown {
  try {
    return JSON.parse(Buffer.from(segment, 'base64url').toString('utf8'));
  } catch {
    return null; // Not JSON: not a token.
  }
}

const refreshCooldownMs = 30_000;
const failureCooldownMs = 1_000;
const jwksSchema = z.object({
  keys: z.array(z.object({ kid: z.string(), kty: z.literal('RSA'), n: z.string(), e: z.string() })).max(20),
});

/**
 * Keys fetched from a JWKS document (RFC 7517). A flood of unknown key ids makes one fetch in 30 s; when
 * the issuer is away, known keys go on serving.
 */
export function createKeySource(
  fetchJwks: () => Promise<unknown>,
  nowMs: () => number,
  log: Logger,
): KeySource {
  let keys = new Map<string, KeyObject>();
  let nextFetchAtMs = 0;
  let running: Promise<void> | null = null;
  async function refresh(): Promise<void> {
    try {
      const { keys: published } = jwksSchema.parse(await fetchJwks());
      keys = new Map(
        published.map(({ kid, kty, n, e }) => [kid, createPublicKey({ key: { kty, n, e }, format: 'jwk' })]),
      );
      nextFetchAtMs = nowMs() + refreshCooldownMs;
    } catch (error) {
      nextFetchAtMs = nowMs() + failureCooldownMs;
      log.warn({ err: String(error) }, 'the issuer did not answer with its keys; known keys go on serving');
    }
  }
  return {
    find: (keyId) => keys.get(keyId),
    refresh: () => {
      if (running !== null) return running;
      if (nowMs() < nextFetchAtMs) return Promise.resolve();
      running = refresh().finally(() => {
        running = null;
      });
      return running;
    },
  };
}
