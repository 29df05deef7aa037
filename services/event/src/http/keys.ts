/** The public keys that verify this issuer's access tokens. */
import { createRoute, z } from '@hono/zod-openapi';
import type { SigningKeys } from '@evently/identity/signing-keys';
import { createRouter, type ServiceApp } from '@evently/kit/app';
import { documentRefusals } from '@evently/kit/refusals';

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
