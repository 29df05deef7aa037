/** Which service answers a request that reached the gateway, and under which path. Pure. */

/** The services that this installation composes. */
export const services = ['user', 'event', 'booking', 'payment'] as const;
export type ServiceName = (typeof services)[number];

// Services of the interface that another installation may have; here their paths answer 404.
const absentServices = ['search', 'notification', 'analytics', 'waitingroom'] as const;

export type Route =
  | { kind: 'service'; service: ServiceName; url: string }
  | { kind: 'absent'; service: string }
  | { kind: 'page' }
  | { kind: 'invalid' };

// Short forms that existing clients use: `/api/booking/reserve` is `/api/v1/bookings/reserve`.
const shortForms: Readonly<Record<string, string>> = {
  '/api/booking/reserve': '/api/v1/bookings/reserve',
  '/api/booking/confirm': '/api/v1/bookings/confirm',
};

/**
 * Replaces `/api/<service>/` by `/api/v1/` of that service and hands `/webhooks/` to payment; everything
 * else is a page of the gateway's own. Every path that goes to a service begins with `/api/v1/` or
 * `/webhooks/` and holds no dot segment, so an internal route cannot be named in any spelling.
 * @param target the request target as it was sent: a path with query, or an absolute URL (RFC 9112, 3.2)
 */
export function routeOf(target: string): Route {
  const relative = target.startsWith('/') ? target : pathOfAbsolute(target);
  if (relative === null) return { kind: 'invalid' };
  const queryAt = relative.indexOf('?');
  const path = queryAt === -1 ? relative : relative.slice(0, queryAt);
  const query = queryAt === -1 ? '' : relative.slice(queryAt);
  if (!isPlainPath(path)) return { kind: 'invalid' };
  const short = shortForms[path];
  if (short !== undefined) return { kind: 'service', service: 'booking', url: short + query };
  if (path.startsWith('/webhooks/') && path.length > '/webhooks/'.length)
    return { kind: 'service', service: 'payment', url: relative };
  const [, root, name] = path.split('/', 3);
  if (root !== 'api' || name === undefined) return { kind: 'page' };
  const prefix = `/api/${name}/`;
  const service = services.find((known) => known === name);
  if (service !== undefined && path.length > prefix.length) {
    return { kind: 'service', service, url: `/api/v1/${path.slice(prefix.length)}${query}` };
  }
  const absent = absentServices.find((known) => known === name);
  return absent === undefined ? { kind: 'page' } : { kind: 'absent', service: absent };
}

/** Where the path of a service's own document is found behind the gateway; null when it is not routed. */
export function publicPathOf(service: ServiceName, path: string): string | null {
  if (service === 'payment' && path.startsWith('/webhooks/')) return path;
  if (!path.startsWith('/api/v1/')) return null;
  const short = Object.entries(shortForms).find(([, own]) => own === path && service === 'booking');
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

/** No spelling that two parsers could read in two ways: dot segments in any encoding, `//`, `%2F`, `\`. */
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
