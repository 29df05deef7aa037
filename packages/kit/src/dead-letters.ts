/** Internal routes for the messages that were put aside: what waits, and putting it back. */
import { createRoute, z } from '@hono/zod-openapi';
import { createRouter, type ServiceApp } from './app.ts';
import type { Handler } from './bus.ts';
import { requireApiKey } from './guards.ts';
import { replayDeadLetters } from './inbox.ts';
import type { Database } from './postgres.ts';
import { documentRefusals } from './refusals.ts';

export type DeadLetterDeps = {
  db: Database;
  /** The service's consumers by the name they subscribed with. */
  consumers: Readonly<Record<string, Handler>>;
  acceptedApiKeys: readonly string[];
};

const maxListed = 100;

const deadLetter = z.object({
  id: z.string(),
  consumer: z.string(),
  message_id: z.string(),
  type: z.string(),
  error: z.string(),
  created_at: z.string(),
});
const letterList = z.object({ dead_letters: z.array(deadLetter), total: z.int() });
const replayed = z.object({ handled: z.int(), failed: z.int() });

/**
 * `GET /internal/dead-letters` lists the oldest 100 that wait; `POST /internal/dead-letters/replay` hands
 * up to 1,000 of them to their consumers again. What fails once more stays, and is counted as failed.
 */
export function deadLetterRoutes(deps: DeadLetterDeps): ServiceApp {
  const router = createRouter();
  const guard = requireApiKey(deps.acceptedApiKeys);
  const refusals = documentRefusals({ 401: 'unauthorized', 503: 'database_unavailable' });
  router.openapi(
    createRoute({
      method: 'get',
      path: '/internal/dead-letters',
      summary: 'Messages that a consumer could not handle, oldest first',
      security: [{ apiKey: [] }],
      middleware: [guard],
      responses: {
        200: { description: 'What waits', content: { 'application/json': { schema: letterList } } },
        ...refusals,
      },
    }),
    async (c) => c.json(await listDeadLetters(deps.db), 200),
  );
  router.openapi(
    createRoute({
      method: 'post',
      path: '/internal/dead-letters/replay',
      summary: 'Hand what waits to its consumers again',
      security: [{ apiKey: [] }],
      middleware: [guard],
      responses: {
        200: { description: 'How it went', content: { 'application/json': { schema: replayed } } },
        ...refusals,
      },
    }),
    async (c) => c.json(await replayDeadLetters(deps.db, deps.consumers), 200),
  );
  return router;
}

type DeadLetterRow = {
  id: string;
  consumer: string;
  message_id: string;
  type: string;
  error: string;
  created_at: Date;
  total: number;
};

async function listDeadLetters(db: Database): Promise<z.output<typeof letterList>> {
  const { rows } = await db.query<DeadLetterRow>(
    `select id, consumer, message_id, message ->> 'type' as type, error, created_at, (count(*) over ())::int as total
       from dead_letters
      where replayed_at is null
      order by id
      limit $1`,
    [maxListed],
  );
  const letters = rows.map(({ total: _total, created_at, ...letter }) => ({
    ...letter,
    created_at: created_at.toISOString(),
  }));
  return { dead_letters: letters, total: rows[0]?.total ?? 0 };
}
