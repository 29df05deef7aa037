/** Which trace something belongs to, as it travels: W3C Trace Context, and a request's trace id when it has none. */
import { hash, randomBytes } from 'node:crypto';

/** What a `traceparent` says. `sampled` is the caller's decision that its part of the trace is recorded. */
export type Traceparent = { traceId: string; spanId: string; sampled: boolean };

// W3C Trace Context, "traceparent header": lower case only, version ff and identifiers of zeros are invalid. A later
// version may say more behind a dash; version 00 says exactly this.
const form = /^(?!ff)([\da-f]{2})-((?!0{32})[\da-f]{32})-((?!0{16})[\da-f]{16})-([\da-f]{2})(-.*)?$/;
const maxTraceparentCharacters = 128;
const sampledFlag = 1;

/** Null for everything that is not valid: the receiver then begins a trace of its own, as the standard says. */
export function parseTraceparent(text: string | null | undefined): Traceparent | null {
  if (text === undefined || text === null || text.length > maxTraceparentCharacters) return null;
  const [, version, traceId, spanId, flags, more] = form.exec(text) ?? [];
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined)
    return null;
  if (version === '00' && more !== undefined) return null;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & sampledFlag) === sampledFlag };
}

export function formatTraceparent({ traceId, spanId, sampled }: Traceparent): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

const traceIdBytes = 16;
const spanIdBytes = 8;

/** The id of a trace that begins with no request. */
export function newTraceId(): string {
  return randomBytes(traceIdBytes).toString('hex');
}

/** Names the place of a call in a trace that nobody records. */
export function newSpanId(): string {
  return randomBytes(spanIdBytes).toString('hex');
}

const uuidForm = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/**
 * The trace id of a request that came without one and is not recorded: 32 hexadecimal digits, always the same for the
 * same request id, so that log lines and answers agree without anybody remembering it. Our own ids are UUIDs, which
 * are such digits already.
 */
export function traceIdOfRequest(requestId: string): string {
  return uuidForm.test(requestId)
    ? requestId.replaceAll('-', '').toLowerCase()
    : hash('sha256', requestId, 'hex').slice(0, 32);
}
