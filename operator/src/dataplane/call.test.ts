import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBookingClient } from './booking.ts';

// Accepts everything and answers nothing, or only the headers.
const held: { answered: number; closed: number } = { answered: 0, closed: 0 };
const keysShown: unknown[] = [];
const server = createServer((req, res) => {
  if (req.url?.includes('elsewhere') === true) {
    keysShown.push(req.headers['x-api-key']);
    res.writeHead(404).end();
  }
  if (req.url?.includes('moved') === true) res.writeHead(307, { location: '/elsewhere' }).end();
  req.socket.on('close', () => (held.closed += 1));
  if (req.url?.includes('half') === true) {
    held.answered += 1;
    res.writeHead(200, { 'content-type': 'application/json' });
    res.write('{"epoch":');
  }
});
let baseUrl = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  baseUrl = `http://127.0.0.1:${address.port}`;
});
afterAll(() => {
  server.closeAllConnections();
  return new Promise<void>((resolve) => void server.close(() => resolve()));
});

const client = () => createBookingClient({ baseUrl, apiKey: 'k', fetch });

test('a call ends when its caller stops, and so does the connection', async () => {
  const stopping = new AbortController();
  const view = client().read('silent', stopping.signal);
  stopping.abort(new Error('the operator stops'));
  expect(await view).toMatchObject({ kind: 'unreachable' });
});

test('an answer that stops in the middle is no answer', async () => {
  const stopping = new AbortController();
  const view = client().read('half', stopping.signal);
  await expect.poll(() => held.answered).toBe(1);
  stopping.abort(new Error('the operator stops'));
  expect(await view).toMatchObject({ kind: 'unreachable' });
  await expect.poll(() => held.closed).toBeGreaterThan(0);
});

test('nobody at the address is unreachable, and says so', async () => {
  const away = createBookingClient({ baseUrl: 'http://127.0.0.1:1', apiKey: 'k', fetch });
  expect(await away.read('x', new AbortController().signal)).toMatchObject({
    kind: 'unreachable',
    why: expect.stringContaining('booking did not answer'),
  });
});

// A pod answers what it likes; fetch would take the key along to another host as well.
test('an answer that sends elsewhere is no answer, and the key is shown to nobody else', async () => {
  expect(await client().read('moved', new AbortController().signal)).toMatchObject({ kind: 'unreachable' });
  expect(keysShown).toEqual([]);
});
