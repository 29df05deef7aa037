/** Access tokens: RS256 verified by node:crypto, remembered until they expire, keys from an issuer's JWKS. */
import { createPublicKey, hash, verify, type KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { Logger } from './log.ts';
import { collectTurns } from './turns.ts';

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
  /** How many keys can be found now. */
  known: () => number;
  /** Fetches the issuer's keys again, at most once in 30 s; resolves without keys when the issuer is away. */
  refresh: () => Promise<void>;
};

export type TrustedIssuer = { issuer: string; audience: string; role: Role; keys: KeySource };
/** How many keys of an issuer this process has; 0 while it never answered. */
export type LoadedKeys = { issuer: string; role: Role; keys: number };
export type TokenVerifier = {
  verify: (token: string) => Principal | null | Promise<Principal | null>;
  /** The same without waiting, for who verifies many in a row; undefined when the key must be fetched first: ask `verify`. */
  verifyNow: (token: string) => Principal | null | undefined;
  /** Fetches the keys of every issuer of which none is known, so that the first token does not wait for them. */
  loadKeys: () => Promise<LoadedKeys[]>;
};

/**
 * Verified tokens that a process remembers. A buyer repeats a request within seconds; what is older is verified
 * again for 20 us. More of them cost memory and collection of garbage in an on-sale, where every token is new.
 */
export const maxRememberedTokens = 50_000;
const maxRememberedHeaders = 64;
const maxTokenLength = 4_096;
const clockSkewSeconds = 5;
const none: readonly string[] = [];
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

type Submitted = {
  token: string;
  digest: string;
  resolve: (principal: Principal | null | Promise<Principal | null>) => void;
};
type Admitted = { digest: string; claims: Claims; trusted: TrustedIssuer };

/** A token names a key that its issuer may have by now. */
class KeyNeeded {
  readonly trusted: TrustedIssuer;
  constructor(trusted: TrustedIssuer) {
    this.trusted = trusted;
  }
}

/**
 * Verifies access tokens (RFC 9068): a map look-up for a known token, a signature for a new one. New tokens
 * of one turn of the event loop are verified in a row: between other work, each took 40 us more, because the
 * code of signatures and that of requests drove each other out of the processor's caches. Null for anything
 * that is not valid now; rejects only when the issuer's keys cannot be looked up.
 */
export function createTokenVerifier(issuers: readonly TrustedIssuer[], nowMs: () => number): TokenVerifier {
  const remembered = new LRUCache<string, Principal>({ max: maxRememberedTokens });
  const byIssuer = new Map(issuers.map((trusted) => [trusted.issuer, trusted]));
  const parse = createTokenParser();
  const submit = collectTurns<Submitted>((tokens) => {
    // A promise that is resolved with a rejection tells the one request; nothing here may throw.
    for (const submitted of tokens) submitted.resolve(verifyNew(submitted));
  });

  function verifyNew({ token, digest }: Submitted): Principal | null | Promise<Principal | null> {
    const judged = judgeNew(token, digest);
    if (!(judged instanceof KeyNeeded)) return judged;
    const { keys, issuer } = judged.trusted;
    return keys.refresh().then(() => {
      if (keys.known() === 0) throw new KeysUnavailable(issuer);
      const again = judgeNew(token, digest);
      return again instanceof KeyNeeded ? null : again;
    });
  }

  function judgeNew(token: string, digest: string): Principal | null | KeyNeeded {
    const parts = parse(token);
    const trusted = parts === null ? undefined : byIssuer.get(parts.claims.iss);
    if (parts === null || trusted === undefined) return null;
    const key = trusted.keys.find(parts.keyId);
    if (key === undefined) return new KeyNeeded(trusted);
    return isSigned(token, key) ? admit({ digest, claims: parts.claims, trusted }) : null;
  }

  /** Undefined for a token that is not remembered. */
  function recall(digest: string): Principal | null | undefined {
    const known = remembered.get(digest);
    if (known === undefined || known.expiresAtMs > nowMs()) return known;
    remembered.delete(digest);
    return null;
  }

  /** What the claims of a signed token say about its bearer, remembered. */
  function admit({ digest, claims, trusted }: Admitted): Principal | null {
    const now = nowMs() / 1000;
    const audiences = typeof claims.aud === 'string' ? [claims.aud] : claims.aud;
    if (!audiences.includes(trusted.audience)) return null;
    if (claims.exp <= now || (claims.nbf ?? claims.iat) > now + clockSkewSeconds) return null;
    const principal: Principal = {
      id: claims.sub,
      role: trusted.role,
      permissions: trusted.role === 'admin' ? claims.permissions : none,
      expiresAtMs: claims.exp * 1000,
    };
    remembered.set(digest, principal);
    return principal;
  }

  return {
    verify: (token) => {
      if (token.length > maxTokenLength) return null;
      const digest = digestOf(token);
      const known = recall(digest);
      return known === undefined ? new Promise((resolve) => submit({ token, digest, resolve })) : known;
    },
    verifyNow: (token) => {
      if (token.length > maxTokenLength) return null;
      const digest = digestOf(token);
      const known = recall(digest);
      if (known !== undefined) return known;
      const judged = judgeNew(token, digest);
      return judged instanceof KeyNeeded ? undefined : judged;
    },
    loadKeys: () =>
      Promise.all(
        issuers.map(async ({ issuer, role, keys }) => {
          if (keys.known() === 0) await keys.refresh();
          return { issuer, role, keys: keys.known() };
        }),
      ),
  };
}

/**
 * Under what a token is remembered: 43 characters instead of 700, so that 50,000 of them are some
 * megabytes, and no token lies in memory longer than its request.
 */
function digestOf(token: string): string {
  return hash('sha256', token, 'base64url');
}

function isSigned(token: string, key: KeyObject): boolean {
  const end = token.lastIndexOf('.');
  try {
    const signature = Buffer.from(token.slice(end + 1), 'base64url');
    return verify('RSA-SHA256', Buffer.from(token.slice(0, end), 'latin1'), key, signature);
  } catch {
    return false; // OpenSSL refuses the key or the form of the signature: it is not valid.
  }
}

type Claims = z.output<typeof claimsSchema>;
type TokenParts = { keyId: string; claims: Claims };

/** Takes tokens apart. The header is the same for all tokens of a key, so it is parsed once. */
function createTokenParser(): (token: string) => TokenParts | null {
  const keyIds = new LRUCache<string, string>({ max: maxRememberedHeaders });
  function keyIdOf(header: string): string | null {
    const known = keyIds.get(header);
    if (known !== undefined) return known;
    const parsed = headerSchema.safeParse(parseSegment(header));
    if (!parsed.success) return null;
    keyIds.set(header, parsed.data.kid);
    return parsed.data.kid;
  }
  return (token) => {
    // The decoder skips foreign characters; without the form check one token would have many spellings.
    if (!compactForm.test(token)) return null;
    const headerEnd = token.indexOf('.');
    const claimsEnd = token.lastIndexOf('.');
    const keyId = keyIdOf(token.slice(0, headerEnd));
    const claims = claimsSchema.safeParse(parseSegment(token.slice(headerEnd + 1, claimsEnd)));
    if (keyId === null || !claims.success) return null;
    return { keyId, claims: claims.data };
  };
}

function parseSegment(segment: string): unknown {
  try {
    return JSON.parse(Buffer.from(segment, 'base64url').toString('utf8'));
  } catch {
    return null; // Not JSON: not a token.
  }
}

/** No key of an issuer is known, so nobody can say whether its tokens are good: ask again, do not log in again. */
export class KeysUnavailable extends Error {
  constructor(issuer: string) {
    super(`No key of the issuer ${issuer} is known yet`);
    this.name = 'KeysUnavailable';
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
    known: () => keys.size,
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
