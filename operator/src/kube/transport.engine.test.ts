import { createLogger } from '@evently/kit/log';
import { monotonicMs } from '@evently/kit/clock';
import { startControlPlane, type ControlPlane } from '@evently/testkit/engines/kube';
import { requireKubeTools } from '@evently/testkit/engines/kube-tools';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import type { KubeApi } from './api.ts';
import { openConnection } from './connection.ts';
import { createKubeApi } from './create-api.ts';
import { isConflict, isForbidden, isGone, KubeError } from './errors.ts';
import { createReflector, type Reflector } from './reflector.ts';
import { deployments, type KubeObject, type Resource } from './resource.ts';
import { configMaps, until } from './test/transport-setup.ts';

const namespaces: Resource = {
  group: '',
  version: 'v1',
  plural: 'namespaces',
  kind: 'Namespace',
  namespaced: false,
};
const definitions: Resource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};
const boxes: Resource = {
  group: 'test.evently.dev',
  version: 'v1',
  plural: 'boxes',
  kind: 'Box',
  namespaced: true,
};
const by = { fieldManager: 'test' };
const shop = { namespace: 'shop' };
const milk = { namespace: 'shop', name: 'milk' };

let plane: ControlPlane | null = null;
let api: KubeApi;
const endings: (() => Promise<unknown>)[] = [];

beforeEach(async (context) => {
  await requireKubeTools((note) => context.skip(note));
  plane ??= await startControlPlane();
  api = apiWith(plane.kubeconfig);
  await api.apply(namespaces, { namespace: null, name: 'shop' }, {}, by);
});
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});
afterAll(() => plane?.stop());

function started(): ControlPlane {
  if (plane === null) throw new Error('no control plane');
  return plane;
}

function apiWith(kubeconfig: string): KubeApi {
  const made = createKubeApi(openConnection({ kind: 'file', path: kubeconfig }));
  endings.push(() => made.close());
  return made;
}

function reflect(resource: Resource, relists: string[] = [], from: KubeApi = api): Reflector<KubeObject> {
  const reflector = createReflector({
    api: from,
    resource,
    scope: shop,
    parse: (object) => object,
    log: createLogger('test', 'silent'),
    hooks: { onRelist: (reason) => void relists.push(reason) },
    limits: { firstBackoffMs: 20, maxBackoffMs: 1_000 },
  });
  endings.push(() => reflector.stop());
  reflector.start();
  return reflector;
}

const anyObject = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
const boxDefinition = {
  spec: {
    group: boxes.group,
    scope: 'Namespaced',
    names: { plural: boxes.plural, singular: 'box', kind: boxes.kind },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: anyObject },
        subresources: { status: {} },
      },
    ],
  },
};

test('a reflector of a kind that is not there yet waits, and follows it once it is installed', async () => {
  const reflector = reflect(boxes);
  const error: unknown = await api.list(boxes, shop).catch((reason: unknown) => reason);
  expect(String(error)).toContain('install the CRD');
  await api.apply(definitions, { namespace: null, name: 'boxes.test.evently.dev' }, boxDefinition, by);
  expect(await reflector.synced).toBe(true);
  const made = await api.apply(boxes, milk, { spec: { litres: 1 } }, by);
  await until(() => reflector.get(milk) !== null, 'it was made');
  // The status is a subresource: the apply of one does not own the other.
  await api.apply(boxes, milk, { status: { cold: true } }, { ...by, subresource: 'status' });
  await until(() => reflector.get(milk)?.['status'] !== undefined, 'its status came');
  expect(reflector.get(milk)).toMatchObject({ spec: { litres: 1 }, status: { cold: true } });
  expect(reflector.get(milk)?.metadata.generation).toBe(1);

  const stale = { ...by, resourceVersion: made.metadata.resourceVersion };
  expect(
    isConflict(
      await api.apply(boxes, milk, { spec: { litres: 2 } }, stale).catch((reason: unknown) => reason),
    ),
  ).toBe(true);
  const other = await api.remove(boxes, milk, { uid: 'another' }).catch((reason: unknown) => reason);
  expect(isConflict(other)).toBe(true);
  expect(await api.remove(boxes, milk, { uid: made.metadata.uid })).toBe(true);
  await until(() => reflector.get(milk) === null, 'it was removed');
});

test('an object of two versions ago is refused, a patch with a false test too, and the scale is read', async () => {
  const first = await api.apply(configMaps, milk, { data: { litres: '1' } }, by);
  await api.patchJson(configMaps, milk, [
    { op: 'test', path: '/data/litres', value: '1' },
    { op: 'replace', path: '/data/litres', value: '2' },
  ]);
  const again = api.patchJson(configMaps, milk, [{ op: 'test', path: '/data/litres', value: '1' }]);
  await expect(again).rejects.toMatchObject({ status: 422 });
  const { resourceVersion } = first.metadata;
  await expect(api.update(configMaps, milk, { metadata: { resourceVersion } })).rejects.toMatchObject({
    status: 409,
  });
  const labels = { app: 'web' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'web:1' }] } };
  const web = { namespace: 'shop', name: 'web' };
  await api.apply(
    deployments,
    web,
    { spec: { replicas: 3, selector: { matchLabels: labels }, template } },
    by,
  );
  expect(await api.getScale(deployments, web)).toMatchObject({ specReplicas: 3, selector: 'app=web' });
  await api.remove(deployments, web);
});

test('a version that was compacted is 410, and a watch from it is replaced by a list', async () => {
  // A new API server knows nothing of the time before it: to its watches, that is compacted.
  await started().restartApiServer();
  const watch = async (): Promise<unknown> => {
    const events = api.watch(configMaps, shop, { resourceVersion: '1', signal: AbortSignal.timeout(20_000) });
    for await (const event of events) return event;
    return null;
  };
  const error = await watch().catch((reason: unknown) => reason);
  expect(isGone(error)).toBe(true);

  // The first list of this reflector seems to come from long ago.
  const relists: string[] = [];
  let lists = 0;
  const backdated: KubeApi = {
    ...api,
    list: async (...asked) => {
      lists += 1;
      const list = await api.list(...asked);
      return lists === 1 ? { ...list, resourceVersion: '1' } : list;
    },
  };
  const reflector = reflect(configMaps, relists, backdated);
  await until(() => relists.length === 2, 'it lists again');
  expect(relists).toEqual(['start', 'expired']);
  await api.apply(configMaps, { namespace: 'shop', name: 'after' }, {}, by);
  await until(() => reflector.get({ namespace: 'shop', name: 'after' }) !== null, 'it follows again');
});

test('the API server restarted and killed: the reflector goes on, reads wait, writes say what happened', async () => {
  const { restartApiServer, killApiServer, startApiServer } = started();
  const reflector = reflect(configMaps);
  expect(await reflector.synced).toBe(true);
  await restartApiServer();
  await api.apply(configMaps, milk, { data: { restarted: '1' } }, by).catch((error: unknown) => {
    // A connection that the old one has closed: nobody knows, the caller decides again.
    if (!(error instanceof KubeError && error.reason === 'ConnectionFailed')) throw error;
    return api.apply(configMaps, milk, { data: { restarted: '1' } }, by);
  });
  const dataOf = (): unknown => reflector.get(milk)?.['data'];
  await expect.poll(dataOf, { timeout: 20_000 }).toMatchObject({ restarted: '1' });

  await killApiServer();
  await expect(api.apply(configMaps, milk, {}, by)).rejects.toMatchObject({ reason: 'ConnectionFailed' });
  await startApiServer();
  await api.apply(configMaps, milk, { data: { restarted: '2' } }, by);
  await expect.poll(dataOf, { timeout: 20_000 }).toMatchObject({ restarted: '2' });
});

test('without a right, the error names the verb and the resource, and the reflector recovers once it is given', async () => {
  const { authority, writeKubeconfig, kubectl } = started();
  const clerk = apiWith(await writeKubeconfig('clerk', authority.issue({ commonName: 'clerk' })));
  const reflector = reflect(configMaps, [], clerk);
  const error: unknown = await clerk.list(configMaps, shop).catch((reason: unknown) => reason);
  expect(isForbidden(error)).toBe(true);
  expect(String(error)).toContain(
    'add the verb "list" on "configmaps" of API group "" to its Role of namespace shop',
  );
  await kubectl(['-n', 'shop', 'create', 'role', 'clerk', '--verb=get,list,watch', '--resource=configmaps']);
  await kubectl(['-n', 'shop', 'create', 'rolebinding', 'clerk', '--role=clerk', '--user=clerk']);
  expect(await reflector.synced).toBe(true);
  await api.apply(configMaps, { namespace: 'shop', name: 'seen' }, {}, by);
  await until(() => reflector.get({ namespace: 'shop', name: 'seen' }) !== null, 'it follows');
});

test('100 calls in a row, the stock client and ours (seen, not asserted)', async () => {
  const calls = 100;
  await api.apply(configMaps, milk, {}, by);
  const config = new KubeConfig();
  config.loadFromFile(started().kubeconfig);
  const core = config.makeApiClient(CoreV1Api);
  const msOf = async (call: () => Promise<unknown>): Promise<number> => {
    await call();
    const startedMs = monotonicMs();
    for (let at = 0; at < calls; at += 1) await call();
    return Math.round(monotonicMs() - startedMs);
  };
  const stockMs = await msOf(() => core.readNamespacedConfigMap(milk));
  const ourMs = await msOf(() => api.get(configMaps, milk));
  process.stdout.write(`${calls} calls in a row: stock ${stockMs} ms, ours ${ourMs} ms\n`);
});
