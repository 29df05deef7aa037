import { Hono } from 'hono';
import { expect, test } from 'vitest';
import type { ServiceEnv } from '@evently/kit/app';
import { createLogger } from '@evently/kit/log';
import type { ServiceName } from '../gateway/routes.ts';
import { createPages } from './pages.ts';

const ready: Record<string, 'ready' | 'unavailable'> = { user: 'ready', event: 'ready' };
const service = (name: string) => {
  const app = new Hono();
  app.get('/health/ready', (c) =>
    c.json({ status: ready[name], database: ready[name] === 'ready' ? 'ok' : 'unavailable' }),
  );
  app.get('/openapi.json', (c) =>
    c.json({ openapi: '3.1.0', paths: { [`/api/v1/${name}s`]: { get: {} }, '/internal/x': { get: {} } } }),
  );
  return (request: Request) => app.fetch(request);
};
let closedFor: string | null = null;
const pages = createPages({
  services: new Map<ServiceName, ReturnType<typeof service>>([
    ['user', service('user')],
    ['event', service('event')],
  ]),
  facts: () => ({ metricsPort: 9464, servicePorts: { user: 8001 }, demonstration: true, loadTest: false }),
  console: new Hono<ServiceEnv>().get('/console', (c) => c.text('the console')),
  closedFor: () => closedFor,
  log: createLogger('test', 'silent'),
});

test('the start page loads nothing from elsewhere, and a browser is told so', async () => {
  const answer = await pages.request('http://box.example:8080/');
  const text = await answer.text();
  expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(answer.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  expect(text).toContain('http://box.example:9464/metrics');
  expect(
    [...text.matchAll(/(?:src|href)="(https?:[^"]*)"/g)]
      .map(([, url]) => url)
      .filter((url) => !url?.startsWith('http://box.example:')),
  ).toEqual([]);
  for (const asset of text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)) {
    expect([asset[1], (await pages.request(asset[1] ?? '')).status]).toEqual([asset[1], 200]);
  }
});

test('a Host header cannot put anything into the start page', async () => {
  const text = await (
    await pages.request('http://x/', { headers: { host: '"><script>alert(1)</script>' } })
  ).text();
  expect(text).not.toContain('<script>alert');
});

test('health is the sum of the services, and says when the platform is closing', async () => {
  expect((await pages.request('/health')).status).toBe(200);
  ready['event'] = 'unavailable';
  const broken = await pages.request('/health');
  expect(broken.status).toBe(503);
  expect(await broken.json()).toEqual({
    status: 'unavailable',
    services: {
      user: { status: 'ready', database: 'ok' },
      event: { status: 'unavailable', database: 'unavailable' },
    },
  });
  ready['event'] = 'ready';
  closedFor = 'stopping';
  expect(await (await pages.request('/health')).json()).toMatchObject({ status: 'stopping' });
  closedFor = null;
});

test('the interface is read without the network', async () => {
  const page = await pages.request('/docs');
  expect(page.headers.get('content-security-policy')).toContain("connect-src 'self'");
  expect(await page.text()).toContain('./docs/scalar.js');
  const script = await pages.request('/docs/scalar.js');
  expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  expect((await script.text()).length).toBeGreaterThan(1_000_000);
  const document: unknown = await (await pages.request('/openapi.json')).json();
  expect(document).toHaveProperty(['paths', '/api/user/users']);
  expect(document).not.toHaveProperty(['paths', '/internal/x']);
});

test('a problem page is readable, and a made-up code is a problem itself', async () => {
  const page = await pages.request('/docs/problems/invalid-path');
  expect(await page.text()).toContain('<h1>invalid_path</h1>');
  expect(await (await pages.request('/docs/problems')).text()).toContain(
    'href="/docs/problems/invalid-path"',
  );
  for (const code of ['no-such-code', '..%2F..%2FREADME', 'A', 'x'.repeat(100)]) {
    const missing = await pages.request(`/docs/problems/${code}`);
    expect(missing.status).toBe(404);
    expect(await missing.json()).toMatchObject({ code: 'not_found' });
  }
  expect((await pages.request('/assets/..%2Fpackage.json')).status).toBe(404);
});
