/** The route by which the search service compares what it knows with the catalog, page by page. */
import { createRoute, z } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { checksumOf, listedDocuments, maxListedDocuments } from '@evently/contracts/search';
import { createRouter, type ServiceApp, type ServiceEnv } from '@evently/kit/app';
import type { Database } from '@evently/kit/postgres';
import { documentRefusals } from '@evently/kit/refusals';
import { jsonAnswer, wholeNumber } from '@evently/kit/route-parts';
import { documentOf } from '../domain/document.ts';
import { listDocuments, type ListedEvent } from '../store/documents.ts';
import { uuid } from './fields.ts';

const firstId = '00000000-0000-0000-0000-000000000000';
type Listed = z.output<typeof listedDocuments>['events'][number];

export function documentRoutes(deps: {
  db: Database;
  guards: { service: MiddlewareHandler<ServiceEnv> };
}): ServiceApp {
  const router = createRouter();
  const route = createRoute({
    method: 'get',
    path: '/internal/events',
    summary:
      'Every event that can be found, by id: version and checksum, and the whole document when asked for',
    security: [{ apiKey: [] }],
    middleware: [deps.guards.service],
    request: {
      query: z.object({
        after: uuid.default(firstId),
        limit: wholeNumber(maxListedDocuments, maxListedDocuments),
        documents: z.enum(['true', 'false']).default('false'),
      }),
    },
    responses: {
      200: jsonAnswer('One page; next is the id to go on after, null at the end', listedDocuments),
      ...documentRefusals({ 400: 'invalid_request', 401: 'unauthorized', 503: 'database_unavailable' }),
    },
  });
  router.openapi(route, async (c) => {
    const { after, limit, documents } = c.req.valid('query');
    const page = await listDocuments(deps.db, after, limit);
    const events = page.flatMap((listed) => presentListed(listed, documents === 'true'));
    const next = page.length < limit ? null : (page.at(-1)?.event.eventId ?? null);
    return c.json({ events, next }, 200);
  });
  return router;
}

function presentListed({ event, documentVersion, stock }: ListedEvent, isWhole: boolean): Listed[] {
  const document = documentOf(event);
  if (document === null) return [];
  return [
    {
      event_id: event.eventId,
      version: documentVersion,
      checksum: checksumOf(document),
      stock,
      document: isWhole ? document : null,
    },
  ];
}
