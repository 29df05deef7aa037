import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { bookingPod } from '@evently/booking/pod';
import { eventPod } from '@evently/event/pod';
import { crdYaml } from '@evently/operator/api/crd';
import { grantsOf, type PermissionScope } from '@evently/operator/api/permissions';
import { operatorSettings, readOperatorConfig } from '@evently/operator/config';
import { paymentPod } from '@evently/payment/pod';
import { searchPod } from '@evently/search/pod';
import { readPodConfig, settingsOf } from '@evently/pod/config';
import type { Environment, PodPlan } from '@evently/pod/plan';
import { userPod } from '@evently/user/pod';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { chartsFolder } from '../../charts/build/render.ts';
import { routeOf } from '@evently/standalone/gateway/routes';
import { find, helmWorld, renderObjects, type KubeObject } from './helm-world.ts';

const world = helmWorld();

const envSchema = z.object({
  template: z.object({
    spec: z.object({
      containers: z.tuple([
        z.object({
          env: z.array(
            z.object({ name: z.string(), value: z.string().optional(), valueFrom: z.unknown().optional() }),
          ),
        }),
      ]),
    }),
  }),
});

// As long as each has to be, and a URL where one has to be.
function secretFor(name: string): string {
  if (name.includes('DATABASE')) return 'postgres://someone:secret@postgres:5432/evently';
  return name === 'REDIS_URL' ? 'rediss://redis:6379' : 'a-secret-of-forty-characters-or-more-it-is';
}

function readerOf<C>(plan: PodPlan<C>): {
  name: string;
  known: ReadonlySet<string>;
  readEnvironment: (env: Environment) => void;
} {
  const known = new Set(Object.keys(settingsOf(plan)));
  return { name: plan.name, known, readEnvironment: (env) => void readPodConfig(plan, env) };
}
const pods = [
  readerOf(userPod),
  readerOf(eventPod),
  readerOf(bookingPod),
  readerOf(paymentPod),
  readerOf(searchPod),
];

/** The environment of a Deployment's container, each Secret as if it held what it should. */
function environmentOf(objects: readonly KubeObject[], name: string): Record<string, string> {
  const configMap = z
    .object({ data: z.record(z.string(), z.string()) })
    .parse(find(objects, 'ConfigMap', name));
  const [container] = envSchema.parse(find(objects, 'Deployment', name).spec).template.spec.containers;
  const names = container.env.map((one) => one.name);
  expect(new Set(names).size).toBe(names.length);
  return {
    ...configMap.data,
    ...Object.fromEntries(container.env.map((one) => [one.name, one.value ?? secretFor(one.name)])),
  };
}

const tls = [
  'global.postgres.caSecret=ca',
  'global.redis.caSecret=ca',
  'event.database.replicaUrlKey=event-replica-url',
  'search.engine=opensearch',
  'search.opensearch.urls[0]=https://a:9200',
  'search.opensearch.urls[1]=https://b:9200',
  'search.opensearch.user=evently-search',
  'search.opensearch.caSecret=ca',
];

test('each pod can read what its chart tells it, and is told nothing that it does not read', async () => {
  const objects = await renderObjects(world.copy(), { set: tls });
  for (const { name: pod, known, readEnvironment } of pods) {
    const env = environmentOf(objects, pod);
    expect(Object.keys(env).filter((name) => !known.has(name))).toEqual([]);
    expect(() => readEnvironment(env)).not.toThrow();
    expect(() => readEnvironment({ ...env, REDIS_URL: undefined })).toThrow('REDIS_URL');
  }
});

test('the operator can read what its chart tells it, and is told nothing that it does not read', async () => {
  const objects = await renderObjects(world.copy());
  const env = environmentOf(objects, 'operator');
  expect(Object.keys(env).filter((name) => !(name in operatorSettings))).toEqual([]);
  const config = readOperatorConfig({ ...env, OPERATOR_LEASE_NAMESPACE: 'evently', OPERATOR_IDENTITY: 'a' });
  expect(config.OPERATOR_NAMESPACE).toBe('evently');
  expect(config.BOOKING_URL).toBe('http://booking.evently:8004');
  expect(config.SEARCH_URL).toBe('http://search.evently:8003');
});

test('with search every pod keeps messages for it; without it nobody does, and no way leads there', async () => {
  const services = ['user', 'event', 'booking', 'payment'];
  const keeping = (objects: readonly KubeObject[]): (string | undefined)[] =>
    services.map((name) => environmentOf(objects, name)['POD_WITH_SEARCH']);
  const withIt = await renderObjects(world.copy(), { set: ['ingress.enabled=true'] });
  expect(keeping(withIt)).toEqual(['1', '1', '1', '1']);
  const off = ['ingress.enabled=true', 'search.enabled=false', 'global.withSearch=false'];
  const without = await renderObjects(world.copy(), { set: off });
  expect(keeping(without)).toEqual(['0', '0', '0', '0']);
  expect(environmentOf(without, 'operator')['SEARCH_URL']).toBeUndefined();
  const ways = (objects: readonly KubeObject[]): string[] =>
    pathsOf(find(objects, 'Ingress', 'evently')).map(({ service }) => service);
  expect(ways(withIt)).toContain('search');
  expect(ways(without)).not.toContain('search');
  const named = (objects: readonly KubeObject[]): number =>
    objects.filter(({ metadata }) => metadata.labels['app.kubernetes.io/name']?.startsWith('search')).length;
  expect(named(withIt)).toBeGreaterThan(8);
  expect(named(without)).toBe(0);
});

const ruleSchema = z.object({
  apiGroups: z.array(z.string()),
  resources: z.array(z.string()),
  verbs: z.array(z.string()),
  resourceNames: z.array(z.string()).default(['*']),
});

function grantsIn(object: KubeObject): string[] {
  const { rules } = z.object({ rules: z.array(ruleSchema) }).parse(object);
  return rules
    .flatMap(({ apiGroups, resources, verbs, resourceNames }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          verbs.flatMap((verb) => resourceNames.map((name) => `${verb} ${group}/${resource} ${name}`)),
        ),
      ),
    )
    .toSorted();
}

const roles: readonly [PermissionScope, string, string, string | undefined][] = [
  ['sales', 'Role', 'operator', 'sales'],
  ['lease', 'Role', 'operator-lease', 'evently'],
  ['cluster', 'ClusterRole', 'evently-operator-sales-evently', undefined],
];

test.each(roles)(
  'the chart grants for %s what the operator uses there, and nothing else',
  async (scope, kind, name, where) => {
    const objects = await renderObjects(world.copy(), { chart: 'operator', set: ['watchNamespace=sales'] });
    const role = find(objects, kind, name);
    expect(grantsIn(role)).toEqual(grantsOf([scope]));
    expect(role.metadata.namespace).toBe(where);
    const binding = z
      .object({
        roleRef: z.object({ kind: z.string(), name: z.string() }),
        subjects: z.array(z.object({ name: z.string(), namespace: z.string() })),
      })
      .parse(find(objects, `${kind}Binding`, name));
    expect(binding).toEqual({
      roleRef: { kind, name },
      subjects: [{ name: 'operator', namespace: 'evently' }],
    });
  },
);

test('only these roles are granted, and only the operator mounts a token', async () => {
  const objects = await renderObjects(world.copy(), { values: ['values-kind.yaml'] });
  expect(objects.filter(({ kind }) => kind.endsWith('Role')).length).toBe(roles.length);
  const mounts = objects.flatMap((object) =>
    JSON.stringify(object).includes('"automountServiceAccountToken":true')
      ? [`${object.kind} ${object.metadata.name}`]
      : [],
  );
  expect(mounts).toEqual(['Deployment operator']);
});

test('the kind is that of k8s/operator, kept unless told otherwise, and left out when told so', async () => {
  const crd = 'CustomResourceDefinition';
  const isCrd = ({ kind }: KubeObject): boolean => kind === crd;
  const kept = find(await renderObjects(world.copy()), crd, 'eventsales.evently.dev');
  expect(kept.metadata.annotations).toEqual({ 'helm.sh/resource-policy': 'keep' });
  const source: unknown = parse(crdYaml());
  const loose = await renderObjects(world.copy(), { set: ['operator.crds.keep=false'] });
  const { metadata, ...rest } = find(loose, crd, 'eventsales.evently.dev');
  expect({ ...rest, metadata: { name: metadata.name, labels: metadata.labels } }).toEqual(source);
  const { annotations: _, ...without } = kept.metadata;
  expect({ ...kept, metadata: without }).toEqual(source);
  const none = await renderObjects(world.copy(), { set: ['operator.crds.enabled=false'] });
  expect(none.filter(isCrd)).toEqual([]);
});

const pathSchema = z.object({ path: z.string(), service: z.string(), port: z.union([z.string(), z.int()]) });

/** Paths of an Ingress and of an HTTPRoute, each with the service behind it. */
function pathsOf(object: KubeObject): z.output<typeof pathSchema>[] {
  const ingress = z
    .object({
      rules: z.array(
        z.object({
          http: z.object({
            paths: z.array(
              z.object({
                path: z.string(),
                pathType: z.literal('Prefix'),
                backend: z.object({
                  service: z.object({ name: z.string(), port: z.object({ name: z.string() }) }),
                }),
              }),
            ),
          }),
        }),
      ),
    })
    .safeParse(object.spec).data;
  if (ingress !== undefined)
    return ingress.rules.flatMap(({ http }) =>
      http.paths.map(({ path: at, backend }) => ({
        path: at,
        service: backend.service.name,
        port: backend.service.port.name,
      })),
    );
  const route = z
    .object({
      rules: z.array(
        z.object({
          matches: z.tuple([
            z.object({ path: z.object({ type: z.literal('PathPrefix'), value: z.string() }) }),
          ]),
          backendRefs: z.tuple([z.object({ name: z.string(), port: z.int() })]),
        }),
      ),
    })
    .parse(object.spec);
  return route.rules.map(({ matches: [match], backendRefs: [backend] }) => ({
    path: match.path.value,
    service: backend.name,
    port: backend.port,
  }));
}

test('an Ingress and an HTTPRoute lead where the gateway leads, and nowhere else', async () => {
  const objects = await renderObjects(world.copy(), {
    set: ['ingress.enabled=true', 'httpRoute.enabled=true', 'httpRoute.parentRefs[0].name=public'],
  });
  const ingress = find(objects, 'Ingress', 'evently');
  expect(ingress.metadata.annotations).toEqual({});
  const paths = pathsOf(ingress);
  expect(
    pathsOf(find(objects, 'HTTPRoute', 'evently')).map(({ path: at, service }) => [at, service]),
  ).toEqual(paths.map(({ path: at, service }) => [at, service]));
  expect(paths.length).toBe(6);
  for (const { path: at, service } of paths) {
    expect(routeOf(`${at}/x`)).toMatchObject({ kind: 'service', service });
  }
  for (const inside of ['/internal/sales/1', '/healthz', '/metrics', '/api/v1/bookings/reserve']) {
    expect(paths.filter(({ path: at }) => inside === at || inside.startsWith(`${at}/`))).toEqual([]);
  }
});

test('the example that the chart shows on Artifact Hub is the least sale of the samples', async () => {
  const read = (at: string): Promise<string> => readFile(path.join(chartsFolder, at), 'utf8');
  const { annotations } = z
    .object({ annotations: z.record(z.string(), z.string()) })
    .parse(parse(await read('operator/Chart.yaml')));
  const sample: unknown = parse(await read('../k8s/samples/minimal.yaml'));
  expect(parse(annotations['artifacthub.io/crdsExamples'] ?? '')).toEqual([sample]);
});
