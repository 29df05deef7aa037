/** Calls to another service: an API key, a deadline, a parsed answer, and absence as a value. */
import { z } from 'zod';
import { withDeadline } from './clock.ts';
import { inCallSpan } from './tracing-calls.ts';

/** Sends one request; `fetch` in a pod, a service's own `app.fetch` when composed in one process. */
export type Fetch = (request: Request) => Response | Promise<Response>;

export type CallerOptions = { baseUrl: string; apiKey: string; fetch: Fetch; deadlineMs: number };
export type CallOutcome<T> =
  | { kind: 'ok'; value: T }
  | { kind: 'refused'; status: number; code: string; detail: string; problem: Record<string, unknown> }
  | { kind: 'away'; reason: string };
export type Caller = {
  call: <T>(method: string, path: string, schema: z.ZodType<T>, body?: unknown) => Promise<CallOutcome<T>>;
};

/** Far above every answer between services; more would be held in memory whoever sent it. */
const maxAnswerBytes = 16 * 1_048_576;

const problemSchema = z.looseObject({ code: z.string(), detail: z.string() });

/**
 * `refused` is the other side's 4xx; `away` is no answer in time, a broken one or a 5xx, after which
 * nothing is known about the effect. Never throws for either. A redirection is a broken answer: the key goes to
 * nobody but the address that was configured.
 */
export function createCaller(options: CallerOptions): Caller {
  return {
    call: (method, path, schema, body) =>
      inCallSpan(method, `${options.baseUrl}${path}`, (url, traceHeaders, answered) => {
        const request = new Request(url, {
          method,
          redirect: 'error',
          headers: {
            ...traceHeaders,
            'x-api-key': options.apiKey,
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        return send(options, request, schema, answered);
      }),
  };
}

/** @param answered told the status, before the body is read */
async function send<T>(
  options: CallerOptions,
  request: Request,
  schema: z.ZodType<T>,
  answered: (status: number) => void,
): Promise<CallOutcome<T>> {
  try {
    const response = await withDeadline(
      Promise.resolve(options.fetch(request)),
      options.deadlineMs,
      'the call',
    );
    answered(response.status);
    const answer = await readJson(response);
    if (response.ok) return { kind: 'ok', value: schema.parse(answer) };
    const problem = problemSchema.safeParse(answer);
    if (response.status >= 500 || !problem.success)
      return { kind: 'away', reason: `status ${response.status}` };
    const { code, detail } = problem.data;
    return { kind: 'refused', status: response.status, code, detail, problem: problem.data };
  } catch (error) {
    return { kind: 'away', reason: error instanceof Error ? error.message : String(error) };
  }
}

async function readJson(response: Response): Promise<unknown> {
  const body: AsyncIterable<Uint8Array> | null = response.body;
  const parts: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop early gives up the connection.
  for await (const part of body ?? []) {
    bytes += part.byteLength;
    if (bytes > maxAnswerBytes) throw new Error(`the answer is larger than ${maxAnswerBytes} bytes`);
    parts.push(part);
  }
  const answer: unknown = JSON.parse(Buffer.concat(parts).toString());
  return answer;
}
