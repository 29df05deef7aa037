/** The readable page of an OpenAPI document; its script comes from the installed package, so it works offline. */
import { randomBytes } from 'node:crypto';
import { Scalar } from '@scalar/hono-api-reference';
import type { Env, MiddlewareHandler } from 'hono';

export type ApiPageOptions = { title: string; documentUrl: string; scriptUrl: string };

const scriptCacheSeconds = 86_400;

/** Answers the page. Its policy lets it load from its own origin only: no fonts, statistics or proxies of others. */
export function apiPage<E extends Env>(options: ApiPageOptions): MiddlewareHandler<E> {
  return async (c, next) => {
    const nonce = randomBytes(16).toString('base64');
    c.header('content-security-policy', policyFor(nonce));
    const page = Scalar<E>({
      url: options.documentUrl,
      pageTitle: options.title,
      cdn: options.scriptUrl,
      nonce,
      telemetry: false,
      withDefaultFonts: false,
      showDeveloperTools: 'never',
      hideClientButton: true,
      agent: { disabled: true },
      mcp: { disabled: true },
    });
    return page(c, next);
  };
}

// The page styles its elements in place, which no nonce can allow.
function policyFor(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'self' 'nonce-${nonce}'`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** Answers the page's script. */
export async function apiPageScript(): Promise<Response> {
  const headers = {
    'content-type': 'text/javascript; charset=utf-8',
    'cache-control': `public, max-age=${scriptCacheSeconds}`,
  };
  return new Response(await bundledScript(), { headers });
}

/**
 * Scalar's script for browsers. `@scalar/api-reference` brings 299 packages (243 MB) along with it; its
 * plugin for Fastify has the same script inside, and gives it out as the answer of the route that it adds.
 * So we let the plugin add its routes to a recorder and ask the one that ends in `.js`.
 */
async function bundledScript(): Promise<string> {
  const loaded: unknown = await import('@scalar/fastify-api-reference');
  const plugin = typeof loaded === 'object' && loaded !== null && 'default' in loaded ? loaded.default : null;
  if (typeof plugin !== 'function')
    throw new Error('@scalar/fastify-api-reference no longer exports a plugin');
  const routes: { url: string; handler: (request: unknown, reply: unknown) => unknown }[] = [];
  const recorder = { route: (route: (typeof routes)[number]) => routes.push(route), hasPlugin: () => false };
  Reflect.apply(plugin, undefined, [recorder, { routePrefix: '/x', configuration: { url: '/x' } }, () => {}]);
  const answers: unknown[] = [];
  const reply = { header: () => reply, send: (answer: unknown) => void answers.push(answer) };
  routes.find((route) => route.url.endsWith('.js'))?.handler(undefined, reply);
  const [script] = answers;
  if (typeof script !== 'string')
    throw new Error('@scalar/fastify-api-reference no longer brings the script');
  return script;
}
