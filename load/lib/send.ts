/** One request as a patient client sends it: a deadline, and again after `Retry-After` when it was shed. */
import { sleep, type JSONValue } from 'k6';
import exec from 'k6/execution';
import http, { type Response } from 'k6/http';
import type { Rate } from 'k6/metrics';
import { browseAnswered, confirmAnswered, failed, reserveAnswered, shed } from './measures.ts';
import type { Stage } from './stage.ts';

export type Sent = {
  status: number;
  /** A member of the JSON answer, by name; undefined when it has none. */
  member: (name: string) => JSONValue | undefined;
  /** All attempts, connecting included, and the waits between them. */
  elapsedMs: number;
};
export type Request = {
  /** Of the request's kind: k6 groups its own figures by it instead of by address. */
  name: string;
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  token?: string;
  body?: Readonly<Record<string, string | number>>;
};

const deadline = '30s';
const maxAttempts = 10;
const longestWaitSeconds = 30;
const usualWaitSeconds = 1;
// Failures are printed by a few of the users only; all are counted.
const speakers = 3;

// What the platform may answer to what the scripts ask; anything else counts in http_req_failed.
http.setResponseCallback(http.expectedStatuses(200, 202, 409, 429, 503));

const answeredOf: Readonly<Record<string, Rate>> = {
  reserve: reserveAnswered,
  confirm: confirmAnswered,
  list: browseAnswered,
  detail: browseAnswered,
  availability: browseAnswered,
};
const serverFailed = 500;

/** Obeys 429 and 503 up to ten times; the last answer is given back whatever it is. */
export function send(stage: Stage, request: Request): Sent {
  let elapsedMs = 0;
  for (let attempt = 1; ; attempt += 1) {
    const response = sendOnce(stage, request);
    elapsedMs += tookMs(response);
    // 0 is no answer at all.
    answeredOf[request.name]?.add(response.status > 0 && response.status < serverFailed);
    const wasShed = response.status === 429 || response.status === 503;
    if (wasShed) shed.add(1);
    if (!wasShed || attempt === maxAttempts) {
      return {
        status: response.status,
        member: (name) => memberOf(response, name),
        elapsedMs,
      };
    }
    const waitSeconds = Math.min(longestWaitSeconds, retryAfterSeconds(response));
    sleep(waitSeconds);
    elapsedMs += waitSeconds * 1_000;
  }
}

/** Counts a failure and says what came instead. */
export function fail(request: string, { status, member }: Sent): void {
  failed.add(1);
  if (exec.vu.idInTest > speakers) return;
  const code = member('code');
  console.error(
    `${request} answered ${status === 0 ? 'nothing' : status}${typeof code === 'string' ? ` ${code}` : ''}`,
  );
}

function sendOnce(stage: Stage, { name, method, path, token, body }: Request): Response {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
  if (body !== undefined) headers['content-type'] = 'application/json';
  return http.request(method, `${stage.baseUrl}${path}`, body === undefined ? null : JSON.stringify(body), {
    headers,
    timeout: deadline,
    tags: { name },
  });
}

function tookMs({ timings }: Response): number {
  return timings.blocked + timings.connecting + timings.tls_handshaking + timings.duration;
}

function retryAfterSeconds({ headers }: Response): number {
  const seconds = Number(headers['Retry-After']);
  return Number.isFinite(seconds) && seconds > 0 ? seconds : usualWaitSeconds;
}

function memberOf(response: Response, name: string): JSONValue | undefined {
  try {
    return response.json(name);
  } catch {
    return undefined; // No JSON: the status says what went wrong.
  }
}
