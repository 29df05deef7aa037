import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createResponseParser, headerOf, MalformedResponse, type HttpResponse } from './response-parser.ts';

/** What each response of `wire` should come out as. */
type Sent = { status: number; body: string; chunked: boolean };

function onWire(sent: Sent, cuts: readonly number[]): string {
  const status = `HTTP/1.1 ${sent.status} Some Reason\r\nX-Id: 7\r\n`;
  if (!sent.chunked) return `${status}Content-Length: ${Buffer.byteLength(sent.body)}\r\n\r\n${sent.body}`;
  const bytes = Buffer.from(sent.body);
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  const chunks = edges
    .slice(1)
    .map((to, index) => bytes.subarray(edges[index], to))
    .filter((chunk) => chunk.length > 0);
  const framed = chunks
    .map((chunk) => `${chunk.length.toString(16)};name=value\r\n${chunk.toString('latin1')}\r\n`)
    .join('');
  return `${status}transfer-encoding: Chunked\r\n\r\n${framed}0\r\nX-Trailer: 1\r\n\r\n`;
}

function feed(bytes: Buffer, cuts: readonly number[]): HttpResponse[] {
  const parser = createResponseParser();
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return edges.slice(1).flatMap((to, index) => parser.push(bytes.subarray(edges[index], to)));
}

const sentResponse = fc.record({
  status: fc.constantFrom(200, 201, 409, 503),
  body: fc.string({ maxLength: 60 }).map((text) => text.replaceAll(/[^ -~]/g, '_')),
  chunked: fc.boolean(),
});
const someCuts = fc.array(fc.nat(2_000), { maxLength: 12 });

test('however the bytes are split, the same responses come out in order', () => {
  fc.assert(
    fc.property(
      fc.array(sentResponse, { minLength: 1, maxLength: 4 }),
      someCuts,
      someCuts,
      (sent, chunkCuts, cuts) => {
        const bytes = Buffer.from(sent.map((one) => onWire(one, chunkCuts)).join(''), 'latin1');
        const read = feed(bytes, cuts).map((one) => ({ status: one.status, body: one.body.toString() }));
        expect(read).toEqual(sent.map(({ status, body }) => ({ status, body })));
      },
    ),
  );
});

test('a byte at a time is enough', () => {
  const bytes = Buffer.from(onWire({ status: 409, body: 'sold out', chunked: true }, [3]));
  const parser = createResponseParser();
  const read = [...bytes].flatMap((byte) => parser.push(Buffer.from([byte])));
  expect(read.map((one) => one.body.toString())).toEqual(['sold out']);
});

test('an interim response is passed over and an empty one has no body', () => {
  const parser = createResponseParser();
  const read = parser.push(
    Buffer.from('HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n'),
  );
  expect(read.map((one) => [one.status, one.body.length])).toEqual([[204, 0]]);
});

test('without a length the end of the connection ends the body', () => {
  const parser = createResponseParser();
  expect(parser.push(Buffer.from('HTTP/1.0 200 OK\r\n\r\npart'))).toEqual([]);
  expect(parser.push(Buffer.from(' two'))).toEqual([]);
  expect(parser.finish()).toMatchObject({ status: 200, keepsOpen: false });
});

test('a connection that ends inside a counted body gives no response', () => {
  const parser = createResponseParser();
  parser.push(Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf'));
  expect(parser.finish()).toBeNull();
});

test('the connection stays open unless the server says close', () => {
  const [kept] = createResponseParser().push(Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'));
  const [closed] = createResponseParser().push(
    Buffer.from('HTTP/1.1 200 OK\r\nConnection: Close\r\ncontent-length: 0\r\n\r\n'),
  );
  expect([kept?.keepsOpen, closed?.keepsOpen]).toEqual([true, false]);
});

test('a header is found whatever its case, and only as a whole name', () => {
  const head = 'HTTP/1.1 429 Too Many\r\nX-Retry-After: 9\r\nRetry-After:  3 ';
  expect([headerOf(head, 'retry-after'), headerOf(head, 'after')]).toEqual(['3', null]);
});

test.each([
  ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n\r\n'],
  ['a length that is no number', 'HTTP/1.1 200 OK\r\ncontent-length: -4\r\n\r\n'],
  ['a length beyond the bound', 'HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n'],
  ['a chunk without a size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'],
  ['a chunk longer than its size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nabcd\r\n'],
  ['a head without an end', `HTTP/1.1 200 OK\r\n${'x'.repeat(40_000)}`],
])('%s is refused', (_name, text) => {
  expect(() => createResponseParser().push(Buffer.from(text))).toThrow(MalformedResponse);
});
