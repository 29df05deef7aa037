import { request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { createRouter } from './app.ts';
import { limitBody } from './body-limit.ts';
import { listen, listenerOf, type Listening } from './serve.ts';

const open: Listening[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function serveEcho(): Promise<number> {
  const app = createRouter();
  app.use(limitBody(1_000, (c) => c.text('too large', 413)));
  app.post('/echo', async (c) => c.text(`${c.req.header('x-name') ?? ''} ${await c.req.text()}`));
  const listening = await listen(
    'test',
    '127.0.0.1',
    0,
    listenerOf((given, env) => app.fetch(given, env)),
  );
  open.push(listening);
  return listening.port;
}

type Sent = { headers?: Record<string, string>; chunks: readonly string[] };

/** A real request over a socket: only there does node's parser decide what a body is. */
function post(port: number, { headers = {}, chunks }: Sent): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const req = request(
      { host: '127.0.0.1', port, method: 'POST', path: '/echo', headers, agent: false },
      (res) => {
        const status = res.statusCode ?? 0;
        text(res).then((body) => resolve({ status, text: body }), reject);
      },
    );
    req.on('error', reject);
    for (const chunk of chunks) req.write(chunk);
    req.end();
  });
}

test('a chunked body within the limit arrives whole, with its headers', async () => {
  const port = await serveEcho();
  const headers = { 'transfer-encoding': 'chunked', 'x-name': 'asha' };
  expect(await post(port, { headers, chunks: ['one ', 'two'] })).toEqual({
    status: 200,
    text: 'asha one two',
  });
});

test('a chunked body over the limit is refused', async () => {
  const port = await serveEcho();
  const chunks = Array.from({ length: 30 }, () => 'x'.repeat(100));
  expect(await post(port, { headers: { 'transfer-encoding': 'chunked' }, chunks })).toMatchObject({
    status: 413,
  });
});

test('a declared length over the limit is refused', async () => {
  const port = await serveEcho();
  const chunks = ['x'.repeat(1_001)];
  expect(await post(port, { headers: { 'content-length': '1001' }, chunks })).toMatchObject({ status: 413 });
});

test('a request made in this process, which declares nothing, is counted', async () => {
  const app = createRouter();
  app.use(limitBody(1_000, (c) => c.text('too large', 413)));
  app.post('/echo', async (c) => c.text(await c.req.text()));
  const echo = (body: string) => Promise.resolve(app.request('/echo', { method: 'POST', body }));
  expect((await echo('x'.repeat(1_001))).status).toBe(413);
  expect(await (await echo('x'.repeat(1_000))).text()).toHaveLength(1_000);
});

test('a request without a length and without a body is let through', async () => {
  const port = await serveEcho();
  // Node's client adds a length or a coding to every POST; curl does not.
  const socket = connect(port, '127.0.0.1');
  socket.write('POST /echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
  expect(await text(socket)).toMatch(/^HTTP\/1.1 200 /);
});
