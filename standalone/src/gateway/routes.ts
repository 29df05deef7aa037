/** Which service answers a request that reached the gateway, and under which path. Pure. */
import { ownPathOf, readTarget } from '@evently/contracts/public-paths';

/** The services that this installation composes. */
export const services = ['user', 'event', 'search', 'booking', 'payment'] as const;
export type ServiceName = (typeof services)[number];

// Services of the interface that another installation may have; here their paths answer 404.
const absentServices = ['notification', 'analytics', 'waitingroom'] as const;

export type Route =
  | { kind: 'service'; service: ServiceName; url: string }
  | { kind: 'absent'; service: string }
  | { kind: 'page' }
  | { kind: 'invalid' };

/**
 * Replaces `/api/<service>/` by `/api/v1/` of that service and hands `/webhooks/` to payment; everything
 * else is a page of the gateway's own. Every path that goes to a service begins with `/api/v1/` or
 * `/webhooks/` and holds no dot segment, so an internal route cannot be named in any spelling.
 * @param target the request target as it was sent: a path with query, or an absolute URL (RFC 9112, 3.2)
 */
export function routeOf(target: string): Route {
  const read = readTarget(target);
  if (read === null) return { kind: 'invalid' };
  const { path, query } = read;
  const [, root, name] = path.split('/', 3);
  const service = root === 'webhooks' ? 'payment' : services.find((known) => known === name);
  const own = service === undefined ? null : ownPathOf(service, path);
  if (service !== undefined && own !== null) return { kind: 'service', service, url: own + query };
  const absent = root === 'api' ? absentServices.find((known) => known === name) : undefined;
  return absent === undefined ? { kind: 'page' } : { kind: 'absent', service: absent };
}
