/** Tokens for load tests; mounted only while load testing is switched on. */
import { createRoute, z } from '@hono/zod-openapi';
import { createRouter, type ServiceApp } from '@evently/kit/app';
import { requireApiKey } from '@evently/kit/guards';
import { documentRefusals } from '@evently/kit/refusals';
import { makeLoadTestTokens, type LoadTestDeps } from '../actions/make-load-test-tokens.ts';

const maxTokens = 20_000;

export function loadTestRoutes(deps: LoadTestDeps & { acceptedApiKeys: readonly string[] }): ServiceApp {
  const body = z.strictObject({
    count: z.int().min(1).max(maxTokens),
    seed: z.string().min(1).max(100).optional(),
  });
  const answer = z.object({ users: z.array(z.object({ user_id: z.uuid(), access_token: z.string() })) });
  const route = createRoute({
    method: 'post',
    path: '/internal/load-test/tokens',
    summary: 'Access tokens of buyers without accounts; the same buyers for the same seed',
    security: [{ apiKey: [] }],
    middleware: [requireApiKey(deps.acceptedApiKeys)],
    request: { body: { required: true, content: { 'application/json': { schema: body } } } },
    responses: {
      200: { description: 'One token per buyer', content: { 'application/json': { schema: answer } } },
      ...documentRefusals({
        400: 'invalid_request, malformed_body',
        401: 'unauthorized',
        413: 'body_too_large',
        415: 'malformed_body',
        503: 'database_unavailable',
      }),
    },
  });
  const router = createRouter();
  router.openapi(route, async (c) => {
    const { count, seed } = c.req.valid('json');
    const users = await makeLoadTestTokens(deps, count, seed);
    return c.json(
      { users: users.map(({ userId, accessToken }) => ({ user_id: userId, access_token: accessToken })) },
      200,
    );
  });
  return router;
}
