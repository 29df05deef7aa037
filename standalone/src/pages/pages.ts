/** The gateway's own answers: start page, documents, problem pages, health of the whole. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Hono } from 'hono';
import type { Context } from 'hono';
import { apiPage, apiPageScript } from '@evently/kit/api-page';
import { systemClock } from '@evently/kit/clock';
import type { Fetch } from '@evently/kit/caller';
import { newId } from '@evently/kit/ids';
import type { Logger } from '@evently/kit/log';
import { notFound, problemResponse } from '@evently/kit/problems';
import type { ServiceName } from '../gateway/routes.ts';
import { gatherDocuments } from './gather-documents.ts';
import { problemIndex, problemPage } from './problem-pages.ts';
import { startPage, type StartPageFacts } from './start-page.ts';
import { summarizeHealth } from './summarize-health.ts';

export type PagesOptions = {
  /** Each service's own interface, asked for its document and its readiness. */
  services: ReadonlyMap<ServiceName, Fetch>;
  facts: () => StartPageFacts;
  /** Why the platform takes no work right now (`starting`, `stopping`), or null. */
  closedFor: () => string | null;
  log: Logger;
};

const assetFolder = fileURLToPath(new URL('../../assets/', import.meta.url));
const assets: Readonly<Record<string, string>> = {
  'pages.css': 'text/css; charset=utf-8',
  'start.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
};
const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export function createPages(options: PagesOptions): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    c.header('content-security-policy', pagePolicy);
    c.header('cache-control', 'no-store');
    await next();
  });
  app.get('/', (c) => c.html(startPage(options.facts(), hostOf(c))));
  app.get('/assets/:name', async (c) => {
    const type = assets[c.req.param('name')];
    if (type === undefined) return c.notFound();
    return c.body(await readFile(path.join(assetFolder, c.req.param('name'))), 200, {
      'content-type': type,
      'cache-control': 'no-cache',
    });
  });
  // Browsers ask for it on pages that name no icon, such as /docs.
  app.get('/favicon.ico', (c) => c.redirect('/assets/icon.svg', 302));
  app.get('/healthz', (c) => c.json({ status: 'healthy' }));
  app.get('/health', async (c) => {
    const health = await summarizeHealth(options.services, options.closedFor());
    return c.json(health, health.status === 'healthy' ? 200 : 503);
  });
  app.get('/openapi.json', async (c) => c.json(await gatherDocuments(options.services)));
  app.get(
    '/docs',
    apiPage({
      title: 'Evently: the interface',
      documentUrl: './openapi.json',
      scriptUrl: './docs/scalar.js',
    }),
  );
  app.get('/docs/scalar.js', apiPageScript);
  app.get('/docs/problems', async (c) => c.html(await problemIndex()));
  app.get('/docs/problems/:code', async (c) => {
    const page = await problemPage(c.req.param('code'));
    return page === null ? c.notFound() : c.html(page);
  });
  app.notFound(() =>
    problemResponse(
      { ...notFound('route'), detail: 'Look at /docs for what this platform answers.' },
      requestId(),
    ),
  );
  app.onError((error) => {
    const id = requestId();
    options.log.error({ request_id: id, err: error }, 'a page failed');
    return problemResponse(
      {
        status: 500,
        code: 'internal_error',
        title: 'Something went wrong on our side',
        detail: `Quote ${id} when you report it.`,
      },
      id,
    );
  });
  return app;
}

function requestId(): string {
  return newId(systemClock.now().getTime());
}

// For links to the other ports; a Host header that is not a host name falls back to this machine.
function hostOf(c: Context): string {
  return URL.canParse(c.req.url) ? new URL(c.req.url).hostname : '127.0.0.1';
}
