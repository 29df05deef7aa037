import { writeFile } from 'node:fs/promises';
import { monotonicMs } from '@evently/kit/clock';
import { expect, test } from 'vitest';
import type { RequestObservation } from './api.ts';
import { isCancelled, isForbidden, isGone, KubeError } from './errors.ts';
import { maxAttempts } from './requests.ts';
import { failing } from './test/fake-api-server.ts';
import { configMaps, fakeApiServer, ourApi, shop, until, writeKubeconfig } from './test/transport-setup.ts';

const milk = { namespace: 'shop', name: 'milk' };

async function errorOf(work: Promise<unknown>): Promise<KubeError> {
  const error: unknown = await work.then(
    () => 'it did not fail',
    (reason: unknown) => reason,
  );
  if (error instanceof KubeError) return error;
  throw new Error('not a KubeError', { cause: error });
}

test('what does not exist is null when read, and false when removed', async () => {
  const fake = await fakeApiServer();
  const { api } = await ourApi(fake);
  expect(await api.get(configMaps, milk)).toBeNull();
  expect(await api.getScale(configMaps, milk)).toBeNull();
  expect(await api.remove(configMaps, milk)).toBe(false);
  const error = await errorOf(api.patchJson(configMaps, milk, []));
  expect([error.status, error.reason]).toEqual([404, 'NotFound']);
});

test('a list has all pages, of one version', async () => {
  const fake = await fakeApiServer();
  for (let at = 0; at < 1_203; at += 1) fake.put(`box-${at}`);
  const { api } = await ourApi(fake);
  const list = await api.list(configMaps, shop);
  expect(list.items).toHaveLength(1_203);
  expect(list.resourceVersion).toBe(fake.version());
  expect(fake.count('list')).toBe(3);
});

test('a list that expires between two pages begins again, the last time in one piece', async () => {
  const fake = await fakeApiServer();
  for (let at = 0; at < 700; at += 1) fake.put(`box-${at}`);
  fake.decide((request) =>
    request.url.searchParams.has('continue') ? { kind: 'status', status: 410, reason: 'Expired' } : null,
  );
  const { api } = await ourApi(fake);
  expect((await api.list(configMaps, shop)).items).toHaveLength(700);
  expect(fake.seen.at(-1)?.url.searchParams.has('limit')).toBe(false);
  fake.decide(() => ({ kind: 'status', status: 410, reason: 'Expired' }));
  expect(isGone(await errorOf(api.list(configMaps, shop)))).toBe(true);
});

test('reads are repeated after 500 and a reset, writes are not: nobody knows what they did', async () => {
  const fake = await fakeApiServer();
  fake.put('milk');
  const seen: RequestObservation[] = [];
  const { api } = await ourApi(fake, { onRequest: (one) => void seen.push(one) });
  fake.decide(failing('get', 1, { kind: 'status', status: 500 }));
  expect(await api.get(configMaps, milk)).not.toBeNull();
  fake.decide(failing('get', 2, { kind: 'reset' }));
  expect(await api.get(configMaps, milk)).not.toBeNull();
  expect(seen.map(({ code, retries }) => [code, retries])).toEqual([
    ['200', 1],
    ['200', 2],
  ]);
  fake.decide(failing('write', 1, { kind: 'status', status: 500 }));
  expect((await errorOf(api.patchJson(configMaps, milk, []))).status).toBe(500);
  fake.decide(failing('write', 1, { kind: 'reset' }));
  expect((await errorOf(api.patchJson(configMaps, milk, []))).reason).toBe('ConnectionFailed');
  expect(fake.count('write')).toBe(2);
  expect(seen.at(-1)).toMatchObject({
    method: 'PATCH',
    verb: 'patch',
    resource: 'configmaps',
    code: '<error>',
  });
});

test('attempts have a maximum', async () => {
  const fake = await fakeApiServer();
  fake.decide(() => ({ kind: 'status', status: 503 }));
  const { api } = await ourApi(fake);
  expect((await errorOf(api.get(configMaps, milk))).status).toBe(503);
  expect(fake.count('get')).toBe(maxAttempts);
});

test('429 is repeated, writes too, and not before Retry-After has passed', async () => {
  const fake = await fakeApiServer();
  fake.put('milk');
  const { api } = await ourApi(fake);
  const askedSeconds = 0.4;
  const busy = { 'retry-after': String(askedSeconds) };
  fake.decide(failing('write', 1, { kind: 'status', status: 429, reason: 'TooManyRequests', headers: busy }));
  const startedMs = monotonicMs();
  await api.patchJson(configMaps, milk, []);
  expect(monotonicMs() - startedMs).toBeGreaterThanOrEqual(askedSeconds * 1_000 - 1);
  expect(fake.count('write')).toBe(2);
});

test('a Retry-After beyond the deadline is told to the caller at once', async () => {
  const fake = await fakeApiServer();
  const { api } = await ourApi(fake);
  fake.decide(() => ({ kind: 'status', status: 429, headers: { 'retry-after': '30' } }));
  const error = await errorOf(api.get(configMaps, milk));
  expect([error.retryAfterMs, fake.count('get')]).toEqual([30_000, 1]);
});

test('a call that is never answered ends at its deadline, or when its caller ends it', async () => {
  const fake = await fakeApiServer();
  fake.decide(() => ({ kind: 'hang' }));
  const { api } = await ourApi(fake);
  expect((await errorOf(api.get(configMaps, milk, { deadlineMs: 60 }))).reason).toBe('DeadlinePassed');
  const ending = new AbortController();
  const waiting = errorOf(api.get(configMaps, milk, { signal: ending.signal }));
  await until(() => fake.count('get') === 2, 'the call is under way');
  ending.abort();
  expect(isCancelled(await waiting)).toBe(true);
  expect(isCancelled(await errorOf(api.get(configMaps, milk, { signal: ending.signal })))).toBe(true);
  expect(fake.count('get')).toBe(2);
});

test('a missing permission is named by verb and resource', async () => {
  const fake = await fakeApiServer();
  const { api } = await ourApi(fake);
  fake.decide(() => ({ kind: 'status', status: 403, reason: 'Forbidden' }));
  const scales = {
    group: 'autoscaling',
    version: 'v2',
    plural: 'horizontalpodautoscalers',
    kind: 'X',
    namespaced: true,
  };
  const error = await errorOf(api.apply(scales, milk, {}, { fieldManager: 'test', subresource: 'status' }));
  expect(isForbidden(error)).toBe(true);
  expect(error.message).toContain(
    'add the verb "patch" on "horizontalpodautoscalers/status" of API group "autoscaling" to its Role of namespace shop',
  );
  const everywhere = await errorOf(api.list(configMaps, { namespace: null }));
  expect(everywhere.message).toContain(
    'add the verb "list" on "configmaps" of API group "" to its ClusterRole',
  );
});

test('401 makes the credentials be read again, once, for any call', async () => {
  const fake = await fakeApiServer();
  fake.put('milk');
  const { api, kubeconfig } = await ourApi(fake);
  fake.decide((request) =>
    request.headers.authorization === 'Bearer second' ? null : { kind: 'status', status: 401 },
  );
  const error = await errorOf(api.patchJson(configMaps, milk, []));
  expect([error.status, fake.count('write')]).toEqual([401, 2]);
  await writeKubeconfig(kubeconfig, fake.url, { token: 'second' });
  await api.patchJson(configMaps, milk, []);
  expect(fake.count('write')).toBe(3);
  await writeKubeconfig(kubeconfig, fake.url, { token: 'third' });
  fake.decide((request) =>
    request.headers.authorization === 'Bearer third' ? null : { kind: 'status', status: 401 },
  );
  expect(await api.get(configMaps, milk)).not.toBeNull();
  expect(fake.count('get')).toBe(2);
});

test('an answer that is no Kubernetes is said to be none', async () => {
  const fake = await fakeApiServer();
  const { api } = await ourApi(fake);
  fake.decide(() => ({ kind: 'text', status: 200, text: '<html>a portal</html>' }));
  expect((await errorOf(api.get(configMaps, milk))).reason).toBe('BrokenAnswer');
  fake.decide(() => ({ kind: 'text', status: 502, text: '<html>bad gateway</html>' }));
  expect((await errorOf(api.list(configMaps, shop))).said).toContain('bad gateway');
});

test('an API server that is not there is named as such', async () => {
  const fake = await fakeApiServer();
  const { api, kubeconfig } = await ourApi(fake);
  await fake.close();
  const error = await errorOf(api.get(configMaps, milk));
  expect(error.reason).toBe('ConnectionFailed');
  expect(error.message).toContain('ECONNREFUSED');
  // Where it is now is read again as well.
  const moved = await fakeApiServer();
  moved.put('milk');
  await writeKubeconfig(kubeconfig, moved.url, { token: 'first' });
  expect(await api.get(configMaps, milk)).not.toBeNull();
  await writeFile(kubeconfig, '{}');
  await moved.close();
  expect((await errorOf(api.get(configMaps, milk))).message).toContain('has no cluster for its context');
});

test('what is written names its kind, its address and its preconditions', async () => {
  const fake = await fakeApiServer();
  fake.put('milk');
  const { api } = await ourApi(fake);
  await api.apply(
    configMaps,
    milk,
    { data: { a: '1' } },
    { fieldManager: 'me', force: true, resourceVersion: '7' },
  );
  const applied = fake.seen.at(-1);
  expect(applied?.headers['content-type']).toBe('application/apply-patch+yaml');
  expect(applied?.url.search).toBe('?fieldManager=me&force=true');
  expect(JSON.parse(applied?.body ?? '')).toEqual({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'shop', name: 'milk', resourceVersion: '7' },
    data: { a: '1' },
  });
  await api.remove(configMaps, milk, { uid: 'u-1' });
  expect(JSON.parse(fake.seen.at(-1)?.body ?? '')).toMatchObject({ preconditions: { uid: 'u-1' } });
});
