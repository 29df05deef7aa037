import { expect, test } from 'vitest';
import { createTestTokens } from '@evently/testkit/tokens';
import { Registry } from 'prom-client';
import { createApp, type ServiceApp } from './app.ts';
import { addressKey, rateLimit, requireAdmin, requireApiKey, requirePrincipal } from './guards.ts';
import { createLogger } from './log.ts';
import { createRequestMetrics } from './metrics.ts';

function appWith(prepare: (app: ServiceApp) => void): ServiceApp {
  const app = createApp({
    service: 'test',
    title: 'Test',
    log: createLogger('test', 'silent'),
    metrics: createRequestMetrics(new Registry()),
    dependencies: {},
  });
  prepare(app);
  app.get('/x', (c) => c.json({ id: c.get('principal')?.id ?? null }));
  return app;
}
const from = (address: string) => ({ incoming: { socket: { remoteAddress: address } } });
const get = (app: ServiceApp, headers: Record<string, string>, address = '127.0.0.1') =>
  app.fetch(new Request('http://x/x', { headers }), from(address));

test('a limit is told, reached and refused with the time to come again', async () => {
  const app = appWith((it) =>
    it.use('/x', rateLimit({ name: 'reads', limit: 2, windowSeconds: 60, key: () => 'all' })),
  );
  const first = await get(app, {});
  expect([first.headers.get('ratelimit-policy'), first.headers.get('ratelimit')]).toEqual([
    '"reads";q=2;w=60',
    '"reads";r=1;t=60',
  ]);
  await get(app, {});
  const refused = await get(app, {});
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await refused.json()).toMatchObject({
    code: 'rate_limited',
    error: 'At most 2 in 60 s; come again in 60 s.',
  });
});

test.each([
  ['a direct loopback client is not counted', 0, true, '127.0.0.1', {}, null],
  [
    'a forwarded request is, whatever it claims',
    0,
    true,
    '127.0.0.1',
    { 'x-forwarded-for': '127.0.0.1' },
    '127.0.0.1',
  ],
  [
    'nobody is believed without trusted proxies',
    0,
    false,
    '10.0.0.9',
    { 'x-forwarded-for': '1.1.1.1' },
    '10.0.0.9',
  ],
  [
    'the entry of the trusted proxy counts, not what the client wrote left of it',
    1,
    false,
    '10.0.0.9',
    { 'x-forwarded-for': '6.6.6.6, 2.2.2.2' },
    '2.2.2.2',
  ],
  [
    'two trusted proxies',
    2,
    false,
    '10.0.0.9',
    { 'x-forwarded-for': '6.6.6.6, 2.2.2.2, 10.0.0.8' },
    '2.2.2.2',
  ],
  ['an IPv6 loopback is loopback', 0, true, '::1', {}, null],
] as const)('%s', async (_what, hops, exempt, address, headers, expected) => {
  const keys: (string | null)[] = [];
  const key = addressKey(hops, exempt);
  const app = appWith((it) =>
    it.use('/x', async (c, next) => {
      keys.push(key(c));
      await next();
    }),
  );
  await get(app, headers, address);
  expect(keys).toEqual([expected]);
});

test('tokens open what they are for, and nothing else', async () => {
  const tokens = createTestTokens();
  const user = await tokens.user();
  const cases = async (app: ServiceApp): Promise<number[]> =>
    Promise.all(
      [
        '',
        user,
        await tokens.admin(['a']),
        await tokens.admin(['b']),
        await tokens.admin(['*']),
        `${user}x`,
      ].map(
        async (token) => (await get(app, token === '' ? {} : { authorization: `Bearer ${token}` })).status,
      ),
    );
  expect(await cases(appWith((it) => it.use('/x', requirePrincipal(tokens.verifier))))).toEqual([
    401, 200, 200, 200, 200, 401,
  ]);
  expect(await cases(appWith((it) => it.use('/x', requireAdmin(tokens.verifier, 'a'))))).toEqual([
    401, 403, 200, 403, 200, 401,
  ]);
});

test('an API key is one of those that are valid, to the last character', async () => {
  const app = appWith((it) => it.use('/x', requireApiKey(['old-key', 'new-key'])));
  const statuses = ['old-key', 'new-key', 'old-kez', 'old-key ', ''].map(
    async (key) => (await get(app, { 'x-api-key': key })).status,
  );
  expect(await Promise.all(statuses)).toEqual([200, 200, 401, 200, 401]);
});

test('a failure says nothing but its id, an unknown route and a wrong method are told apart', async () => {
  const app = appWith((it) =>
    it.get('/boom', () => {
      throw new Error('the secret of the house');
    }),
  );
  const failed = await app.request('/boom');
  const said = await failed.text();
  expect(failed.status).toBe(500);
  expect(said).not.toContain('secret of the house');
  expect(said).toContain(failed.headers.get('x-request-id') ?? 'missing');
  expect((await app.request('/nowhere')).status).toBe(404);
  const wrong = await app.request('/x', { method: 'DELETE' });
  expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET']);
});
