import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createFront } from './front.ts';
import { createPodState, type PodState } from './state.ts';
import type { ServiceName } from './settings.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

/** A pod whose application answers with the path that it was asked for. */
async function serve(state: PodState, service: ServiceName = 'booking'): Promise<number> {
  const front = createFront({
    service,
    state,
    origins: ['https://tickets.example'],
    application: (req, res) => void res.setHeader('x-path', req.url ?? '').end(req.url),
  });
  const server = createServer(front);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}

function serving(): PodState {
  const state = createPodState();
  state.serve();
  return state;
}

/** The request's line as it is: fetch would tidy the path up. */
function ask(port: number, target: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(`GET ${target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`),
    );
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

type Answer = { status: number; body: unknown };
async function probe(port: number, at: string): Promise<Answer> {
  const answer = await fetch(`http://127.0.0.1:${port}${at}`);
  return { status: answer.status, body: await answer.json() };
}

test('a pod that starts is alive, not started and not ready, and says for what it waits', async () => {
  const state = createPodState();
  state.wait('PostgreSQL');
  const port = await serve(state);
  expect(await probe(port, '/healthz')).toEqual({ status: 200, body: { status: 'healthy' } });
  const waiting = { status: 503, body: { status: 'starting', waits_for: 'PostgreSQL' } };
  expect(await probe(port, '/health/started')).toEqual(waiting);
  expect(await probe(port, '/health/ready')).toEqual(waiting);
  const refused = await fetch(`http://127.0.0.1:${port}/api/booking/bookings`);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
  expect(await refused.json()).toMatchObject({ code: 'starting' });
});

test('a pod that serves leaves readiness to its application', async () => {
  const port = await serve(serving());
  expect(await probe(port, '/health/started')).toEqual({ status: 200, body: { status: 'started' } });
  expect(await (await fetch(`http://127.0.0.1:${port}/health/ready`)).text()).toBe('/health/ready');
});

test('a pod that was told to end is not ready, and still answers', async () => {
  const state = serving();
  const port = await serve(state);
  state.drain();
  expect(await probe(port, '/health/ready')).toEqual({ status: 503, body: { status: 'draining' } });
  expect((await probe(port, '/health/started')).status).toBe(200);
  expect((await probe(port, '/healthz')).status).toBe(200);
  expect(await (await fetch(`http://127.0.0.1:${port}/api/booking/bookings/1`)).text()).toBe(
    '/api/v1/bookings/1',
  );
});

test('a pod that was told to end while it started does not begin to serve', () => {
  const state = createPodState();
  state.drain();
  state.serve();
  expect(state.phase()).toBe('draining');
});

test.each([
  ['booking', '/api/booking/reserve?x=1', '/api/v1/bookings/reserve?x=1'],
  ['booking', '/api/booking/bookings/1', '/api/v1/bookings/1'],
  ['payment', '/webhooks/fake', '/webhooks/fake'],
  ['user', '/internal/auth/verify', '/internal/auth/verify'],
  ['user', '/api/event/events', '/api/event/events'],
  ['user', 'http://other.example/api/user/users/profile', '/api/v1/users/profile'],
] as const)('the %s pod reads %s as %s', async (service, target, own) => {
  const answer = await ask(await serve(serving(), service), target);
  // What is not the service's public path reaches its application as it came, and the probes have no part in it.
  expect(/^x-path: (.*)\r$/im.exec(answer)?.[1]).toBe(own);
});

test.each([
  '/api/booking/../../internal/x',
  '/api/booking/%2e%2e/x',
  '/api//booking/x',
  '/api/booking/..%2fx',
])('%s is refused before anything reads it', async (target) => {
  const answer = await ask(await serve(serving()), target);
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(answer).toContain('"code":"invalid_path"');
});

test('a page of a named origin may call the interface, and no other', async () => {
  const port = await serve(serving());
  const from = async (origin: string): Promise<string | null> => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/booking/x`, { headers: { origin } });
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    return answer.headers.get('access-control-allow-origin');
  };
  expect(await from('https://tickets.example')).toBe('https://tickets.example');
  expect(await from('https://else.example')).toBeNull();
});
