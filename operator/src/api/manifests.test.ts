import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { operatorSettings, readOperatorConfig } from '../config.ts';
import { eventSaleSchema } from './event-sale.ts';
import { parseEventSale } from './parse-event-sale.ts';
import { permissions } from './permissions.ts';

const folder = fileURLToPath(new URL('../../../k8s', import.meta.url));
const samples = readdirSync(path.join(folder, 'samples')).filter((name) => name.endsWith('.yaml'));
const read = (at: string): string => readFileSync(path.join(folder, at), 'utf8');
const documents = (at: string): unknown[] => parseAllDocuments(read(at)).map((one): unknown => one.toJS());

const roleSchema = z.object({
  kind: z.literal('Role'),
  rules: z.array(
    z.object({
      apiGroups: z.array(z.string()),
      resources: z.array(z.string()),
      verbs: z.array(z.string()),
      resourceNames: z.array(z.string()).default(['*']),
    }),
  ),
});
const deploymentSchema = z.object({
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
            livenessProbe: z.object({ httpGet: z.object({ path: z.string(), port: z.string() }) }),
            readinessProbe: z.object({ httpGet: z.object({ path: z.string(), port: z.string() }) }),
          }),
        ]),
      }),
    }),
  }),
});

/** `verb group/resource name`, one line for each thing that is allowed. */
function grants(): string[] {
  const role = documents('operator/rbac.yaml').find((one) => roleSchema.safeParse(one).success);
  return roleSchema
    .parse(role)
    .rules.flatMap(({ apiGroups, resources, verbs, resourceNames }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          verbs.flatMap((verb) => resourceNames.map((name) => `${verb} ${group}/${resource} ${name}`)),
        ),
      ),
    );
}

test('the Role grants what the operator uses, and nothing else', () => {
  const used = permissions.flatMap(({ group, resource, verbs, resourceNames = ['*'] }) =>
    verbs.flatMap((verb) => resourceNames.map((name) => `${verb} ${group}/${resource} ${name}`)),
  );
  expect(grants().toSorted()).toEqual(used.toSorted());
  expect(new Set(used).size).toBe(used.length);
});

test('the Deployment sets only settings that exist, and every one that has to be set', () => {
  const { replicas, template } = deploymentSchema.parse(parse(read('operator/deployment.yaml'))).spec;
  const [container] = template.spec.containers;
  expect(replicas).toBe(2);
  const known = new Set(Object.keys(operatorSettings));
  expect(container.env.map(({ name }) => name).filter((name) => !known.has(name))).toEqual([]);
  const env = Object.fromEntries(
    container.env.map(({ name, value }) => [name, value ?? 'filled-in-by-the-cluster']),
  );
  const config = readOperatorConfig(env);
  const ports = Object.fromEntries(container.ports.map(({ name, containerPort }) => [name, containerPort]));
  expect(ports).toEqual({ health: config.OPERATOR_HEALTH_PORT, metrics: config.OPERATOR_METRICS_PORT });
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
