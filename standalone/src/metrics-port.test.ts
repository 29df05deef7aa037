import { Counter, Registry } from 'prom-client';
import { afterEach, expect, test } from 'vitest';
import type { Principal, TokenVerifier } from '@evently/kit/auth';
import { listen, type Listening } from '@evently/kit/serve';
import type { MetricsAccess } from './access.ts';
import { createMetricsPort, type MetricsPort } from './metrics-port.ts';

const principal = (role: Principal['role']): Principal => ({
  id: '00000000-0000-7000-8000-000000000001',
  role,
  permissions: [],
  expiresAtMs: 0,
});
const verifier: TokenVerifier = {
  verify: (token) => (token === 'admin' || token === 'user' ? principal(token) : null),
  verifyNow: () => null,
  loadKeys: () => Promise.resolve([]),
};
const listening: Listening[] = [];
afterEach(async () => {
  for (const one of listening.splice(0)) await one.close();
});

/** What a proxy forwards comes from elsewhere, whoever runs the proxy. */
const elsewhere = { 'x-forwarded-for': '10.0.0.7' };

async function open(access: MetricsAccess): Promise<{ port: MetricsPort; url: string }> {
  const registry = new Registry();
  new Counter({ name: 'evently_x_things_total', help: 'Things', registers: [registry] }).inc();
  const port = createMetricsPort(registry, access);
  const opened = await listen('the metrics', '127.0.0.1', 0, port.listener);
  listening.push(opened);
  return { port, url: `http://127.0.0.1:${opened.port}/metrics` };
}

async function ask(url: string, headers: Record<string, string> = {}) {
  const answer = await fetch(url, { headers });
  return { status: answer.status, text: await answer.text(), type: answer.headers.get('content-type') ?? '' };
}
const bearing = (token: string): Record<string, string> => ({
  ...elsewhere,
  authorization: `Bearer ${token}`,
});

test('this machine sees the metrics from the start of the platform on; from elsewhere nobody without a token', async () => {
  const { port, url } = await open('local');
  for (const step of ['starting', 'running'] as const) {
    const seen = await ask(url);
    expect(seen).toMatchObject({ status: 200, text: expect.stringContaining('evently_x_things_total 1') });
    const refused = await ask(url, elsewhere);
    expect(refused).toMatchObject({ status: 403, type: 'application/problem+json' });
    expect(refused.text).toContain('STANDALONE_METRICS=everyone');
    const { port: asked } = new URL(url);
    expect(refused.text).toContain(`ssh -L ${asked}:127.0.0.1:${asked} <machine>`);
    expect(refused.text).not.toContain('evently_x');
    const answered = [];
    for (const token of ['admin', 'user', 'nobody']) answered.push((await ask(url, bearing(token))).status);
    expect(answered).toEqual(step === 'starting' ? [503, 503, 503] : [200, 403, 401]);
    port.trust(verifier);
  }
  expect((await ask(url.replace('/metrics', '/'), elsewhere)).status).toBe(403);
  expect((await ask(url.replace('/metrics', '/'))).text).toContain('/metrics');
});

test('everyone sees the metrics when the setting says so', async () => {
  const { url } = await open('everyone');
  expect((await ask(url, elsewhere)).status).toBe(200);
});
