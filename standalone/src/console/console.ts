/** The console: a live page of the sale, its stream, and the sale reports; nothing of it is personal. */
import { Hono, type Context } from 'hono';
import type { Registry } from 'prom-client';
import { refuse, type ServiceEnv } from '@evently/kit/app';
import type { TokenVerifier } from '@evently/kit/auth';
import { systemClock } from '@evently/kit/clock';
import { newId } from '@evently/kit/ids';
import type { Logger } from '@evently/kit/log';
import { notFound, unavailable, type Problem } from '@evently/kit/problems';
import { refuseStranger, type ConsoleAccess, type Shown } from '../access.ts';
import { pagePolicy } from '../pages/layout.ts';
import { consolePage, consoleRefusalPage } from './console-page.ts';
import { createConsoleFeed, feedLimits, type ConsoleFeed, type FeedLimits } from './feed.ts';
import { frameMetrics } from './frame.ts';
import { listReportNames, listReports, readReport } from './report-folder.ts';
import { reportListPage } from './report-list-page.ts';
import { readRegistry } from './samples.ts';
import { openConsoleStream } from './stream.ts';

export type ConsoleOptions = {
  registry: Registry;
  verifier: TokenVerifier;
  access: ConsoleAccess;
  reportFolder: string;
  log: Logger;
  limits?: FeedLimits;
};
export type Console = {
  /** Answers `/console` and all below it. */
  app: Hono<ServiceEnv>;
  /** Ends the streams. */
  close: () => Promise<void>;
  feed: ConsoleFeed;
};

const retrySeconds = 5;
/** A report brings its style inside, and runs and loads nothing. */
const reportPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const theConsole: Shown = { title: 'The console is shown', port: 8080, setting: 'STANDALONE_CONSOLE' };
const hidden: Problem = { ...notFound('page'), detail: 'STANDALONE_CONSOLE=off hides the console.' };

async function refuseViewer(
  c: Context<ServiceEnv>,
  { access, verifier }: Pick<ConsoleOptions, 'access' | 'verifier'>,
): Promise<Problem | null> {
  if (access === 'off') return hidden;
  return access === 'everyone' ? null : refuseStranger(c, theConsole, verifier);
}

const pagePaths = new Set(['/console', '/console/', '/console/reports/']);
const refusalPage = async (c: Context<ServiceEnv>, problem: Problem): Promise<Response> =>
  c.html(await consoleRefusalPage(problem), 403);

export function createConsole(options: ConsoleOptions): Console {
  const { registry, log, reportFolder } = options;
  const epoch = newId(systemClock.now().getTime()).slice(0, 13);
  const feed = createConsoleFeed(
    {
      read: async () => ({
        atMs: systemClock.now().getTime(),
        samples: await readRegistry(registry, frameMetrics),
      }),
      newestReport: async () => (await listReportNames(reportFolder))[0] ?? null,
      epoch,
      log,
    },
    options.limits ?? feedLimits,
  );
  const app = new Hono<ServiceEnv>();
  app.use(async (c, next) => {
    c.set('requestId', newId(systemClock.now().getTime()));
    const problem = await refuseViewer(c, options);
    if (problem === null) await next();
    else if (problem.status === 403 && pagePaths.has(c.req.path)) c.res = await refusalPage(c, problem);
    else c.res = refuse(c, problem);
    if (!c.res.headers.has('content-security-policy')) {
      c.res.headers.set('content-security-policy', pagePolicy);
      c.res.headers.set('cache-control', c.res.headers.get('cache-control') ?? 'no-store');
    }
    // Nobody will read what a GET would have sent: the stream would keep its place until it lapsed.
    if (c.req.method === 'HEAD') await c.res.body?.cancel();
  });
  app.get('/console', (c) => c.html(consolePage()));
  app.get('/console/', (c) => c.redirect('/console', 302));
  app.get('/console/stream', (c) => {
    const stream = openConsoleStream(feed, c.req.header('last-event-id') ?? c.req.query('after') ?? null);
    if (stream === null) {
      return refuse(
        c,
        unavailable(
          'too_many_streams',
          'As many people watch the console as may; close one, or come again.',
          retrySeconds,
        ),
      );
    }
    return new Response(stream, {
      headers: {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      },
    });
  });
  addReportRoutes(app, reportFolder);
  app.notFound((c) => refuse(c, notFound('page')));
  return { app, feed, close: feed.close };
}

function addReportRoutes(app: Hono<ServiceEnv>, folder: string): void {
  app.get('/console/reports', (c) => c.redirect('/console/reports/', 302));
  app.get('/console/reports/', async (c) => c.html(reportListPage(await listReports(folder))));
  app.get('/console/reports.json', async (c) => c.json(await listReports(folder)));
  app.get('/console/reports/:file', async (c) => {
    const [, name = '', ending = ''] = /^(.*)\.(html|json)$/.exec(c.req.param('file')) ?? [];
    const isPage = ending === 'html';
    const bytes = name === '' ? null : await readReport(folder, name, isPage ? 'html' : 'json');
    if (bytes === null) return refuse(c, notFound('report'));
    return c.body(bytes, 200, {
      'content-type': isPage ? 'text/html; charset=utf-8' : 'application/json',
      'content-security-policy': reportPolicy,
      'cache-control': 'no-store',
    });
  });
}
