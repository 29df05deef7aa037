/** What is scraped and under which labels: by a plain Prometheus on one machine, by one in a cluster, by the monitors of the charts. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startControlPlane, type ControlPlane } from '@evently/testkit/engines/kube';
import { requireEngine } from '@evently/testkit/engines/engine';
import { requireKubeTools } from '@evently/testkit/engines/kube-tools';
import { promtool } from '@evently/testkit/engines/prometheus';
import { runProgram } from '@evently/testkit/engines/run-program';
import { standaloneSettings } from '@evently/standalone/config';
import { afterAll, expect, test } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { z } from 'zod';
import { helmWorld, renderObjects, type KubeObject } from '../charts/helm-world.ts';
import { until } from '../pods/pod-process.ts';

const world = helmWorld();
const folder = path.join(import.meta.dirname, '..', '..', 'monitoring', 'prometheus');
const read = (name: string): Promise<string> => readFile(path.join(folder, name), 'utf8');

let plane: ControlPlane | null = null;
afterAll(() => plane?.stop());

const labelsSchema = z.record(z.string(), z.string());
const scrapeConfig = z.looseObject({
  job_name: z.string(),
  honor_labels: z.literal(true),
  kubernetes_sd_configs: z.array(z.looseObject({ role: z.literal('pod') })).optional(),
});
const configSchema = z.looseObject({
  global: z.looseObject({ scrape_interval: z.literal('15s'), evaluation_interval: z.literal('15s') }),
  rule_files: z.array(z.string()),
  scrape_configs: z.tuple([scrapeConfig]),
});

test.each(['prometheus.yml', 'prometheus-kubernetes.yml'])(
  'promtool takes %s with all its rules',
  async (name) => {
    const program = path.join(world.tools(), 'promtool');
    const said = await runProgram(program, ['check', 'config', path.join(folder, name)]);
    expect(said).toContain('SUCCESS: 4 rule files found');
    expect(said).not.toContain('FAILED');
    const rules = configSchema.parse(parse(await read(name))).rule_files;
    expect(rules).toEqual(configSchema.parse(parse(await read('prometheus.yml'))).rule_files);
  },
);

test('the oldest Prometheus that is named takes what one machine runs', async (context) => {
  const program = await requireEngine(promtool, (note) => context.skip(note));
  const said = await runProgram(program, ['check', 'config', path.join(folder, 'prometheus.yml')]);
  expect(said).toContain('SUCCESS: 4 rule files found');
  await expect(runProgram(program, ['check', 'config', path.join(folder, 'rbac.yaml')])).rejects.toThrow(
    'FAILED',
  );
});

test('the one process of `make start` is scraped where it answers', async () => {
  const text = await read('prometheus.yml');
  expect(text).toContain(`targets: ['127.0.0.1:${standaloneSettings.METRICS_PORT.fallback}']`);
});

const list = (items: readonly unknown[]): string => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
const stranger = (labels: Readonly<Record<string, string>>, name: string, port: string): unknown => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'evently', labels },
  spec: { containers: [{ name: 'a', image: 'a', ports: [{ name: port, containerPort: 9464 }] }] },
});

/** Pods of the charts on fake nodes, and two that are not to be scraped. */
async function fillCluster({ kubectl }: ControlPlane, objects: readonly KubeObject[]): Promise<void> {
  const namespaces = ['evently', 'monitoring'].map((name) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name },
  }));
  await kubectl(['create', '-f', '-'], list(namespaces));
  const pods = objects.filter(({ kind }) => ['Deployment', 'ServiceAccount'].includes(kind));
  await kubectl(['apply', '--server-side', '-f', '-'], list(pods));
  const others = [
    stranger({ app: 'somebody-elses' }, 'other', 'metrics'),
    stranger({ 'app.kubernetes.io/part-of': 'evently', 'app.kubernetes.io/name': 'odd' }, 'portless', 'http'),
  ];
  await kubectl(['apply', '--server-side', '-f', '-'], list(others));
  const rights = parseAllDocuments(await read('rbac.yaml')).map((document): unknown => document.toJS());
  await kubectl(['apply', '--server-side', '-f', '-'], list(rights));
}

const discovered = z.array(z.object({ discoveredLabels: labelsSchema, labels: labelsSchema.nullish() }));

type Target = { labels: Readonly<Record<string, string>>; pod: string };

/** What is found in the cluster with the rights of rbac.yaml, after relabelling; what that drops is left out. */
async function discover(cluster: ControlPlane): Promise<readonly Target[]> {
  const token = await cluster.kubectl(['create', 'token', 'prometheus', '--namespace=monitoring']);
  const kubeconfig = await cluster.writeKubeconfig('prometheus', { token: token.trim() });
  const { rule_files: _, ...config } = configSchema.parse(parse(await read('prometheus-kubernetes.yml')));
  const [evently] = config.scrape_configs;
  const found = evently.kubernetes_sd_configs?.map((one) => ({ ...one, kubeconfig_file: kubeconfig }));
  const file = path.join(path.dirname(kubeconfig), 'prometheus.yml');
  await writeFile(
    file,
    stringify({ ...config, scrape_configs: [{ ...evently, kubernetes_sd_configs: found }] }),
  );
  const program = path.join(world.tools(), 'promtool');
  const said = await runProgram(program, [
    'check',
    'service-discovery',
    '--timeout=5s',
    file,
    evently.job_name,
  ]);
  return discovered.parse(JSON.parse(said)).flatMap(({ labels, discoveredLabels }) => {
    const pod = discoveredLabels['__meta_kubernetes_pod_name'] ?? '';
    return labels === null || labels === undefined || labels['job'] === undefined ? [] : [{ labels, pod }];
  });
}

const deploymentSchema = z.looseObject({
  template: z.looseObject({
    metadata: z.looseObject({ labels: labelsSchema }),
    spec: z.looseObject({
      containers: z.tuple([z.looseObject({ ports: z.array(z.looseObject({ name: z.string() })) })]),
    }),
  }),
});
const endpoint = z.looseObject({
  port: z.literal('metrics'),
  interval: z.string(),
  honorLabels: z.literal(true),
  relabelings: z.array(z.strictObject({ sourceLabels: z.array(z.string()), targetLabel: z.string() })),
});
const monitorSchema = z.looseObject({
  jobLabel: z.string(),
  selector: z.object({ matchLabels: labelsSchema }),
  podMetricsEndpoints: z.tuple([endpoint]).optional(),
  endpoints: z.tuple([endpoint]).optional(),
});

/** `job` and how `instance` is made, for each Deployment that exactly one monitor selects. */
function monitoredParts(objects: readonly KubeObject[], kind: string): string[] {
  const monitors = objects.filter((one) => one.kind === kind).map(({ spec }) => monitorSchema.parse(spec));
  return objects
    .filter((one) => one.kind === 'Deployment')
    .map(({ spec }) => deploymentSchema.parse(spec).template)
    .map(({ metadata: { labels }, spec }) => {
      const selecting = monitors.filter(({ selector }) =>
        Object.entries(selector.matchLabels).every(([name, value]) => labels[name] === value),
      );
      const [monitor] = selecting;
      if (monitor === undefined || selecting.length > 1)
        throw new Error(`${selecting.length} monitors select it`);
      const [{ ports }] = spec.containers;
      expect(ports.map(({ name }) => name)).toContain('metrics');
      const [scraped] = monitor.podMetricsEndpoints ?? monitor.endpoints ?? [];
      expect(scraped?.relabelings).toEqual([
        { sourceLabels: ['__meta_kubernetes_pod_name'], targetLabel: 'instance' },
      ]);
      return labels[monitor.jobLabel] ?? '';
    })
    .toSorted();
}

test('in a cluster job is the part and instance the pod, for a plain Prometheus and for the monitors alike', async (context) => {
  await requireKubeTools((note) => context.skip(note));
  plane = await startControlPlane({});
  const cluster = plane;
  const objects = await renderObjects(world.copy(), { set: ['global.monitoring.podMonitor=true'] });
  const parts = objects
    .flatMap(({ kind, metadata }) => (kind === 'Deployment' ? [metadata.name] : []))
    .toSorted();
  expect(parts.length).toBeGreaterThanOrEqual(5);
  await fillCluster(cluster, objects);
  let targets: readonly Target[] = [];
  await until(
    'every part of the platform is a target',
    90_000,
    async () => {
      targets = await discover(cluster);
      return new Set(targets.map(({ labels }) => labels['job'])).size >= parts.length;
    },
    () => JSON.stringify(targets),
  );
  expect(new Set(targets.map(({ labels }) => labels['job']))).toEqual(new Set(parts));
  for (const { labels, pod } of targets) {
    expect(labels).toMatchObject({ instance: pod, namespace: 'evently', pod });
    expect(pod).toMatch(new RegExp(`^${labels['job']}-`));
    expect(labels['__address__']).toMatch(labels['job'] === 'operator' ? /:9090$/ : /:9464$/);
  }
  expect(monitoredParts(objects, 'PodMonitor')).toEqual(parts);
  const byServices = await renderObjects(world.copy(), { set: ['global.monitoring.serviceMonitor=true'] });
  expect(monitoredParts(byServices, 'ServiceMonitor')).toEqual(parts);
}, 240_000);
