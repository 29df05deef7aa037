/** One watch as a stream of events: lines to objects, silence and in-stream errors to `KubeError`, a clean end to an end. */
import { startTimeLimit } from '@evently/kit/clock';
import type { WatchEvent } from './api.ts';
import { addressOf, parseObject, parseStatus, parseWatchLine, versionOf } from './contracts.ts';
import { KubeError, type Call } from './errors.ts';
import { brokenAnswer, unansweredOf, type OpenedStream } from './requests.ts';

export const defaultIdleLimitMs = 90_000;
/** etcd keeps no object larger than some megabytes; a line of this length is no object. */
const maxLineCharacters = 32 * 1024 * 1024;

export type WatchStreamOptions = {
  call: Call;
  open: (signal: AbortSignal) => Promise<OpenedStream>;
  signal: AbortSignal;
  idleLimitMs: number;
};

/** Ends when the API server closes the stream, and quietly when `signal` aborts; the connection never outlives it. */
export async function* streamEvents(
  options: WatchStreamOptions,
): AsyncGenerator<WatchEvent, void, undefined> {
  const { call, open, signal, idleLimitMs } = options;
  const ending = new AbortController();
  let silent = false;
  const end = (): void => ending.abort();
  const idle = startTimeLimit(idleLimitMs, () => {
    silent = true;
    ending.abort();
  });
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  try {
    const { body } = await open(ending.signal);
    // Chunks, not lines, show that the other side lives.
    for await (const line of linesOf(body, call, () => idle.touch())) yield eventOf(call, line);
  } catch (error) {
    if (signal.aborted) return;
    if (silent) {
      const said = `nothing came for ${idleLimitMs} ms, not even a bookmark`;
      throw new KubeError({ call, status: 0, reason: 'SilentWatch', said, cause: error });
    }
    throw error instanceof KubeError ? error : unansweredOf(call, error, null);
  } finally {
    idle.clear();
    signal.removeEventListener('abort', end);
    ending.abort();
  }
}

async function* linesOf(
  body: AsyncIterable<Uint8Array>,
  call: Call,
  onChunk: () => void,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    onChunk();
    const parts = `${rest}${decoder.decode(chunk, { stream: true })}`.split('\n');
    rest = parts.pop() ?? '';
    if (rest.length > maxLineCharacters) throw brokenAnswer(call, 'a line of the watch has no end');
    for (const line of parts) if (line.trim() !== '') yield line;
  }
  if (rest.trim() !== '') throw brokenAnswer(call, 'the watch ended in the middle of a line');
}

function eventOf(call: Call, line: string): WatchEvent {
  const parsed = parseWatchLine(jsonOf(call, line));
  if (!parsed.ok) throw brokenAnswer(call, `a line of the watch is no event: ${parsed.why}`);
  const { type, object } = parsed.value;
  if (type === 'ERROR') throw inStreamError(call, object);
  if (type === 'BOOKMARK') {
    const resourceVersion = versionOf(object);
    if (resourceVersion === null) throw brokenAnswer(call, 'a bookmark has no version');
    return { type, resourceVersion };
  }
  const read = parseObject(call.resource, object);
  if (read.ok) return { type, object: read.value };
  return { type: 'UNREADABLE', key: addressOf(object), resourceVersion: versionOf(object), why: read.why };
}

function jsonOf(call: Call, line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw brokenAnswer(call, 'a line of the watch is not JSON');
  }
}

function inStreamError(call: Call, object: unknown): KubeError {
  const status = parseStatus(object);
  return new KubeError({
    call,
    status: status?.code ?? 500,
    reason: status?.reason || 'InStreamError',
    said: status?.message || 'the watch sent an error without a text',
    retryAfterMs: status?.retryAfterMs ?? null,
  });
}
