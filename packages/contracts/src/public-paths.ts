/** How a path of the public interface becomes one of a service: the same behind one gateway and in a pod of its own. */

// Short forms: those that existing clients use of booking, and `/api/search?q=` for `/api/search/search?q=`.
const shortForms: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  booking: {
    '/api/booking/reserve': '/api/v1/bookings/reserve',
    '/api/booking/confirm': '/api/v1/bookings/confirm',
  },
  search: {
    '/api/search': '/api/v1/search',
    '/api/search/suggestions': '/api/v1/search/suggestions',
    '/api/search/filters': '/api/v1/search/filters',
    '/api/search/trending': '/api/v1/search/trending',
  },
};

/** A request target taken apart; `query` begins with `?` or is empty. */
export type Target = { path: string; query: string };

/**
 * The path and query of a request target as it was sent: a path, or an absolute URL (RFC 9112, 3.2). Null when two
 * parsers could read the path in two ways: dot segments in any encoding, `//`, `%2F`, `\`.
 */
export function readTarget(target: string): Target | null {
  const relative = target.startsWith('/') ? target : pathOfAbsolute(target);
  if (relative === null) return null;
  const queryAt = relative.indexOf('?');
  const path = queryAt === -1 ? relative : relative.slice(0, queryAt);
  const query = queryAt === -1 ? '' : relative.slice(queryAt);
  return isPlainPath(path) ? { path, query } : null;
}

/**
 * The path inside `service` of what the public finds below `/api/<service>/`, or of a webhook of payment; null when
 * the path is not this service's. It always begins with `/api/v1/` or `/webhooks/`, so no internal route can be named.
 */
export function ownPathOf(service: string, path: string): string | null {
  const short = shortForms[service]?.[path];
  if (short !== undefined) return short;
  if (service === 'payment' && path.startsWith('/webhooks/') && path.length > '/webhooks/'.length)
    return path;
  const prefix = `/api/${service}/`;
  if (!path.startsWith(prefix) || path.length === prefix.length) return null;
  return `/api/v1/${path.slice(prefix.length)}`;
}

/** Where the path of a service's own document is found by the public; null when it is not routed. */
export function publicPathOf(service: string, path: string): string | null {
  if (service === 'payment' && path.startsWith('/webhooks/')) return path;
  if (!path.startsWith('/api/v1/')) return null;
  const short = Object.entries(shortForms[service] ?? {}).find(([, own]) => own === path);
  return short?.[0] ?? `/api/${service}/${path.slice('/api/v1/'.length)}`;
}

function pathOfAbsolute(target: string): string | null {
  if (!/^https?:\/\//i.test(target)) return null;
  // Kept as it was written: a URL parser would resolve the dot segments that are to be refused.
  const pathAt = target.indexOf('/', target.indexOf('//') + 2);
  return pathAt === -1 ? '/' : target.slice(pathAt);
}

// Control characters, back slashes, fragments; encoded slashes, back slashes and NUL; empty segments.
const trick = /[\x00-\x20\\#\x7f-\uffff]|%(2f|5c|00)|\/\//i;

function isPlainPath(path: string): boolean {
  if (trick.test(path)) return false;
  return path.split('/').every((segment) => {
    if (!segment.includes('%')) return segment !== '.' && segment !== '..';
    try {
      const decoded = decodeURIComponent(segment);
      return decoded !== '.' && decoded !== '..' && !decoded.includes('%');
    } catch {
      return false; // A broken percent-encoding.
    }
  });
}
