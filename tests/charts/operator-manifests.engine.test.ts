/** The operator of k8s/operator, for who has no Helm, against the one of its chart: the same pods, budget and policy. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { chartsFolder } from '../../charts/build/render.ts';
import { find, helmWorld, objectSchema, renderObjects, type KubeObject } from './helm-world.ts';

const world = helmWorld();

async function manifests(name: string): Promise<KubeObject[]> {
  const text = await readFile(path.join(chartsFolder, '../k8s/operator', `${name}.yaml`), 'utf8');
  return parseAllDocuments(text).map((document) => objectSchema.parse(document.toJS()));
}

async function rendered(): Promise<KubeObject[]> {
  return renderObjects(world.copy(), {
    chart: 'operator',
    namespace: 'evently-system',
    set: ['watchNamespace=evently'],
  });
}

const labelsSchema = z.record(z.string(), z.string());
const containerSchema = z.looseObject({
  env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })),
  envFrom: z.unknown().optional(),
});
const deploymentSchema = z.looseObject({
  template: z.looseObject({
    metadata: z.looseObject({ labels: labelsSchema, annotations: labelsSchema }),
    spec: z.looseObject({ serviceAccountName: z.string(), containers: z.tuple([containerSchema]) }),
  }),
});

/** Without what only Helm writes: the name of the release wherever pods are selected. */
function withoutRelease(spec: unknown): unknown {
  const text = JSON.stringify(spec, (name, value: unknown) =>
    name === 'app.kubernetes.io/instance' || name === 'app.kubernetes.io/version' ? undefined : value,
  );
  return JSON.parse(text);
}

/** What runs and how it is looked after; how it is told its settings differs and is compared by itself. */
function podsOf(deployment: KubeObject): unknown {
  const { template, ...around } = deploymentSchema.parse(deployment.spec);
  const { serviceAccountName: _, ...pod } = template.spec;
  const [{ env: _env, envFrom: _envFrom, ...container }] = pod.containers;
  const { labels } = template.metadata;
  return withoutRelease({ ...around, labels, pod: { ...pod, containers: [container] } });
}

test('its pods are the same: probes, pause, spread, rights, resources', async () => {
  const chart = find(await rendered(), 'Deployment', 'operator');
  const own = find(await manifests('deployment'), 'Deployment', 'evently-operator');
  expect(podsOf(own)).toEqual(podsOf(chart));
});

test('a drain takes one of its pods at a time, as with the chart', async () => {
  const chart = find(await rendered(), 'PodDisruptionBudget', 'operator');
  const own = find(await manifests('deployment'), 'PodDisruptionBudget', 'evently-operator');
  expect(own.spec).toEqual(withoutRelease(chart.spec));
});

test('it may speak with whom the chart lets it, and all else in its namespace is denied', async () => {
  const chart = find(await rendered(), 'NetworkPolicy', 'operator');
  const own = await manifests('networkpolicy');
  expect(find(own, 'NetworkPolicy', 'evently-operator').spec).toEqual(withoutRelease(chart.spec));
  expect(find(own, 'NetworkPolicy', 'default-deny').spec).toEqual({
    podSelector: {},
    policyTypes: ['Ingress', 'Egress'],
  });
});

test('it is scraped under the same labels', async () => {
  const chart = await renderObjects(world.copy(), {
    chart: 'operator',
    set: ['global.monitoring.podMonitor=true'],
  });
  const own = find(await manifests('podmonitor'), 'PodMonitor', 'evently-operator');
  expect(own.spec).toEqual(withoutRelease(find(chart, 'PodMonitor', 'operator').spec));
  expect(own.metadata.namespace).toBe('evently-system');
});

const policySchema = z.object({
  ingress: z.array(
    z.object({
      from: z.array(
        z.object({
          podSelector: z.object({ matchLabels: labelsSchema }).optional(),
          namespaceSelector: z.object({ matchLabels: labelsSchema }).optional(),
        }),
      ),
    }),
  ),
});

test('the policies of booking and event let its pods in', async () => {
  const own = find(await manifests('deployment'), 'Deployment', 'evently-operator');
  const { labels } = deploymentSchema.parse(own.spec).template.metadata;
  const objects = await renderObjects(world.copy(), {
    set: ['operator.enabled=false', 'global.networkPolicy.operatorNamespace=evently-system'],
  });
  for (const service of ['booking', 'event']) {
    const { ingress } = policySchema.parse(find(objects, 'NetworkPolicy', service).spec);
    const letIn = ingress
      .flatMap(({ from }) => from)
      .filter(
        ({ namespaceSelector }) =>
          namespaceSelector?.matchLabels['kubernetes.io/metadata.name'] === 'evently-system',
      )
      .filter(({ podSelector }) =>
        Object.entries(podSelector?.matchLabels ?? {}).every(([name, value]) => labels[name] === value),
      );
    expect(letIn).toHaveLength(1);
  }
});

test('its settings are the same', async () => {
  const chart = z.object({ data: labelsSchema }).parse(find(await rendered(), 'ConfigMap', 'operator')).data;
  const own = find(await manifests('deployment'), 'Deployment', 'evently-operator');
  const [{ env }] = deploymentSchema.parse(own.spec).template.spec.containers;
  const told = env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]]));
  expect(told.length).toBeGreaterThan(3);
  for (const [name = '', value] of told) expect([name, chart[name]]).toEqual([name, value]);
});
