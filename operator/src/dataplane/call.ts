/** One call to the data plane: a deadline that really ends the request, and absence as a value. */
import type { z } from 'zod';
import { createCaller, type CallOutcome } from '@evently/kit/caller';

/** Sends a request; the signal in `init` ends it. Node's own `fetch` outside tests. */
export type SignalledFetch = (request: Request, init: { signal: AbortSignal }) => Promise<Response>;

export type Peer = { apiKey: string; fetch: SignalledFetch };
export type Call = { deadlineMs: number; signal: AbortSignal };

/** As the kit's caller answers; the request itself is given up at the deadline or when `signal` aborts. */
export function callPeer<T>(
  peer: Peer & { baseUrl: string },
  call: Call,
  request: { method: string; path: string; body?: unknown },
  schema: z.ZodType<T>,
): Promise<CallOutcome<T>> {
  const signal = AbortSignal.any([call.signal, AbortSignal.timeout(call.deadlineMs)]);
  const caller = createCaller({
    baseUrl: peer.baseUrl.replace(/\/+$/, ''),
    apiKey: peer.apiKey,
    deadlineMs: call.deadlineMs,
    fetch: (outgoing) => peer.fetch(outgoing, { signal }),
  });
  return caller.call(request.method, request.path, schema, request.body);
}

/** A sentence for a person: who did not do it, why, and for the two usual causes what to do. */
export function explainOutcome(
  who: string,
  outcome: Exclude<CallOutcome<unknown>, { kind: 'ok' }>,
  deadlineMs: number,
): string {
  if (outcome.kind === 'away') return `${who} did not answer within ${deadlineMs} ms: ${outcome.reason}`;
  if (outcome.status === 401)
    return `${who} refused the key of the operator: EVENTLY_API_KEY must be one of its EVENTLY_ACCEPTED_API_KEYS`;
  return `${who} refused with ${outcome.status} ${outcome.code}: ${outcome.detail}`;
}
