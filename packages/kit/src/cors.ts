/** Which web pages of other origins may call the interface (Fetch standard, CORS). */
import type { IncomingMessage, ServerResponse } from 'node:http';

const methods = 'GET, POST, PUT, PATCH, DELETE';
const requestHeaders = 'Authorization, Content-Type, Idempotency-Key, Last-Event-ID, Prefer, X-Request-Id';
const exposedHeaders =
  'ETag, Idempotency-Replayed, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id';
const preflightSeconds = 600;

/**
 * Sets the headers for an allowed origin; true when the request was a preflight and has been answered.
 * Credentials are never allowed: tokens travel in a header that a foreign page must set by itself.
 */
export function applyCors(origins: ReadonlySet<string>, req: IncomingMessage, res: ServerResponse): boolean {
  const origin = req.headers.origin;
  if (origin === undefined) return false;
  res.setHeader('vary', 'Origin');
  const allowed = origins.has(origin);
  if (allowed) {
    res.setHeader('access-control-allow-origin', origin);
    res.setHeader('access-control-expose-headers', exposedHeaders);
  }
  if (req.method !== 'OPTIONS' || req.headers['access-control-request-method'] === undefined) return false;
  if (allowed) {
    res.setHeader('access-control-allow-methods', methods);
    res.setHeader('access-control-allow-headers', requestHeaders);
    res.setHeader('access-control-max-age', String(preflightSeconds));
  }
  res.writeHead(204).end();
  return true;
}
