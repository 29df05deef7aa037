/** The platform as a Helm release: installed, tested, upgraded and removed as its README says. */
import { cp } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { NodeCluster } from '@evently/testkit/engines/node-cluster';
import { describePods } from './pods.ts';
import { namespace } from './namespace.ts';

export const release = 'evently';
export const parts = ['user', 'event', 'search', 'booking', 'payment', 'operator'] as const;
/** As values-test.yaml names them. */
export const imageOf = (part: string): string => `localhost/evently/${part}:test`;

const charts = fileURLToPath(new URL('../../charts', import.meta.url));
/** What is required of an installation. */
export const installSeconds = 180;
const marginMs = 20_000;

export type Settings = Readonly<Record<string, string>>;
export type Chart = { path: string; values: string };

/** A copy of the charts with each one's dependencies in it: they lie beside one another, and Helm wants them inside. */
export async function packCharts(cluster: NodeCluster, folder: string): Promise<Chart> {
  const copy = path.join(folder, 'charts');
  await cp(charts, copy, { recursive: true });
  for (const chart of [...parts, 'evently'])
    await cluster.helm(['dependency', 'update', '--skip-refresh', path.join(copy, chart)]);
  const chart = path.join(copy, 'evently');
  return { path: chart, values: path.join(chart, 'values-test.yaml') };
}

/** The line that a person types; rejects with what the pods say when not all is ready in time. */
export async function install(cluster: NodeCluster, chart: Chart, settings: Settings): Promise<void> {
  await helm(cluster, ['install', release, chart.path, '-f', chart.values, ...setting(settings), ...waiting]);
}

/** The same chart again with some values changed. */
export async function upgrade(cluster: NodeCluster, chart: Chart, settings: Settings): Promise<void> {
  await helm(cluster, ['upgrade', release, chart.path, '-f', chart.values, ...setting(settings), ...waiting]);
}

const setting = (settings: Settings): string[] =>
  Object.entries(settings).map(([name, value]) => `--set-string=${name}=${value}`);

export async function testRelease(cluster: NodeCluster): Promise<string> {
  return helm(cluster, ['test', release, `--timeout=${installSeconds}s`]);
}

export async function uninstall(cluster: NodeCluster): Promise<void> {
  await helm(cluster, ['uninstall', release, ...waiting]);
}

const waiting = ['--wait', `--timeout=${installSeconds}s`];

async function helm(cluster: NodeCluster, args: readonly string[]): Promise<string> {
  try {
    return await cluster.helm([...args, '--namespace', namespace], {
      deadlineMs: installSeconds * 1_000 + marginMs,
    });
  } catch (error) {
    throw new Error(`${String(error)}${await describePods(cluster)}`, { cause: error });
  }
}

const listSchema = z.object({
  items: z.array(z.object({ kind: z.string(), metadata: z.object({ name: z.string() }) })),
});
/** Kinds that releases are made of; what the cluster makes by itself is not among what is asked for. */
const kinds = [
  'deployments',
  'replicasets',
  'pods',
  'jobs',
  'services',
  'configmaps',
  'secrets',
  'serviceaccounts',
  'horizontalpodautoscalers',
  'poddisruptionbudgets',
  'networkpolicies',
  'ingresses',
  'roles',
  'rolebindings',
  'leases',
];
const clusterKinds = ['clusterroles', 'clusterrolebindings', 'customresourcedefinitions'];

/** `Kind/name` of everything in the namespace, and of everything of ours outside of it. */
export async function listObjects(cluster: NodeCluster): Promise<string[]> {
  const named = async (args: readonly string[]): Promise<string[]> => {
    const said = await cluster.kubectl(['get', ...args, '-o', 'json']);
    return listSchema.parse(JSON.parse(said)).items.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
  };
  const outside = (await named([clusterKinds.join(',')])).filter((one) => /evently/.test(one));
  // Nobody can ask for a kind that is not there yet.
  const sales = outside.some((one) => one.startsWith('CustomResourceDefinition/eventsales'));
  const inside = await named([[...kinds, ...(sales ? ['eventsales'] : [])].join(','), '-n', namespace]);
  return [...inside, ...outside].toSorted();
}
