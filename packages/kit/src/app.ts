/** The shell of every service's HTTP interface: ids, limits, logs, metrics, problems, health, documents. */
import { OpenAPIHono, type Hook } from '@hono/zod-openapi';
import type { Context, Env, MiddlewareHandler } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { routePath } from 'hono/route';
import { apiPage, apiPageScript } from './api-page.ts';
import { KeysUnavailable, type Principal } from './auth.ts';
import { limitBody } from './body-limit.ts';
import { monotonicMs, systemClock } from './clock.ts';
import { newId } from './ids.ts';
import type { Logger } from './log.ts';
import type { RequestMetrics } from './metrics.ts';
import { isDatabaseUnavailable } from './postgres.ts';
import { badRequest, problemResponse, unavailable, type Problem } from './problems.ts';
import { createStaticRouter } from './static-routes.ts';
import { parseTraceparent, traceIdOfRequest } from './tracing-context.ts';
import { beginRequest, type RequestSpan } from './tracing-requests.ts';
import { isTracing, withTraceId } from './tracing.ts';

export type ServiceEnv = {
  Variables: { requestId: string; traceId?: string; principal?: Principal; failure?: string };
};
export type ServiceApp = OpenAPIHono<ServiceEnv>;

export type AppOptions = {
  service: string;
  title: string;
  log: Logger;
  metrics: RequestMetrics;
  /** Name to check; the answers are the fields of `GET /health/ready`, `ok` or `unavailable` unless they say more. */
  dependencies: Readonly<Record<string, () => Promise<boolean | Readiness>>>;
};

/** Whether requests may come, and in one word why. */
export type Readiness = { ready: boolean; says: string };

/** Of a request's body. */
export const maxBodyBytes = 64 * 1024;
const databaseRetrySeconds = 1;
// A pod asks an issuer that is away every other second.
const keysRetrySeconds = 2;
const requestIdForm = /^[\w.-]{8,128}$/;

type ValidationHook = Hook<unknown, ServiceEnv, string, Response | undefined>;

/**
 * A router whose validation failures are problem documents; use it for every resource.
 * @param shownAs names of fields that a refusal must not spell, and what it says instead
 */
export function createRouter(shownAs: Readonly<Record<string, string>> = {}): ServiceApp {
  const shown = (path: readonly PropertyKey[]): string =>
    path.map((part) => (Object.hasOwn(shownAs, part) ? shownAs[String(part)] : String(part))).join('.');
  const refuseInvalid: ValidationHook = (result, c) => {
    if (result.success) return undefined;
    // The schema sees a list where it wants a text, and can only say that.
    const isRepeated = ([name]: readonly PropertyKey[]): boolean =>
      result.target === 'query' && (c.req.queries(String(name))?.length ?? 0) > 1;
    const errors = result.error.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => ({ field: shown([...issue.path, key]), message: 'unknown field' }))
        : [
            {
              field: shown(issue.path),
              message: isRepeated(issue.path) ? 'must be given once' : issue.message,
            },
          ],
    );
    return refuse(c, badRequest(errors));
  };
  return new OpenAPIHono<ServiceEnv>({ defaultHook: refuseInvalid, router: createStaticRouter() });
}

/**
 * The app around a service's routers. It answers `/healthz`, `/health/ready`, `/openapi.json` and `/docs`,
 * refuses bodies over 64 KiB with 413, and turns every failure into a problem document: 503 with
 * `Retry-After` while the database is away, 500 that says nothing but its id for anything else.
 */
export function createApp(options: AppOptions): ServiceApp {
  const app = createRouter();
  app.use(observe(options));
  app.use(limitBody(maxBodyBytes, (c) => refuse(c, bodyTooLarge)));
  app.onError((error, c) => answerFailure(error, c, options.log));
  app.notFound((c) => refuse(c, missingRoute(app, c)));
  app.get('/healthz', (c) => c.json({ status: 'healthy' }));
  app.get('/health/ready', async (c) => {
    const checks = await Promise.all(
      Object.entries(options.dependencies).map(
        async ([name, check]) => [name, readinessOf(await check())] as const,
      ),
    );
    const ready = checks.every(([, answer]) => answer.ready);
    const fields = Object.fromEntries(checks.map(([name, answer]) => [name, answer.says]));
    return c.json({ status: ready ? 'ready' : 'unavailable', ...fields }, ready ? 200 : 503);
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'apiKey', {
    type: 'apiKey',
    in: 'header',
    name: 'X-API-Key',
  });
  app.doc31('/openapi.json', { openapi: '3.1.0', info: { title: options.title, version: '1' } });
  app.get(
    '/docs',
    apiPage({ title: options.title, documentUrl: './openapi.json', scriptUrl: './docs/scalar.js' }),
  );
  // A middleware, not a route: it is no part of the interface that the document describes.
  app.use('/docs/scalar.js', () => apiPageScript());
  return app;
}

function readinessOf(answer: boolean | Readiness): Readiness {
  return typeof answer === 'boolean' ? { ready: answer, says: answer ? 'ok' : 'unavailable' } : answer;
}

/** Answers with a problem document that carries the ids of the request and of its trace. */
export function refuse(c: Context<ServiceEnv>, problem: Problem): Response {
  return problemResponse(problem, c.get('requestId'), traceIdOf(c));
}

/**
 * The trace that a request belongs to: the recorded one, else the one that the caller names, else one of its own by
 * its id. Looked up where it is told, so that a request of which nothing is told pays nothing.
 */
export function traceIdOf(c: Context<ServiceEnv>): string {
  // A router outside of `createApp` has given the request no id.
  return c.get('traceId') ?? unrecordedTraceId(c.req.header('traceparent'), c.get('requestId') ?? '');
}

/** The trace id of a request that nobody records here. */
export function unrecordedTraceId(traceparent: string | undefined, requestId: string): string {
  return parseTraceparent(traceparent)?.traceId ?? traceIdOfRequest(requestId);
}

const bodyTooLarge: Problem = {
  status: 413,
  code: 'body_too_large',
  title: `The body is larger than ${maxBodyBytes} bytes`,
};

/** Gives each request its id, then one log line and one observation with its route pattern. */
function observe(options: AppOptions): MiddlewareHandler<ServiceEnv> {
  return async (c, next) => {
    const startedMs = monotonicMs();
    const requestId = requestIdOf(c.req.header('x-request-id'));
    c.set('requestId', requestId);
    const span = isTracing() ? beginRequest(options.service, requestId, c.req) : null;
    if (span === null) {
      await withTraceId(() => traceIdOf(c), next);
    } else {
      c.set('traceId', span.traceId);
      await span.run(next);
    }
    c.res.headers.set('x-request-id', requestId);
    // Nobody will read what a GET would have sent: an event stream would keep its place until it lapsed.
    if (c.req.method === 'HEAD') await c.res.body?.cancel();
    const { status } = c.res;
    const route = status === 404 || status === 405 ? routeOrNone(c) : routePath(c, -1);
    const seconds = (monotonicMs() - startedMs) / 1000;
    span?.end(route, status);
    const { method } = c.req;
    tellRequest(options, { requestId, method, route, status, seconds }, span, () => traceIdOf(c));
  };
}

/** The id that the caller gave, when it has the form of one, else a new one. */
export function requestIdOf(given: string | undefined): string {
  return given !== undefined && requestIdForm.test(given) ? given : newId(systemClock.now().getTime());
}

type Told = { requestId: string; method: string; route: string; status: number; seconds: number };

/** One observation and one log line of a request that was answered; `span` is null where nothing is traced. */
export function tellRequest(
  { service, log, metrics }: Pick<AppOptions, 'service' | 'log' | 'metrics'>,
  { requestId, method, route, status, seconds }: Told,
  span: RequestSpan | null,
  traceId: () => string,
): void {
  metrics.observe(service, method, route, status, seconds, span?.sampledTraceId ?? undefined);
  if (!log.isLevelEnabled('info')) return;
  log.info({ request_id: requestId, trace_id: traceId(), method, route, status, seconds }, 'request');
}

function routeOrNone(c: Context): string {
  const route = routePath(c, -1);
  return route === '*' || route === '/*' ? '(none)' : route;
}

function answerFailure(error: unknown, c: Context<ServiceEnv>, log: Logger): Response {
  if (error instanceof HTTPException && error.status < 500) {
    return refuse(c, {
      status: error.status,
      code: 'malformed_body',
      title: 'The request could not be read',
      detail: error.message || 'The body is not valid JSON.',
    });
  }
  return refuse(c, failureProblem(error, idsOf(c), log));
}

/** What is told of a failure that is nobody's refusal; the log gets the rest. */
export function failureProblem(error: unknown, ids: RequestIds, log: Logger): Problem {
  if (isDatabaseUnavailable(error)) {
    log.warn({ ...ids, err: String(error) }, 'the database was away');
    return unavailable(
      'database_unavailable',
      'The database is not available; repeat the request with the same idempotency key.',
      databaseRetrySeconds,
    );
  }
  if (error instanceof KeysUnavailable) {
    log.warn({ ...ids, err: error.message }, 'a token could not be judged');
    return unavailable(
      'starting',
      'The keys of tokens are not here yet; come again in a second.',
      keysRetrySeconds,
    );
  }
  log.error({ ...ids, err: error }, 'a request failed');
  return {
    status: 500,
    code: 'internal_error',
    title: 'Something went wrong on our side',
    detail: `Quote ${ids.request_id} when you report it.`,
  };
}

/** How log lines name a request. */
export type RequestIds = { request_id: string; trace_id: string };

function idsOf(c: Context<ServiceEnv>): RequestIds {
  return { request_id: c.get('requestId'), trace_id: traceIdOf(c) };
}

/** 405 with `Allow` when the path exists for other methods, else 404. */
function missingRoute<E extends Env>(app: OpenAPIHono<E>, c: Context): Problem {
  const methods = new Set<string>();
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
    const [matches] = app.router.match(method, c.req.path);
    if (matches.some(([[, route]]) => route.path !== '*' && route.path !== '/*' && route.method !== 'ALL'))
      methods.add(method);
  }
  if (methods.size === 0 || methods.has(c.req.method)) {
    return {
      status: 404,
      code: 'not_found',
      title: 'No such route',
      detail: 'Look at /docs for what this service answers.',
    };
  }
  const allow = [...methods].join(', ');
  return {
    status: 405,
    code: 'method_not_allowed',
    title: `This route answers ${allow}`,
    headers: { allow },
  };
}
