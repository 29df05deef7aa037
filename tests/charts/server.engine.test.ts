import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { startControlPlane, type ControlPlane } from '@evently/testkit/engines/kube';
import { requireKubeTools } from '@evently/testkit/engines/kube-tools';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { chartsFolder, objectsOf, render, type RenderOptions } from '../../charts/build/render.ts';
import { foreignKinds } from './foreign-kinds.ts';
import { helmWorld, type KubeObject, objectSchema, renderObjects } from './helm-world.ts';

const world = helmWorld();
const installMs = 180_000;
const namespace = 'evently';

let plane: ControlPlane | null = null;
beforeEach(async (context) => {
  await requireKubeTools((note) => context.skip(note));
  if (plane !== null) return;
  plane = await startControlPlane({ hpaSyncMs: 1_000 });
  await prepare(plane);
}, installMs);
afterAll(() => plane?.stop());

function started(): ControlPlane {
  if (plane === null) throw new Error('no control plane');
  return plane;
}

const list = (items: readonly unknown[]): string => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });

/** The namespace as a platform team has it, and the kinds of others. */
async function prepare({ kubectl }: ControlPlane): Promise<void> {
  const restricted = ['enforce', 'warn', 'audit'].map((mode) => [
    `pod-security.kubernetes.io/${mode}`,
    'restricted',
  ]);
  const labels = Object.fromEntries(restricted);
  await kubectl(
    ['create', '-f', '-'],
    list([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } }, ...foreignKinds]),
  );
  await kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=20s']);
}

/** Sends objects to the real API server, which stores nothing; an unknown field or a warning is a refusal. */
function dryRun(objects: readonly unknown[]): Promise<string> {
  return started().kubectl(
    ['apply', '--server-side', '--dry-run=server', '--validate=strict', '--warnings-as-errors', '-f', '-'],
    list(objects),
  );
}

const combinations: readonly (RenderOptions & { what: string })[] = [
  { what: 'default' },
  {
    what: 'test',
    values: ['values-test.yaml'],
    set: ['global.secrets.urls.redis=redis://a', 'global.secrets.urls.user=postgres://a/b'],
  },
  { what: 'kind', values: ['values-kind.yaml'] },
  { what: 'production', values: ['values-production.yaml'] },
  {
    what: 'everything that is optional',
    set: [
      'httpRoute.enabled=true',
      'httpRoute.parentRefs[0].name=public',
      'httpRoute.hostnames[0]=tickets.example.com',
      'ingress.enabled=true',
      'global.monitoring.serviceMonitor=true',
      'monitoring.enabled=true',
      'global.postgres.caSecret=ca',
      'global.redis.caSecret=ca',
      'global.imagePullSecrets[0]=pull',
      'booking.imagePullSecrets[0]=other',
      'booking.priorityClassName=system-cluster-critical',
      'booking.nodeSelector.pool=sales',
      'booking.podLabels.team=tickets',
      'booking.podAnnotations.note=yes',
      'booking.database.replicaUrlKey=booking-replica-url',
      'booking.operator.reservationsPerSecondPerEvent=15000',
      'user.hpa.enabled=false',
      'search.engine=opensearch',
      'search.opensearch.urls[0]=https://opensearch:9200',
      'search.opensearch.user=evently-search',
      'search.opensearch.caSecret=opensearch-ca',
    ],
    setJson: [
      'booking.tolerations=[{"key":"sales","operator":"Exists"}]',
      'booking.affinity={"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"pool","operator":"Exists"}]}]}}}',
      'booking.extraEnv=[{"name":"TZ","value":"UTC"}]',
      'booking.extraVolumes=[{"name":"more","emptyDir":{}}]',
      'booking.extraVolumeMounts=[{"name":"more","mountPath":"/more"}]',
      'booking.extraObjects=["{apiVersion: v1, kind: ConfigMap, metadata: {name: \\"{{ .Release.Name }}-more\\"}}"]',
      'extraObjects=[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"beside"}}]',
    ],
  },
];

test.each(combinations)(
  'the API server takes every object, without a warning: $what',
  async (options) => {
    const objects = objectsOf(await render(world.copy(), options));
    expect(objects.length).toBeGreaterThan(35);
    const answers = (await dryRun(objects)).trim().split('\n');
    expect(answers.filter((line) => !line.endsWith('serverside-applied (server dry run)'))).toEqual([]);
    expect(answers.length).toBe(objects.length);
  },
  60_000,
);

test('what would be admitted with a warning is refused here', async () => {
  const [deployment] = (await renderObjects(world.copy())).filter(({ kind }) => kind === 'Deployment');
  expect(await dryRun([deployment])).toContain('serverside-applied');
  const loose = JSON.stringify(deployment).replace('"drop":["ALL"]', '"drop":[]');
  await expect(dryRun([JSON.parse(loose)])).rejects.toThrow('would violate PodSecurity');
  const unknown = JSON.stringify(deployment).replace('"maxSurge"', '"maxSurgery"');
  await expect(dryRun([JSON.parse(unknown)])).rejects.toThrow('maxSurgery');
}, 60_000);

const podSchema = z.looseObject({
  template: z.looseObject({ metadata: z.looseObject({}), spec: z.looseObject({}) }),
});

/** What a controller would create from `object`, if it makes pods. */
function podOf(object: KubeObject): unknown {
  if (object.kind === 'Pod') return object;
  const template = podSchema.safeParse(object.spec).data?.template;
  return template === undefined
    ? null
    : {
        apiVersion: 'v1',
        kind: 'Pod',
        ...template,
        metadata: { ...template.metadata, namespace, name: 'one' },
      };
}

test('each pod of a workload, a hook and a test is admitted where "restricted" is enforced', async () => {
  const objects = await renderObjects(world.copy(), { values: ['values-kind.yaml'] });
  // A pod is refused before its account is there.
  const accounts = objects.filter(({ kind }) => kind === 'ServiceAccount');
  await started().kubectl(['apply', '--server-side', '-f', '-'], list(accounts));
  const pods = objects.map(podOf).filter((pod) => pod !== null);
  expect(pods.length).toBe(12);
  for (const pod of pods) expect(await dryRun([pod])).toContain('pod/');
  const [first] = pods;
  const loose = JSON.stringify(first).replace('"runAsNonRoot":true', '"runAsNonRoot":false');
  await expect(dryRun([JSON.parse(loose)])).rejects.toThrow('violates PodSecurity "restricted');
  await started().kubectl(['delete', '-f', '-'], list(accounts));
}, 60_000);

test('the API server takes what `kubectl apply -k k8s/operator` sends, and admits its pods as "restricted"', async () => {
  const folder = path.join(chartsFolder, '../k8s/operator');
  const { kubectl } = started();
  const read = async (name: string): Promise<KubeObject[]> =>
    objectsOf(await readFile(path.join(folder, `${name}.yaml`), 'utf8')).map((one) =>
      objectSchema.parse(one),
    );
  // Nothing is taken into a namespace that is not there, and no pod before its account.
  const own = (await read('namespace')).filter(({ metadata }) => metadata.name === 'evently-system');
  const before = list([...own, ...(await read('rbac')).filter(({ kind }) => kind === 'ServiceAccount')]);
  await kubectl(['apply', '--server-side', '-f', '-'], before);
  const objects = objectsOf(await kubectl(['kustomize', folder])).map((one) => objectSchema.parse(one));
  const rest = objects.filter(({ kind }) => kind !== 'Namespace' && kind !== 'ServiceAccount');
  expect(new Set(rest.map(({ kind }) => kind))).toContain('NetworkPolicy');
  const answers = (await dryRun(rest)).trim().split('\n');
  expect(answers.filter((line) => !line.endsWith('serverside-applied (server dry run)'))).toEqual([]);
  expect(answers.length).toBe(rest.length);
  const pod = JSON.stringify(rest.map(podOf).find((one) => one !== null)).replace(
    `"namespace":"${namespace}"`,
    '"namespace":"evently-system"',
  );
  expect(await dryRun([JSON.parse(pod)])).toContain('pod/');
  const loose = pod.replace('"runAsNonRoot":true', '"runAsNonRoot":false');
  await expect(dryRun([JSON.parse(loose)])).rejects.toThrow('violates PodSecurity "restricted');
  await kubectl(['delete', '-f', '-'], before);
}, 60_000);
