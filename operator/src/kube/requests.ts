/** Sends one call: deadline, cancellation, repetition where nothing can have happened twice, and one kind of error. */
import { chance, monotonicMs, pause, startTimeLimit } from '@evently/kit/clock';
import type { Dispatcher } from 'undici';
import { defaultDeadlineMs, type CallOptions, type KubeHooks, type RequestObservation } from './api.ts';
import { createBackoff } from './backoff.ts';
import type { Connection } from './connection.ts';
import { parseStatus } from './contracts.ts';
import { KubeError, type Call, type OwnReason } from './errors.ts';
import { resourceName } from './resource.ts';

export const maxAttempts = 5;
const firstRetryMs = 100;
const maxRetryMs = 2_000;
/** Of a text that is no `Status`, such as a proxy's page. */
const maxSaidCharacters = 300;
const userAgent = 'evently-operator';

export type CallRequest = {
  call: Call;
  method: RequestObservation['method'];
  path: string;
  query?: Record<string, string | undefined> | undefined;
  body?: unknown;
  contentType?: string | undefined;
  options?: CallOptions | undefined;
};
export type OpenedStream = { body: Dispatcher.ResponseData['body'] };
export type Requests = {
  /** The parsed JSON of a 2xx answer; anything else is a `KubeError`. */
  exchange: (request: CallRequest) => Promise<unknown>;
  /** A 200 answer whose body goes on until `signal` aborts; never repeated but once after a 401. */
  openStream: (request: CallRequest, signal: AbortSignal) => Promise<OpenedStream>;
};

export function createRequests(connection: Connection, hooks: KubeHooks): Requests {
  /** Observed once per call, whatever its end. */
  function observe(request: CallRequest, startedMs: number, retries: number, status: number): void {
    hooks.onRequest?.({
      method: request.method,
      verb: request.call.verb,
      resource: resourceName(request.call.resource, request.call.subresource),
      code: status === 0 ? '<error>' : String(status),
      seconds: (monotonicMs() - startedMs) / 1000,
      retries,
    });
  }

  async function exchange(request: CallRequest): Promise<unknown> {
    const deadlineMs = request.options?.deadlineMs ?? defaultDeadlineMs;
    const startedMs = monotonicMs();
    const ending = limitedSignal(deadlineMs, request.options?.signal);
    const backoff = createBackoff({ firstMs: firstRetryMs, maxMs: maxRetryMs, chance });
    let reread = false;
    try {
      for (let attempt = 1; ; attempt += 1) {
        const outcome = await attemptOnce(connection, request, ending);
        if (outcome.ok) {
          observe(request, startedMs, attempt - 1, outcome.status);
          return outcome.value;
        }
        const error: KubeError = outcome.error;
        const again: boolean = error.status === 401 && !reread;
        if (error.status === 401 || error.reason === 'ConnectionFailed') connection.forgetCredentials();
        reread ||= again;
        const waitMs = again ? 0 : repeatable(request, error) ? backoff.nextMs(error.retryAfterMs) : null;
        const leftMs = deadlineMs - (monotonicMs() - startedMs);
        if (waitMs === null || attempt >= maxAttempts || waitMs >= leftMs) {
          observe(request, startedMs, attempt - 1, error.status);
          throw error;
        }
        await pause(waitMs, ending.signal);
      }
    } finally {
      ending.clear();
    }
  }

  async function openStream(request: CallRequest, signal: AbortSignal): Promise<OpenedStream> {
    const startedMs = monotonicMs();
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await openOnce(connection, request, signal);
      if (outcome.ok) {
        observe(request, startedMs, attempt - 1, 200);
        return { body: outcome.value };
      }
      const { error } = outcome;
      if (error.status === 401 || error.reason === 'ConnectionFailed') connection.forgetCredentials();
      if (error.status !== 401 || attempt > 1) {
        observe(request, startedMs, attempt - 1, error.status);
        throw error;
      }
    }
  }

  return { exchange, openStream };
}

/** A refusal with 429 says that nothing was done; of reads, nothing can have been. */
function repeatable(request: CallRequest, error: KubeError): boolean {
  if (error.status === 429) return true;
  return request.method === 'GET' && (error.reason === 'ConnectionFailed' || error.status >= 500);
}

type Attempt<T> = { ok: true; status: number; value: T } | { ok: false; error: KubeError };
type LimitedSignal = { signal: AbortSignal; reason: () => OwnReason | null; clear: () => void };

/** Aborts with the caller's signal or after `ms`, and says which it was. */
function limitedSignal(ms: number, outer: AbortSignal | undefined): LimitedSignal {
  const ending = new AbortController();
  let reason: OwnReason | null = null;
  function end(why: OwnReason): void {
    reason ??= why;
    ending.abort();
  }
  const cancel = (): void => end('Cancelled');
  const limit = startTimeLimit(ms, () => end('DeadlinePassed'));
  outer?.addEventListener('abort', cancel);
  if (outer?.aborted === true) cancel();
  return {
    signal: ending.signal,
    reason: () => reason,
    clear: () => {
      limit.clear();
      outer?.removeEventListener('abort', cancel);
    },
  };
}

function send(connection: Connection, request: CallRequest, signal: AbortSignal, longLived: boolean) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(request.query ?? {}))
    if (value !== undefined) query.set(key, value);
  return connection.send({
    method: request.method,
    path: query.size === 0 ? request.path : `${request.path}?${query.toString()}`,
    headers: {
      accept: 'application/json',
      'user-agent': userAgent,
      ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
    },
    body: request.body === undefined ? undefined : JSON.stringify(request.body),
    signal,
    longLived,
  });
}

async function attemptOnce(
  connection: Connection,
  request: CallRequest,
  ending: LimitedSignal,
): Promise<Attempt<unknown>> {
  try {
    const answer = await send(connection, request, ending.signal, false);
    const text = await answer.body.text();
    const value = parseJson(text);
    if (answer.statusCode < 200 || answer.statusCode > 299)
      return { ok: false, error: refusalOf(request.call, answer, text, value) };
    if (value === undefined)
      return { ok: false, error: brokenAnswer(request.call, 'the answer is not JSON') };
    return { ok: true, status: answer.statusCode, value };
  } catch (error) {
    return { ok: false, error: unansweredOf(request.call, error, ending.reason()) };
  }
}

async function openOnce(
  connection: Connection,
  request: CallRequest,
  signal: AbortSignal,
): Promise<Attempt<Dispatcher.ResponseData['body']>> {
  try {
    const answer = await send(connection, request, signal, true);
    if (answer.statusCode === 200) return { ok: true, status: 200, value: answer.body };
    const text = await answer.body.text();
    return { ok: false, error: refusalOf(request.call, answer, text, parseJson(text)) };
  } catch (error) {
    return { ok: false, error: unansweredOf(request.call, error, signal.aborted ? 'Cancelled' : null) };
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // The callers turn it into an error that says so.
  }
}

function refusalOf(call: Call, answer: Dispatcher.ResponseData, text: string, value: unknown): KubeError {
  const status = parseStatus(value);
  const header = Number(answer.headers['retry-after'] ?? Number.NaN);
  return new KubeError({
    call,
    status: answer.statusCode,
    reason: status?.reason || reasonOf(answer.statusCode),
    said: status?.message || text.slice(0, maxSaidCharacters) || 'no text',
    retryAfterMs: Number.isFinite(header) ? header * 1000 : (status?.retryAfterMs ?? null),
  });
}

function reasonOf(status: number): string {
  const known: Record<number, string> = {
    401: 'Unauthorized',
    403: 'Forbidden',
    404: 'NotFound',
    409: 'Conflict',
    410: 'Expired',
    429: 'TooManyRequests',
  };
  return known[status] ?? (status >= 500 ? 'ServerError' : 'BadRequest');
}

export function brokenAnswer(call: Call, said: string): KubeError {
  return new KubeError({ call, status: 0, reason: 'BrokenAnswer', said });
}

/** Why there was no answer: the deadline, the caller, or the connection. */
export function unansweredOf(call: Call, error: unknown, ended: OwnReason | null): KubeError {
  const said = error instanceof Error ? messageOf(error) : String(error);
  return new KubeError({ call, status: 0, reason: ended ?? 'ConnectionFailed', said, cause: error });
}

/** Node's own errors of several addresses have an empty message and a code. */
function messageOf(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return [code, error.message].filter((part) => part !== '').join(' ') || error.name;
}
