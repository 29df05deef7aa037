/** Who may call a route: bearer tokens for people, API keys for services, limits for everyone. */
import { timingSafeEqual } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { refuse, type ServiceEnv } from './app.ts';
import type { Principal, TokenVerifier } from './auth.ts';
import { createMemoryLimiter, type Allowance, type LimiterFactory } from './limiter.ts';
import { forbidden, unauthorized, type Problem } from './problems.ts';

type Guard = MiddlewareHandler<ServiceEnv>;

/** Any signed-in caller; sets the principal. 401 otherwise. */
export function requirePrincipal(verifier: TokenVerifier): Guard {
  return async (c, next) => {
    const token = bearerOf(c.req.header('authorization'));
    if (token === null) return refuse(c, unauthorized);
    const verified = verifier.verify(token);
    const principal = verified instanceof Promise ? await verified : verified;
    if (principal === null) return refuse(c, unauthorized);
    c.set('principal', principal);
    await next();
    return undefined;
  };
}

const bearer = 'Bearer ';

/** The token of an `Authorization` header; null when it holds none. */
export function bearerOf(header: string | undefined): string | null {
  return header?.startsWith(bearer) === true ? header.slice(bearer.length) : null;
}

/** An administrator holding `permission` (or `*`); 401 without a token, 403 for everyone else. */
export function requireAdmin(verifier: TokenVerifier, permission: string): Guard {
  const signedIn = requirePrincipal(verifier);
  return (c, next) =>
    signedIn(c, async () => {
      const principal = c.get('principal');
      const held = principal?.permissions ?? [];
      if (principal?.role === 'admin' && (held.includes('*') || held.includes(permission))) await next();
      else c.res = refuse(c, forbidden);
    });
}

/** The caller of a route behind `requirePrincipal`; a programming error anywhere else. */
export function principalOf(c: Context<ServiceEnv>): Principal {
  const principal = c.get('principal');
  if (principal === undefined) throw new Error(`${c.req.path} is not behind requirePrincipal`);
  return principal;
}

const unknownService: Problem = {
  ...unauthorized,
  title: 'A valid API key is needed',
  detail: 'Internal routes answer other services: send a key of this platform as X-API-Key.',
  headers: {},
};

/** A service that shows one of the keys (two are valid during rotation) in `X-API-Key`. */
export function requireApiKey(keys: readonly string[]): Guard {
  const accepted = keys.map((key) => Buffer.from(key));
  return async (c, next) => {
    const given = Buffer.from(c.req.header('x-api-key') ?? '');
    const known = accepted.some((key) => key.length === given.length && timingSafeEqual(key, given));
    if (!known) return refuse(c, unknownService);
    await next();
    return undefined;
  };
}

/** `limit` 0 switches the limit off; without `limiters` this process alone counts. */
export type LimitTerms = Allowance & { limiters?: LimiterFactory | undefined };

/** What an answer must say of a limit, and the refusal for who is past it. */
export type LimitVerdict = { headers: Readonly<Record<string, string>>; refusal: Problem | null };

/** Counts a request for a key, and judges it. */
export type RequestLimit = (key: string) => Promise<LimitVerdict>;

/** Null when the limit is switched off. Past it: 429, with the state in `RateLimit` and `RateLimit-Policy` (IETF draft). */
export function createRequestLimit({
  name,
  limit,
  windowSeconds,
  limiters,
}: LimitTerms): RequestLimit | null {
  if (limit === 0) return null;
  const limiter = (limiters ?? createMemoryLimiter)({ name, limit, windowSeconds });
  const policy = `"${name}";q=${limit};w=${windowSeconds}`;
  return async (key) => {
    const state = await limiter.consume(key);
    const seconds = Math.ceil(state.msBeforeNext / 1000);
    const headers = { 'ratelimit-policy': policy, ratelimit: `"${name}";r=${state.remaining};t=${seconds}` };
    if (state.consumed <= limit) return { headers, refusal: null };
    const refusal = {
      status: 429,
      code: 'rate_limited',
      title: 'Too many requests',
      detail: `At most ${limit} in ${windowSeconds} s; come again in ${seconds} s.`,
      retryAfterSeconds: seconds,
      headers,
    };
    return { headers, refusal };
  };
}

export type LimitOptions = LimitTerms & {
  /** Whom the request counts for; null does not count it. May read the body, which Hono keeps for the handler. */
  key: (c: Context<ServiceEnv>) => string | null | Promise<string | null>;
};

/** Refuses with 429 past the limit, and tells its state in every other answer. */
export function rateLimit(options: LimitOptions): Guard {
  return limitBy(createRequestLimit(options), options.key);
}

/** The same for a limit that is shared with what answers without the application. */
export function limitBy(limit: RequestLimit | null, keyOf: LimitOptions['key']): Guard {
  return async (c, next) => {
    const key = limit === null ? null : await keyOf(c);
    if (limit === null || key === null) {
      await next();
      return undefined;
    }
    const { headers, refusal } = await limit(key);
    if (refusal !== null) return refuse(c, refusal);
    await next();
    // Appended: a route may be under two limits, and each tells its own state.
    for (const [name, value] of Object.entries(headers)) c.res.headers.append(name, value);
    return undefined;
  };
}

/**
 * The client's address: the socket's, or, behind `trustedHops` proxies, the entry that the outermost
 * trusted one appended to `X-Forwarded-For`. Entries left of it are the client's own claims.
 */
export function clientAddress(
  c: Context<ServiceEnv>,
  trustedHops: number,
): { address: string; forwarded: boolean } {
  const forwarded = c.req.header('x-forwarded-for');
  const socket = socketAddress(c);
  if (forwarded === undefined) return { address: socket, forwarded: c.req.header('forwarded') !== undefined };
  const hops = forwarded.split(',').map((hop) => hop.trim());
  const address = trustedHops === 0 ? socket : (hops[Math.max(0, hops.length - trustedHops)] ?? socket);
  return { address, forwarded: true };
}

// @hono/node-server puts the node request into the environment of each call.
function socketAddress(c: Context): string {
  const env: unknown = c.env;
  if (typeof env !== 'object' || env === null || !('incoming' in env)) return 'unknown';
  const { incoming } = env;
  if (typeof incoming !== 'object' || incoming === null || !('socket' in incoming)) return 'unknown';
  const { socket } = incoming;
  if (typeof socket !== 'object' || socket === null || !('remoteAddress' in socket)) return 'unknown';
  return typeof socket.remoteAddress === 'string' ? socket.remoteAddress : 'unknown';
}

const loopback = /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/;

/** Key for limits per address; with `exemptLoopback`, direct loopback clients are not counted. */
export function addressKey(
  trustedHops: number,
  exemptLoopback: boolean,
): (c: Context<ServiceEnv>) => string | null {
  return (c) => {
    const { address, forwarded } = clientAddress(c, trustedHops);
    if (exemptLoopback && !forwarded && loopback.test(address)) return null;
    return address;
  };
}
