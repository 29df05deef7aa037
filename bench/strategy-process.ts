/** One strategy behind the HTTP stack of the booking service: the same server, checks, tokens and answers. */
import { createRoute, z } from '@hono/zod-openapi';
import { Counter } from 'prom-client';
import { createApp, createRouter, refuse, type ServiceApp } from '@evently/kit/app';
import { integer, readSettings, setting } from '@evently/kit/config';
import type { DirectRoute } from '@evently/kit/direct';
import { principalOf, requirePrincipal } from '@evently/kit/guards';
import { createLogger } from '@evently/kit/log';
import { createRegistry, createRequestMetrics } from '@evently/kit/metrics';
import { platformSettings } from '@evently/kit/platform';
import { openDatabase } from '@evently/kit/postgres';
import type { Problem } from '@evently/kit/problems';
import { documentRefusals } from '@evently/kit/refusals';
import { ownReservePath } from './bench.ts';
import { processSettings } from './process-settings.ts';
import { createVerifier, serveProcess } from './serve-process.ts';
import { createStrategy, strategyNames } from './strategies/strategies.ts';

const settings = readSettings(
  {
    ...processSettings,
    BENCH_STRATEGY: setting(z.enum(strategyNames), { about: 'Which design answers' }),
    BENCH_DATABASE_URL: setting(z.string().min(1), { secret: true, about: 'Database of the strategies' }),
    BENCH_REDIS_URL: setting(z.string(), { fallback: '', about: 'Redis, for the design that has one' }),
    BENCH_POOL_SIZE: setting(integer(1, 100), { unit: 'connections', about: 'Connections at most' }),
  },
  process.env,
);
const platform = readSettings(platformSettings, process.env);
const log = createLogger('strategy', platform.EVENTLY_LOG_LEVEL);
const registry = createRegistry();
// Waiting for the lock or for a connection is what is measured here, so nothing gives up early.
const patienceMs = 20_000;
const db = openDatabase({
  url: settings.BENCH_DATABASE_URL,
  name: 'strategy',
  max: settings.BENCH_POOL_SIZE,
  log,
  connectTimeoutMs: patienceMs,
  statementTimeoutMs: patienceMs,
  lockTimeoutMs: patienceMs,
});
// Under the name that booking counts its own by, so that the benchmark reads both alike.
const conflicts = new Counter({
  name: 'evently_booking_version_conflicts_total',
  help: 'Attempts before which somebody else had changed the event',
  registers: [registry],
});
const strategy = await createStrategy(settings.BENCH_STRATEGY, {
  conflict: () => conflicts.inc(),
  db,
  redisUrl: settings.BENCH_REDIS_URL,
  log,
});
const verifier = await createVerifier(settings.BENCH_USER_URL, platform, log);
const told = { service: 'strategy', log, metrics: createRequestMetrics(registry) };

const body = z.strictObject({
  event_id: z.uuid(),
  quantity: z.int().min(1).max(10),
  idempotency_key: z.string().min(1).max(255),
});
const answer = z.object({ reservation_id: z.uuid(), status: z.literal('pending'), expires_at: z.string() });

await serveProcess({
  service: { app: createRoutes(), direct: { ...told, routes: [createDirectRoute()] } },
  registry,
  log,
  close: async () => {
    await strategy.close?.();
    await db.close();
  },
});

type Order = z.output<typeof body>;

/** What the strategy says, as the body of a 200 or as a refusal. */
async function decide(
  { event_id: eventId, quantity, idempotency_key: key }: Order,
  userId: string,
): Promise<{ ok: true; view: z.output<typeof answer> } | { ok: false; problem: Problem }> {
  const outcome = await strategy.reserve({ eventId, userId, key, quantity });
  switch (outcome.kind) {
    case 'sold-out':
      return { ok: false, problem: { status: 409, code: 'sold_out', title: 'Sold out' } };
    case 'conflict':
      return {
        ok: false,
        problem: { status: 409, code: 'version_conflict', title: 'Someone else was first' },
      };
    case 'reserved':
      return {
        ok: true,
        view: { reservation_id: outcome.id, status: 'pending', expires_at: outcome.expiresAt.toISOString() },
      };
  }
}

/** As booking has one: orders are read in front of the application. */
function createDirectRoute(): DirectRoute {
  return {
    path: ownReservePath,
    verifier,
    limit: null,
    read: (given) => {
      const order = body.safeParse(given);
      if (!order.success) return null;
      return async ({ principal, refuse: refuseDirectly }) => {
        const decided = await decide(order.data, principal.id);
        return decided.ok
          ? { status: 200, body: JSON.stringify(decided.view) }
          : refuseDirectly(decided.problem);
      };
    },
  };
}

function createRoutes(): ServiceApp {
  const routes = createRouter();
  routes.openapi(
    createRoute({
      method: 'post',
      path: ownReservePath,
      summary: 'Reserve by the strategy of this process',
      middleware: [requirePrincipal(verifier)],
      request: { body: { required: true, content: { 'application/json': { schema: body } } } },
      responses: {
        200: { description: 'Reserved', content: { 'application/json': { schema: answer } } },
        ...documentRefusals({ 409: 'sold_out, version_conflict' }),
      },
    }),
    async (c) => {
      const decided = await decide(c.req.valid('json'), principalOf(c).id);
      return decided.ok ? c.json(decided.view, 200) : refuse(c, decided.problem);
    },
  );
  const app = createApp({
    ...told,
    title: 'A strategy of the benchmark',
    dependencies: { postgres: db.ready },
  });
  app.route('/', routes);
  return app;
}
