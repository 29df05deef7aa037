/** The gateway's own answers: start page, documents, problem pages, health of the whole. */
import { Hono } from 'hono';
import type { Context } from 'hono';
import { apiPage, apiPageScript } from '@evently/kit/api-page';
import type { ServiceEnv } from '@evently/kit/app';
import type { Fetch } from '@evently/kit/caller';
import { systemClock } from '@evently/kit/clock';
import { newId } from '@evently/kit/ids';
import type { Logger } from '@evently/kit/log';
import { notFound, problemResponse } from '@evently/kit/problems';
import type { ServiceName } from '../gateway/routes.ts';
import { readAsset } from './assets.ts';
import { gatherDocuments } from './gather-documents.ts';
import { pagePolicy } from './layout.ts';
import { problemIndex, problemPage } from './problem-pages.ts';
import { startPage, type StartPageFacts } from './start-page.ts';
import { summarizeHealth } from './summarize-health.ts';

export type PagesOptions = {
  /** Each service's own interface, asked for its document and its readiness. */
  services: ReadonlyMap<ServiceName, Fetch>;
  facts: () => StartPageFacts;
  /** Answers `/console` and all below it. */
  console: Hono<ServiceEnv>;
  /** Why the platform takes no work right now (`starting`, `stopping`), or null. */
  closedFor: () => string | null;
  log: Logger;
};

export function createPages(options: PagesOptions): Hono<ServiceEnv> {
  const app = new Hono<ServiceEnv>();
  // Before what the other pages go through: it has rules of its own.
  const toConsole = (c: Context<ServiceEnv>): Response | Promise<Response> =>
    options.console.fetch(c.req.raw, c.env);
  app.all('/console', toConsole);
  app.all('/console/*', toConsole);
  app.use(async (c, next) => {
    c.header('content-security-policy', pagePolicy);
    c.header('cache-control', 'no-store');
    await next();
  });
  app.get('/', (c) => c.html(startPage(options.facts(), hostOf(c))));
  app.get('/assets/:name', async (c) => {
    const asset = await readAsset(c.req.param('name'));
    if (asset === null) return c.notFound();
    return c.body(asset.bytes, 200, { 'content-type': asset.type, 'cache-control': 'no-cache' });
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
