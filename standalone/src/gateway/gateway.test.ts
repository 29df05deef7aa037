import { request, type IncomingHttpHeaders } from 'node:http';
import { Hono } from 'hono';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ServiceEnv } from '@evently/kit/app';
import { addressKey } from '@evently/kit/guards';
import { listen, listenerOf, type Listener, type Listening } from '@evently/kit/serve';
import { createGateway } from './gateway.ts';

/** Answers with what the service saw. */
function echo(name: string): Listener {
  const app = new Hono<ServiceEnv>();
  const key = addressKey(0, true);
  app.all('*', async (c) => {
    const { pathname, search } = new URL(c.req.url);
    return c.json({
      name,
      method: c.req.method,
      url: pathname + search,
      body: await c.req.text(),
      counted: key(c),
    });
  });
  return listenerOf((req, env) => app.fetch(req, env));
}

let gateway: Listening;
beforeAll(async () => {
  const services = {
    user: echo('user'),
    event: echo('event'),
    search: echo('search'),
    booking: echo('booking'),
    payment: echo('payment'),
  };
  const listener = createGateway({ services, pages: echo('pages'), origins: ['http://localhost:5173'] });
  gateway = await listen('the gateway', '127.0.0.1', 0, listener);
});
afterAll(() => gateway.close());

type Answer = { status: number; headers: IncomingHttpHeaders; body: Record<string, unknown> | null };

function send(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const sent = request(
      {
        port: gateway.port,
        host: '127.0.0.1',
        method,
        path,
        headers: { ...headers, ...length },
        agent: false,
      },
      (res) => {
        let text = '';
        res.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        res.on('end', () => {
          const parsed: Record<string, unknown> | null = text === '' ? null : JSON.parse(text);
          resolve({ status: res.statusCode ?? 0, headers: res.headers, body: parsed });
        });
      },
    );
    sent.on('error', reject).end(body);
  });
}

test('a request reaches its service with method, query and body unchanged', async () => {
  const { body } = await send(
    'POST',
    '/api/booking/reserve?x=1',
    { 'content-type': 'application/json' },
    '{"a":1}',
  );
  expect(body).toMatchObject({
    name: 'booking',
    method: 'POST',
    url: '/api/v1/bookings/reserve?x=1',
    body: '{"a":1}',
  });
  expect((await send('DELETE', '/api/booking/waitlist/leave', {}, '{"event_id":"x"}')).body).toMatchObject({
    name: 'booking',
    method: 'DELETE',
    url: '/api/v1/waitlist/leave',
    body: '{"event_id":"x"}',
  });
  expect((await send('POST', '/webhooks/fake', {}, 'raw')).body).toMatchObject({
    name: 'payment',
    url: '/webhooks/fake',
    body: 'raw',
  });
});

test('internal routes are refused in every spelling, before any service sees them', async () => {
  for (const path of [
    '/api/user/../internal/auth/verify',
    '/api/user/%2e%2e/internal',
    '/api/user//internal',
    'http://x/api/user/..%2Finternal',
  ]) {
    const { status, body, headers } = await send('POST', path, {}, '{}');
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'invalid_path', status: 400, type: '/docs/problems/invalid-path' });
    expect(headers['content-type']).toBe('application/problem+json');
  }
  expect((await send('GET', '/internal/users/1')).body).toMatchObject({ name: 'pages' });
});

test('a service that is not installed is named in a problem document', async () => {
  const { status, body } = await send('GET', '/api/analytics/overview');
  expect(status).toBe(404);
  expect(body).toMatchObject({ code: 'service_not_installed' });
  expect(body?.['error']).toContain('no analytics service');
});

test('a direct client on this machine is not counted, one that claims to be forwarded is', async () => {
  expect((await send('GET', '/api/event/events')).body).toMatchObject({ counted: null });
  expect((await send('GET', '/api/event/events', { 'x-forwarded-for': '127.0.0.1' })).body).toMatchObject({
    counted: '127.0.0.1',
  });
  expect((await send('GET', '/api/event/events', { forwarded: 'for=127.0.0.1' })).body).toMatchObject({
    counted: '127.0.0.1',
  });
});

test('only listed origins may call from a page, and never with credentials', async () => {
  const preflight = { 'access-control-request-method': 'POST' };
  const allowed = await send('OPTIONS', '/api/user/auth/login', {
    origin: 'http://localhost:5173',
    ...preflight,
  });
  expect(allowed.status).toBe(204);
  expect(allowed.headers['access-control-allow-origin']).toBe('http://localhost:5173');
  expect(allowed.headers['access-control-allow-headers']).toContain('Authorization');
  for (const origin of [
    'http://localhost:51730',
    'https://localhost:5173',
    'null',
    'http://localhost:5173.evil.example',
  ]) {
    const { status, headers } = await send('OPTIONS', '/api/user/auth/login', { origin, ...preflight });
    expect([status, headers['access-control-allow-origin']]).toEqual([204, undefined]);
  }
  const plain = await send('GET', '/api/event/events', { origin: 'http://localhost:5173' });
  expect(plain.headers['access-control-allow-origin']).toBe('http://localhost:5173');
  expect(plain.headers['access-control-allow-credentials']).toBeUndefined();
  expect(plain.headers.vary).toBe('Origin');
});

test('every answer says what a browser may do with it', async () => {
  const { headers } = await send('GET', '/api/event/events');
  expect(headers['x-content-type-options']).toBe('nosniff');
  expect(headers['content-security-policy']).toBe("default-src 'none'; frame-ancestors 'none'");
});
