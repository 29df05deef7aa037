/** The HTTP interface as the commands use it: one request, one parsed answer, a deadline. */
import { pause } from '@evently/kit/clock';
import type { z } from 'zod';
import { CommandError, sentencesOf } from '../command-error.ts';

export type ApiRequest = {
  method: string;
  path: string;
  token?: string;
  apiKey?: string;
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
  deadlineMs?: number;
};
/** `body` is the parsed JSON, null when the answer was not JSON. */
export type ApiAnswer = { status: number; body: unknown; retryAfterSeconds: number | null };
export type Client = {
  baseUrl: string;
  /**
   * The answer whatever its status; a `CommandError` when none comes. A 429 or 503 that says when to come
   * again is obeyed, for five minutes in all.
   */
  send: (request: ApiRequest) => Promise<ApiAnswer>;
  /** The parsed body of a 2xx answer; a `CommandError` that quotes the refusal for anything else. */
  ask: <T>(schema: z.ZodType<T>, request: ApiRequest) => Promise<T>;
};

const defaultDeadlineMs = 15_000;
const maxAttempts = 20;
const maxPatienceSeconds = 300;

export type ClientOptions = {
  /** How often a 429 or 503 that says when to come again is asked at most. */
  attempts?: number;
  /** The option of the command that names another address. */
  option?: string;
};

export function createClient(baseUrl: string, options: ClientOptions = {}): Client {
  const { attempts = maxAttempts, option = '--url' } = options;
  const base = baseUrl.replace(/\/+$/, '');
  const send = (request: ApiRequest): Promise<ApiAnswer> =>
    sendPatiently({ base, attempts, option }, request);
  return {
    baseUrl: base,
    send,
    ask: async (schema, request) => {
      const answer = await send(request);
      if (answer.status < 200 || answer.status > 299) throw refusalOf(base, request, answer);
      const parsed = schema.safeParse(answer.body);
      if (parsed.success) return parsed.data;
      throw new CommandError(
        `${request.method} ${base}${request.path} answered something else than expected (${sentencesOf(parsed.error.issues)}). Is it an Evently platform?`,
      );
    },
  };
}

type Target = { base: string; attempts: number; option: string };

async function sendPatiently(target: Target, request: ApiRequest): Promise<ApiAnswer> {
  let waitedSeconds = 0;
  for (let attempt = 1; ; attempt += 1) {
    const answer = await sendRequest(target, request);
    const { status, retryAfterSeconds } = answer;
    if ((status !== 429 && status !== 503) || retryAfterSeconds === null || attempt >= target.attempts)
      return answer;
    if (waitedSeconds + retryAfterSeconds > maxPatienceSeconds) return answer;
    waitedSeconds += retryAfterSeconds;
    await pause(retryAfterSeconds * 1_000);
  }
}

async function sendRequest({ base, option }: Target, request: ApiRequest): Promise<ApiAnswer> {
  try {
    const response = await fetch(`${base}${request.path}`, {
      method: request.method,
      headers: {
        accept: 'application/json',
        ...(request.token === undefined ? {} : { authorization: `Bearer ${request.token}` }),
        ...(request.apiKey === undefined ? {} : { 'x-api-key': request.apiKey }),
        ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...request.headers,
      },
      signal: AbortSignal.timeout(request.deadlineMs ?? defaultDeadlineMs),
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    });
    const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
    return {
      status: response.status,
      body: await response.json().catch(() => null),
      retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : null,
    };
  } catch (error) {
    const reason =
      error instanceof Error && error.name === 'TimeoutError' ? 'no answer in time' : causeOf(error);
    throw new CommandError(
      `${base} does not answer (${reason}). Start the platform with "make start", or name another with ${option}.`,
    );
  }
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message;
}

/** A sentence with the request, its status and the text of the refusal. */
export function refusalOf(base: string, request: ApiRequest, answer: ApiAnswer): CommandError {
  return new CommandError(
    `${request.method} ${base}${request.path} answered ${answer.status}: ${errorTextOf(answer.body)}`,
  );
}

/** The `error` member that every refusal carries. */
export function errorTextOf(body: unknown): string {
  if (typeof body === 'object' && body !== null && 'error' in body && typeof body.error === 'string')
    return body.error;
  return 'no reason given';
}
