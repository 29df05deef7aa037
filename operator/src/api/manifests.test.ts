import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { operatorSettings, readOperatorConfig } from '../config.ts';
import { eventSaleSchema } from './event-sale.ts';
import { parseEventSale } from './parse-event-sale.ts';
import { grantsOf } from './permissions.ts';

const folder = fileURLToPath(new URL('../../../k8s', import.meta.url));
const samples = readdirSync(path.join(folder, 'samples')).filter((name) => name.endsWith('.yaml'));
const read = (at: string): string => readFileSync(path.join(folder, at), 'utf8');
const documents = (at: string): unknown[] => parseAllDocuments(read(at)).map((one): unknown => one.toJS());

const subjectSchema = z.strictObject({ kind: z.string(), name: z.string(), namespace: z.string() });
const metadataSchema = z.object({ name: z.string(), namespace: z.string().default('') });
const roleSchema = z.object({
  kind: z.enum(['Role', 'ClusterRole']),
  metadata: metadataSchema,
  rules: z.array(
    z.object({
      apiGroups: z.array(z.string()),
      resources: z.array(z.string()),
      verbs: z.array(z.string()),
      resourceNames: z.array(z.string()).default(['*']),
    }),
  ),
});
const bindingSchema = z.object({
  kind: z.enum(['RoleBinding', 'ClusterRoleBinding']),
  metadata: metadataSchema,
  roleRef: z.object({ kind: z.string(), name: z.string() }),
  subjects: z.tuple([subjectSchema]),
});
const deploymentSchema = z.object({
  metadata: metadataSchema,
  spec: z.object({
    replicas: z.int(),
    template: z.object({
      spec: z.object({
        serviceAccountName: z.string(),
        containers: z.tuple([
          z.object({
            env: z.array(
              z.object({
                name: z.string(),
                value: z.string().optional(),
                valueFrom: z.unknown().optional(),
              }),
            ),
            ports: z.array(z.object({ name: z.string(), containerPort: z.int() })),
            startupProbe: z.object({ httpGet: z.object({ path: z.string(), port: z.string() }) }),
            livenessProbe: z.object({ httpGet: z.object({ path: z.string(), port: z.string() }) }),
            readinessProbe: z.object({ httpGet: z.object({ path: z.string(), port: z.string() }) }),
          }),
        ]),
      }),
    }),
  }),
});

const rbac = documents('operator/rbac.yaml');
const roles = rbac.flatMap((one) => roleSchema.safeParse(one).data ?? []);
const bindings = rbac.flatMap((one) => bindingSchema.safeParse(one).data ?? []);
const deployment = deploymentSchema.parse(documents('operator/deployment.yaml')[0]);
const own = deployment.metadata.namespace;

/** `verb group/resource name`, one line for each thing that the role of this kind in `namespace` allows. */
function grantedIn(kind: string, namespace: string): string[] {
  const found = roles.filter((role) => role.kind === kind && role.metadata.namespace === namespace);
  expect(found.length).toBe(1);
  return found
    .flatMap(({ rules }) => rules)
    .flatMap(({ apiGroups, resources, verbs, resourceNames }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          verbs.flatMap((verb) => resourceNames.map((name) => `${verb} ${group}/${resource} ${name}`)),
        ),
      ),
    )
    .toSorted();
}

const whereGranted = [
  { scope: 'sales', kind: 'Role', namespace: 'evently' },
  { scope: 'lease', kind: 'Role', namespace: 'evently-system' },
  { scope: 'cluster', kind: 'ClusterRole', namespace: '' },
] as const;

test.each(whereGranted)(
  'the $kind for $scope grants what the operator uses there, and nothing else',
  ({ scope, kind, namespace }) => {
    const used = grantsOf([scope]);
    expect(grantedIn(kind, namespace)).toEqual(used);
    expect(new Set(used).size).toBe(used.length);
  },
);

test('each role is bound where it is, to the account that the pods run as', () => {
  const { serviceAccountName } = deployment.spec.template.spec;
  const bound = bindings.map(({ kind, metadata, roleRef, subjects }) => [
    kind.replace('Binding', ''),
    metadata.namespace,
    roleRef.kind,
    roleRef.name,
    ...subjects,
  ]);
  const account = { kind: 'ServiceAccount', name: serviceAccountName, namespace: own };
  expect(bound).toEqual(
    roles.map(({ kind, metadata }) => [kind, metadata.namespace, kind, metadata.name, account]),
  );
  expect(roles.length).toBe(whereGranted.length);
});

test('across namespaces the operator may touch its own kind only', () => {
  expect(grantedIn('ClusterRole', '').filter((line) => !/ evently\.dev\/eventsales /.test(line))).toEqual([]);
});

test('the Deployment sets only settings that exist, and every one that has to be set', () => {
  const { replicas, template } = deployment.spec;
  const [container] = template.spec.containers;
  expect(replicas).toBe(2);
  const known = new Set(Object.keys(operatorSettings));
  expect(container.env.map(({ name }) => name).filter((name) => !known.has(name))).toEqual([]);
  const env = Object.fromEntries(
    container.env.map(({ name, value }) => [name, value ?? 'filled-in-by-the-cluster']),
  );
  const config = readOperatorConfig(env);
  // The sales may go, with their namespace; the operator and its lease stay.
  expect(config.OPERATOR_NAMESPACE).toBe('evently');
  expect(own).toBe('evently-system');
  const lease = container.env.find(({ name }) => name === 'OPERATOR_LEASE_NAMESPACE');
  expect(lease?.valueFrom).toEqual({ fieldRef: { fieldPath: 'metadata.namespace' } });
  const ports = Object.fromEntries(container.ports.map(({ name, containerPort }) => [name, containerPort]));
  expect(ports).toEqual({ health: config.OPERATOR_HEALTH_PORT, metrics: config.OPERATOR_METRICS_PORT });
  expect(container.startupProbe.httpGet).toEqual({ path: '/startedz', port: 'health' });
  expect(container.livenessProbe.httpGet).toEqual({ path: '/healthz', port: 'health' });
  expect(container.readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'health' });
});

test('there are samples, and each says what it shows', () => {
  expect(samples.length).toBeGreaterThanOrEqual(5);
  expect(samples.filter((name) => !/^# \S.{40,}/.test(read(`samples/${name}`)))).toEqual([]);
});

test.each(samples)('the sample %s is a sale that the operator can act on', (name) => {
  const [object, ...more] = documents(`samples/${name}`);
  expect(more).toEqual([]);
  expect(eventSaleSchema.safeParse(object).error).toBeUndefined();
  const sample = z
    .object({ metadata: z.looseObject({ name: z.string() }) })
    .loose()
    .parse(object);
  expect(`${sample.metadata.name}.yaml`).toBe(name);
  const stored = {
    ...sample,
    metadata: {
      ...sample.metadata,
      namespace: 'evently',
      uid: 'u',
      resourceVersion: '1',
      creationTimestamp: '2026-11-20T10:00:00Z',
    },
  };
  expect(parseEventSale(stored)).toMatchObject({ faults: [], sale: { name: sample.metadata.name } });
});
