/** Problem documents (RFC 9457): the one shape of every refusal and error of every service. */
import { traceIdOfRequest } from './tracing-context.ts';

/** What a caller did wrong in one field of its body, query or path. */
export type FieldError = { field: string; message: string };

/**
 * One refusal or error. `code` is stable snake_case and names its page under docs/problems;
 * `extra` are further members of the document (RFC 9457 section 3.2).
 */
export type Problem = {
  status: number;
  code: string;
  title: string;
  detail?: string;
  errors?: readonly FieldError[];
  extra?: Readonly<Record<string, unknown>>;
  retryAfterSeconds?: number;
  headers?: Readonly<Record<string, string>>;
};

/** Where the problem pages are served; a relative reference, resolved against the service's address. */
export const problemTypeBase = '/docs/problems/';

/** A problem as it is sent; `body` is JSON text. */
export type ProblemDocument = { status: number; headers: Readonly<Record<string, string>>; body: string };

/** The document as a Response; for what is given see `problemDocument`. */
export function problemResponse(problem: Problem, instance: string, traceId?: string): Response {
  const { status, headers, body } = problemDocument(problem, instance, traceId);
  return new Response(body, { status, headers });
}

/**
 * The document. `error` repeats `detail` for existing clients, which read that member.
 * @param instance the request id, so that a person can find the log line
 * @param traceId the trace that the request belongs to, by which its log lines and spans are found
 */
export function problemDocument(
  problem: Problem,
  instance: string,
  traceId = traceIdOfRequest(instance),
): ProblemDocument {
  const detail = problem.detail ?? problem.title;
  const own = {
    type: `${problemTypeBase}${problem.code.replaceAll('_', '-')}`,
    title: problem.title,
    status: problem.status,
    detail,
    instance,
    trace_id: traceId,
    code: problem.code,
    error: detail,
    ...(problem.errors === undefined ? {} : { errors: problem.errors }),
  };
  // Own members first for readers, and last again, so that no extra one takes the place of the status.
  const body = { ...own, ...problem.extra, ...own };
  return {
    status: problem.status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ...(problem.retryAfterSeconds === undefined
        ? {}
        : { 'retry-after': String(Math.max(1, Math.ceil(problem.retryAfterSeconds))) }),
      ...problem.headers,
    },
    body: JSON.stringify(body),
  };
}

export const unauthorized: Problem = {
  status: 401,
  code: 'unauthorized',
  title: 'A valid access token is needed',
  detail: 'Send "Authorization: Bearer <access token>"; log in or refresh to get one.',
  headers: { 'www-authenticate': 'Bearer' },
};
export const forbidden: Problem = {
  status: 403,
  code: 'forbidden',
  title: 'Your account may not do this',
  detail: 'This needs an administrator with the permission for it.',
};
export function notFound(what: string): Problem {
  return {
    status: 404,
    code: 'not_found',
    title: `No such ${what}`,
    detail: `No such ${what}, or not yours to see.`,
  };
}
export function badRequest(errors: readonly FieldError[]): Problem {
  const detail = errors
    .map((error) => (error.field === '' ? error.message : `${error.field}: ${error.message}`))
    .join('; ');
  return {
    status: 400,
    code: 'invalid_request',
    title: 'The request is not valid',
    detail: detail.slice(0, 500),
    errors,
  };
}
/** 503 with a hint when to come again; used when a dependency is away or a queue is full. */
export function unavailable(code: string, detail: string, retryAfterSeconds: number): Problem {
  return { status: 503, code, title: 'Try again shortly', detail, retryAfterSeconds };
}
