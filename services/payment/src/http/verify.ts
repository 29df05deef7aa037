/** The route that evaluates the invariants of this database. */
import { createRoute, z } from '@hono/zod-openapi';
import { createRouter, type ServiceApp } from '@evently/kit/app';
import { requireApiKey } from '@evently/kit/guards';
import type { Database } from '@evently/kit/postgres';
import { documentRefusals } from '@evently/kit/refusals';
import { readSnapshot } from '@evently/kit/snapshot';
import { verifyPayments } from '../store/verify.ts';

const report = z.object({
  ok: z.boolean(),
  checks: z.array(
    z.object({
      invariant: z.string(),
      about: z.string(),
      violations: z.object({ count: z.int(), rows: z.array(z.string()) }),
    }),
  ),
});

export function verifyRoutes(deps: { db: Database; acceptedApiKeys: readonly string[] }): ServiceApp {
  const route = createRoute({
    method: 'get',
    path: '/internal/verify',
    summary: 'The invariants of money, and the rows that break one',
    security: [{ apiKey: [] }],
    middleware: [requireApiKey(deps.acceptedApiKeys)],
    responses: {
      200: {
        description: 'Every check, in one snapshot',
        content: { 'application/json': { schema: report } },
      },
      ...documentRefusals({ 401: 'unauthorized', 503: 'database_unavailable' }),
    },
  });
  const router = createRouter();
  router.openapi(route, async (c) => {
    const checks = await readSnapshot(deps.db, verifyPayments);
    return c.json({ ok: checks.every((check) => check.violations.count === 0), checks }, 200);
  });
  return router;
}
