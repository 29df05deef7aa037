/** What tests of the transport start: a fake API server, our client of it and the stock one; all ended after each test. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLogger } from '@evently/kit/log';
import { CoreV1Api, KubeConfig, ListWatch, Watch, type V1ConfigMap } from '@kubernetes/client-node';
import { afterEach, expect } from 'vitest';
import type { KubeApi, KubeHooks } from '../api.ts';
import { openConnection, type Connection } from '../connection.ts';
import { createKubeApi } from '../create-api.ts';
import { createReflector, type Reflector, type ReflectorHooks, type ReflectorLimits } from '../reflector.ts';
import type { KubeObject, Resource } from '../resource.ts';
import { path as configMapsPath, startFakeApiServer, type FakeApiServer } from './fake-api-server.ts';

export const configMaps: Resource = {
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
};
export const shop = { namespace: 'shop' };

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  // In reverse: clients before servers.
  for (const end of endings.splice(0).toReversed()) await end();
});
export function afterThis(end: () => Promise<unknown>): void {
  endings.push(end);
}

export async function fakeApiServer(tls?: { key: string; cert: string }): Promise<FakeApiServer> {
  const fake = await startFakeApiServer(tls);
  afterThis(() => fake.close());
  return fake;
}

export async function scratchFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'evently-kube-'));
  afterThis(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A kubeconfig is YAML, of which JSON is a part. Without a certificate authority the server is trusted blindly. */
export async function writeKubeconfig(
  file: string,
  server: string,
  user: object,
  ca?: string,
): Promise<void> {
  const trust =
    ca === undefined ? { 'insecure-skip-tls-verify': true } : { 'certificate-authority-data': btoa(ca) };
  const config = {
    clusters: [{ name: 'fake', cluster: { server, ...trust } }],
    users: [{ name: 'fake', user }],
    contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'fake', namespace: 'shop' } }],
    'current-context': 'fake',
  };
  await writeFile(file, JSON.stringify(config));
}

export async function ourApi(
  fake: FakeApiServer,
  hooks: KubeHooks = {},
): Promise<{ api: KubeApi; connection: Connection; kubeconfig: string }> {
  const kubeconfig = path.join(await scratchFolder(), 'config');
  await writeKubeconfig(kubeconfig, fake.url, { token: 'first' });
  const connection = openConnection({ kind: 'file', path: kubeconfig });
  afterThis(() => connection.close());
  return { api: createKubeApi(connection, hooks), connection, kubeconfig };
}

export const fastLimits: Partial<ReflectorLimits> = { firstBackoffMs: 4, maxBackoffMs: 40 };

export type Seen = {
  relists: string[];
  restarts: string[];
  unreadable: number;
  handlerErrors: number;
  stale: number;
};

/** Our reflector of the fake's objects, with what its hooks told. */
export async function ourReflector(
  fake: FakeApiServer,
  limits: Partial<ReflectorLimits> = {},
): Promise<{ reflector: Reflector<KubeObject>; told: Seen; api: KubeApi }> {
  const { api } = await ourApi(fake);
  const told: Seen = { relists: [], restarts: [], unreadable: 0, handlerErrors: 0, stale: 0 };
  const hooks: ReflectorHooks = {
    onRelist: (reason) => void told.relists.push(reason),
    onWatchRestart: (reason) => void told.restarts.push(reason),
    onUnreadable: () => void (told.unreadable += 1),
    onHandlerError: () => void (told.handlerErrors += 1),
    onStaleEvent: () => void (told.stale += 1),
  };
  const reflector = createReflector({
    api,
    resource: configMaps,
    scope: shop,
    parse: (object) => object,
    log: createLogger('test', 'silent'),
    hooks,
    limits: { ...fastLimits, ...limits },
  });
  afterThis(() => reflector.stop());
  return { reflector, told, api };
}

export function stockConfig(fake: FakeApiServer): KubeConfig {
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: 'fake', server: fake.url, skipTLSVerify: true },
    { name: 'fake', token: 'first' },
  );
  return config;
}

/** The stock informer; `start()` is the test's. Pauses between its attempts are `pauseMs` where it has any. */
export function stockInformer(fake: FakeApiServer, pauseMs = 4): ListWatch<V1ConfigMap> {
  const config = stockConfig(fake);
  const core = config.makeApiClient(CoreV1Api);
  const list = () => core.listNamespacedConfigMap({ namespace: 'shop' });
  const delayFn = (): Promise<void> =>
    new Promise((resolve) => {
      setTimeout(resolve, pauseMs);
    });
  const informer = new ListWatch(configMapsPath, new Watch(config), list, false, undefined, undefined, {
    delayFn,
  });
  informer.on('error', () => {});
  afterThis(() => informer.stop());
  return informer;
}

/** Waits for a condition, 30 s at most. */
export function until(condition: () => boolean, what: string): Promise<void> {
  return expect.poll(condition, { timeout: 30_000, interval: 5, message: what }).toBe(true);
}

/** Long enough for what must not happen to happen: absence has no condition to wait for. */
export function quietTime(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 150);
  });
}
