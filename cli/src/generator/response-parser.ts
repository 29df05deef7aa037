/** An incremental HTTP/1.1 response parser, small enough to leave the processor to the server it measures. */

/** `head` is the status line and header fields as received; read it with `headerOf`. */
export type HttpResponse = { status: number; head: string; body: Buffer; keepsOpen: boolean };

export type ResponseParser = {
  /** Takes the next bytes of the connection; answers the responses they complete, in order. */
  push: (chunk: Buffer) => HttpResponse[];
  /** The connection ended: the response that only its end completes (RFC 9112, 6.3), or null. */
  finish: () => HttpResponse | null;
};

/** The bytes are not an HTTP/1.1 response, or larger than this parser accepts. */
export class MalformedResponse extends Error {
  constructor(reason: string) {
    super(`The answer is not one this generator reads: ${reason}`);
    this.name = 'MalformedResponse';
  }
}

const maxHeadBytes = 32 * 1024;
const maxBodyBytes = 8 * 1024 * 1024;
const maxSizeLineBytes = 128;
const empty = Buffer.alloc(0);
const blankLine = '\r\n\r\n';

type Framing = { kind: 'length'; bytes: number } | { kind: 'chunked' } | { kind: 'until-close' };
type Head = { status: number; text: string; framing: Framing; keepsOpen: boolean; bytes: number };
type Step = { response: HttpResponse; used: number } | { consumed: number } | null;

/** Content-Length, chunked and close-delimited bodies; interim responses (1xx) are passed over. */
export function createResponseParser(): ResponseParser {
  let pending: Buffer = empty;
  let head: Head | null = null;
  let chunks: Buffer[] = [];
  let chunkedBytes = 0;

  /** One step forward in `pending`; null when more bytes are needed. */
  function advance(): Step {
    if (head === null) {
      head = readHead(pending);
      return head === null ? null : { consumed: head.bytes };
    }
    const { framing } = head;
    switch (framing.kind) {
      case 'length':
        if (pending.length < framing.bytes) return null;
        return { response: responseOf(head, pending.subarray(0, framing.bytes)), used: framing.bytes };
      case 'chunked':
        return advanceChunk(head);
      case 'until-close':
        if (pending.length > maxBodyBytes) throw new MalformedResponse('its body is too large');
        return null;
    }
  }

  function advanceChunk(current: Head): Step {
    const chunk = readChunk(pending);
    if (chunk === null) return null;
    if (chunk.last) return { response: responseOf(current, Buffer.concat(chunks)), used: chunk.bytes };
    chunkedBytes += chunk.content.length;
    if (chunkedBytes > maxBodyBytes) throw new MalformedResponse('its body is too large');
    chunks.push(chunk.content);
    return { consumed: chunk.bytes };
  }

  return {
    push: (chunk) => {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      const done: HttpResponse[] = [];
      for (let step = advance(); step !== null; step = advance()) {
        if ('consumed' in step) {
          pending = pending.subarray(step.consumed);
          if (head !== null && head.status < 200) head = null;
          continue;
        }
        pending = pending.subarray(step.used);
        done.push(step.response);
        head = null;
        chunks = [];
        chunkedBytes = 0;
      }
      return done;
    },
    finish: () => (head?.framing.kind === 'until-close' ? responseOf(head, pending) : null),
  };
}

/** The value of a header field, trimmed; null when the response has none. `name` in lower case. */
export function headerOf(head: string, name: string): string | null {
  // Header names are compared without regard to case (RFC 9110, 5.1); the scan avoids a table per response.
  const at = head.toLowerCase().indexOf(`\r\n${name}:`);
  if (at < 0) return null;
  const from = at + name.length + 3;
  const to = head.indexOf('\r\n', from);
  return head.slice(from, to < 0 ? undefined : to).trim();
}

function responseOf(head: Head, body: Buffer): HttpResponse {
  return { status: head.status, head: head.text, body, keepsOpen: head.keepsOpen };
}

const statusLine = /^HTTP\/1\.([01]) (\d{3})(?: |$)/;

function readHead(bytes: Buffer): Head | null {
  const end = bytes.indexOf(blankLine);
  if (end < 0) {
    if (bytes.length > maxHeadBytes) throw new MalformedResponse('its head is too large');
    return null;
  }
  if (end > maxHeadBytes) throw new MalformedResponse('its head is too large');
  const text = bytes.toString('latin1', 0, end);
  const firstLine = text.slice(0, Math.max(0, text.indexOf('\r\n')) || undefined);
  const match = statusLine.exec(firstLine);
  if (match === null) throw new MalformedResponse(`it begins with "${firstLine.slice(0, 40)}"`);
  const status = Number(match[2]);
  const framing = framingOf(status, text);
  const connection = headerOf(text, 'connection')?.toLowerCase();
  const keepsOpen =
    framing.kind !== 'until-close' &&
    (match[1] === '1' ? connection !== 'close' : connection === 'keep-alive');
  return { status, text, framing, keepsOpen, bytes: end + blankLine.length };
}

function framingOf(status: number, text: string): Framing {
  if (status < 200 || status === 204 || status === 304) return { kind: 'length', bytes: 0 };
  if (headerOf(text, 'transfer-encoding')?.toLowerCase() === 'chunked') return { kind: 'chunked' };
  const length = headerOf(text, 'content-length');
  if (length === null) return { kind: 'until-close' };
  if (!/^\d{1,15}$/.test(length)) throw new MalformedResponse(`its length is "${length.slice(0, 20)}"`);
  const bytes = Number(length);
  if (bytes > maxBodyBytes) throw new MalformedResponse('its body is too large');
  return { kind: 'length', bytes };
}

type Chunk = { last: boolean; content: Buffer; bytes: number };

/** One chunk with its size line; the last one with its trailer fields (RFC 9112, 7.1). */
function readChunk(bytes: Buffer): Chunk | null {
  const lineEnd = bytes.indexOf('\r\n');
  if (lineEnd < 0) {
    if (bytes.length > maxSizeLineBytes) throw new MalformedResponse('a chunk has no size');
    return null;
  }
  const size = /^([0-9a-fA-F]{1,8})[ \t]*(?:;|$)/.exec(bytes.toString('latin1', 0, lineEnd))?.[1];
  if (size === undefined) throw new MalformedResponse('a chunk has no size');
  const length = Number.parseInt(size, 16);
  if (length > maxBodyBytes) throw new MalformedResponse('its body is too large');
  const from = lineEnd + 2;
  if (length > 0) {
    if (bytes.length < from + length + 2) return null;
    if (bytes.toString('latin1', from + length, from + length + 2) !== '\r\n') {
      throw new MalformedResponse('a chunk is longer than its size');
    }
    return { last: false, content: bytes.subarray(from, from + length), bytes: from + length + 2 };
  }
  if (bytes.length < from + 2) return null;
  if (bytes.toString('latin1', from, from + 2) === '\r\n')
    return { last: true, content: empty, bytes: from + 2 };
  const trailersEnd = bytes.indexOf(blankLine, from);
  if (trailersEnd < 0) {
    if (bytes.length > maxHeadBytes) throw new MalformedResponse('its trailers are too large');
    return null;
  }
  return { last: true, content: empty, bytes: trailersEnd + blankLine.length };
}
