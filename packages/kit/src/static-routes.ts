/** A router that looks each path without parameters up once: what then answers it is remembered. */
import type { Result, Router } from 'hono/router';
import { RegExpRouter } from 'hono/router/reg-exp-router';
import { SmartRouter } from 'hono/router/smart-router';
import { TrieRouter } from 'hono/router/trie-router';

const hasParameters = /[:*{?]/;

/**
 * Hono's own choice of routers with a memory in front. Paths of the shape `/bookings/user/:id` beside
 * `/bookings/:id/stream` are beyond its fast router, and the other one searches a tree for every request, which
 * took 7 % of what a reservation allocates. Only paths that were registered are remembered, so the memory is
 * as large as the list of routes, whatever is asked for.
 */
export function createStaticRouter<T>(): Router<T> {
  const inner = new SmartRouter<T>({ routers: [new RegExpRouter<T>(), new TrieRouter<T>()] });
  const paths = new Set<string>();
  const remembered = new Map<string, Map<string, Result<T>>>();
  return {
    name: 'StaticRouter',
    add: (method, path, handler) => {
      if (!hasParameters.test(path)) paths.add(path);
      inner.add(method, path, handler);
    },
    match: (method, path) => {
      const known = remembered.get(path)?.get(method);
      if (known !== undefined) return known;
      const result = inner.match(method, path);
      if (paths.has(path) && methods.has(method)) {
        const byMethod = remembered.get(path) ?? new Map<string, Result<T>>();
        remembered.set(path, byMethod.set(method, result));
      }
      return result;
    },
  };
}

// A client may name any method; only these are remembered.
const methods = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
