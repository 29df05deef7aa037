/** Routes on the hot path, answered from node's own request: for what they do not know, the application is asked. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import {
  failureProblem,
  maxBodyBytes,
  requestIdOf,
  tellRequest,
  unrecordedTraceId,
  type AppOptions,
} from './app.ts';
import type { Principal, TokenVerifier } from './auth.ts';
import { monotonicMs } from './clock.ts';
import { bearerOf, type RequestLimit } from './guards.ts';
import { problemDocument, type Problem } from './problems.ts';
import { listenerOf, type Listener, type Service } from './serve.ts';
import { isTracing } from './tracing.ts';
import { beginRequest, type IncomingRequest } from './tracing-requests.ts';
import { collectTurns } from './turns.ts';

/** `body` is JSON text; nobody reads the answer to an abandoned request, whose 499 is for the log alone. */
export type DirectAnswer = { status: number; headers?: Readonly<Record<string, string>>; body: string };

export type DirectCall = {
  principal: Principal;
  /** The problem as an answer that carries the ids of the request and of its trace. */
  refuse: (problem: Problem) => DirectAnswer;
  /** True once the client's connection is gone. */
  isAbandoned: () => boolean;
};

/** Answers a request that was read, for the caller whose token is good. */
type Begin = (call: DirectCall) => Promise<DirectAnswer>;

/**
 * One `POST` of JSON for signed-in callers. `read` answers how to go on with a request that it knows in every detail;
 * anything unusual or faulty is null, and answered by the application's route of the same path.
 */
export type DirectRoute = {
  path: string;
  verifier: TokenVerifier;
  /** Counts for each caller; null is no limit. */
  limit: RequestLimit | null;
  read: (body: unknown, headers: IncomingHttpHeaders) => Begin | null;
};

export type DirectOptions = Pick<AppOptions, 'service' | 'log' | 'metrics'> & {
  routes: readonly DirectRoute[];
};

/** The listener of a service: its direct routes, and its application behind them. */
export function listenerOfService({ app, direct }: Pick<Service, 'app' | 'direct'>): Listener {
  const application = listenerOf((request, env) => app.fetch(request, env));
  return direct === undefined ? application : listenDirectly(direct, application);
}

type Arrival = {
  req: IncomingMessage;
  res: ServerResponse;
  route: DirectRoute;
  startedMs: number;
  body: Buffer;
};

/**
 * Answers what `routes` know, in place of `application`, which gets everything else with its body still to be read.
 * Requests whose body ended in one turn of the event loop are read, then judged, then begun, each step for all of
 * them (`collectTurns`). Building a Request and a Response and passing through the layers of the application took
 * a quarter of the time of a reservation.
 */
function listenDirectly(options: DirectOptions, application: Listener): Listener {
  const routes = new Map(options.routes.map((route) => [route.path, route]));
  const begin = collectTurns<Arrival>((arrivals) => answerTurn(arrivals, options, application));
  return (req, res) => {
    const route = req.method === 'POST' ? routes.get(req.url ?? '') : undefined;
    if (route === undefined || !isPlain(req.headers)) return application(req, res);
    const startedMs = monotonicMs();
    let body: Buffer | null = null;
    // A request that breaks off has no end, and nobody to answer.
    req.on('data', (chunk: Buffer) => {
      body = body === null ? chunk : Buffer.concat([body, chunk]);
    });
    req.on('end', () => {
      if (body === null) body = Buffer.alloc(0);
      begin({ req, res, route, startedMs, body });
    });
  };
}

/** JSON of a declared and bounded length with a token, and nothing to be agreed on first. */
function isPlain(headers: IncomingHttpHeaders): boolean {
  return (
    headers['content-type'] === 'application/json' &&
    Number(headers['content-length']) <= maxBodyBytes &&
    headers['transfer-encoding'] === undefined &&
    headers.authorization !== undefined
  );
}

function answerTurn(arrivals: readonly Arrival[], options: DirectOptions, application: Listener): void {
  const read = arrivals.map((arrival) => ({ arrival, begin: readArrival(arrival) }));
  const judged = read.map(({ arrival, begin }) => ({
    arrival,
    begin,
    principal: begin === null ? null : principalOf(arrival),
  }));
  for (const { arrival, begin, principal } of judged) {
    if (begin === null || principal === null) handOver(arrival, application);
    else void answerOne(arrival, begin, principal, options);
  }
}

/** The application reads the body from where its server looks first. */
function handOver({ req, res, body }: Arrival, application: Listener): void {
  application(Object.assign(req, { rawBody: body }), res);
}

function readArrival({ req, route, body }: Arrival): Begin | null {
  try {
    return route.read(JSON.parse(body.toString()), req.headers);
  } catch {
    return null; // Not JSON: the application says so.
  }
}

/** Null also when keys are to be fetched first: the application waits for them. */
function principalOf({ req, route }: Arrival): Principal | null {
  const token = bearerOf(req.headers.authorization);
  return token === null ? null : (route.verifier.verifyNow(token) ?? null);
}

async function answerOne(
  { req, res, route, startedMs }: Arrival,
  begin: Begin,
  principal: Principal,
  options: DirectOptions,
): Promise<void> {
  const requestId = requestIdOf(headerOf(req, 'x-request-id'));
  const span = isTracing() ? beginRequest(options.service, requestId, incomingOf(req, route)) : null;
  const traceId = (): string => span?.traceId ?? unrecordedTraceId(headerOf(req, 'traceparent'), requestId);
  const refuse = (problem: Problem): DirectAnswer => problemDocument(problem, requestId, traceId());
  const call = { principal, refuse, isAbandoned: () => res.destroyed };
  const work = (): Promise<DirectAnswer> =>
    route.limit === null ? begin(call) : beginWithin(route.limit, begin, call);
  let answer: DirectAnswer;
  try {
    answer = await (span === null ? work() : span.run(work));
  } catch (error) {
    answer = refuse(failureProblem(error, { request_id: requestId, trace_id: traceId() }, options.log));
  }
  if (!res.destroyed) {
    res.writeHead(answer.status, {
      'content-type': 'application/json',
      'x-request-id': requestId,
      'content-length': String(Buffer.byteLength(answer.body)),
      ...answer.headers,
    });
    res.end(answer.body);
  }
  span?.end(route.path, answer.status);
  const seconds = (monotonicMs() - startedMs) / 1000;
  const told = { requestId, method: 'POST', route: route.path, status: answer.status, seconds };
  tellRequest(options, told, span, traceId);
}

async function beginWithin(limit: RequestLimit, begin: Begin, call: DirectCall): Promise<DirectAnswer> {
  const { headers, refusal } = await limit(call.principal.id);
  if (refusal !== null) return call.refuse(refusal);
  const answer = await begin(call);
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

function incomingOf(req: IncomingMessage, { path }: DirectRoute): IncomingRequest {
  return { method: 'POST', path, header: (name) => headerOf(req, name) };
}
