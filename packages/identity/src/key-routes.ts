/** The route of an issuer's public keys, which verify its access tokens. */
import { createRoute, z } from '@hono/zod-openapi';
import { createRouter, type ServiceApp } from '@evently/kit/app';
import { documentRefusals } from '@evently/kit/refusals';
import type { SigningKeys } from './signing-keys.ts';

// Far less than the ten minutes for which a key is published before it signs.
const cacheSeconds = 60;

const jwks = z.object({
  keys: z.array(
    z.object({
      kty: z.literal('RSA'),
      kid: z.string(),
      alg: z.literal('RS256'),
      use: z.literal('sig'),
      n: z.string(),
      e: z.string(),
    }),
  ),
});

/** `GET /.well-known/jwks.json`, cacheable for a minute; 503 while the database is away. Every issuer mounts it. */
export function keyRoutes(signingKeys: SigningKeys): ServiceApp {
  const route = createRoute({
    method: 'get',
    path: '/.well-known/jwks.json',
    summary: 'Public keys of access tokens (RFC 7517): current, next and retired ones',
    responses: {
      200: { description: 'The keys', content: { 'application/json': { schema: jwks } } },
      ...documentRefusals({ 503: 'database_unavailable' }),
    },
  });
  const router = createRouter();
  router.openapi(route, async (c) =>
    c.json(await signingKeys.jwks(), 200, { 'cache-control': `public, max-age=${cacheSeconds}` }),
  );
  return router;
}
