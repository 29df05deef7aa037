/** What a team has on its cluster before it installs the platform: namespaces, and Services that lead to its databases. */
import { z } from 'zod';
import type { NodeCluster } from '@evently/testkit/engines/node-cluster';
import { databases, type HostServices } from './host-services.ts';

export const namespace = 'evently';
/** Where the Services of PostgreSQL and Redis are; the platform's own namespace has nothing but the platform. */
const stateNamespace = 'state';
const postgresPort = 5_432;
const redisPort = 6_379;

/** Pod Security "restricted" is enforced: a pod that breaks it is not made. */
export async function prepareNamespaces(cluster: NodeCluster, host: HostServices): Promise<void> {
  await applyObjects(cluster, [
    namespaceObject(namespace, { 'pod-security.kubernetes.io/enforce': 'restricted' }),
    namespaceObject(stateNamespace, {}),
    ...hostService('postgres', cluster.address, postgresPort, host.postgresPort),
    ...hostService('redis', cluster.address, redisPort, host.redisPort),
  ]);
}

/** Where the databases are, as the values of the charts name them. */
export function urlValues(host: HostServices): Record<string, string> {
  const urls = databases.map((name) => [
    `global.secrets.urls.${name}`,
    `postgres://evently_${name}:${host.passwords[name]}@postgres.${stateNamespace}:${postgresPort}/evently_${name}`,
  ]);
  return {
    ...Object.fromEntries(urls),
    'global.secrets.urls.redis': `redis://:${host.redisPassword}@redis.${stateNamespace}:${redisPort}`,
  };
}

/** One key of a Secret, as who installed the platform reads it. */
export async function readSecret(cluster: NodeCluster, name: string, key: string): Promise<string> {
  const said = await cluster.kubectl(['get', 'secret', name, '-n', namespace, '-o', 'json']);
  const { data } = z.object({ data: z.record(z.string(), z.string()) }).parse(JSON.parse(said));
  const value = data[key];
  if (value === undefined) throw new Error(`the Secret ${name} has no ${key}`);
  return Buffer.from(value, 'base64').toString();
}

/** Changes keys of a Secret that exists. */
export async function changeSecret(
  cluster: NodeCluster,
  name: string,
  stringData: Readonly<Record<string, string>>,
): Promise<void> {
  const patch = JSON.stringify({ stringData });
  await cluster.kubectl(['patch', 'secret', name, '-n', namespace, '--type=merge', '-p', patch]);
}

export async function applyObjects(cluster: NodeCluster, items: readonly object[]): Promise<void> {
  await cluster.kubectl(['apply', '--server-side', '--filename=-'], {
    stdin: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
  });
}

function namespaceObject(name: string, labels: Readonly<Record<string, string>>): object {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

/** A Service without a selector leads to a process of this machine. */
function hostService(name: string, address: string, port: number, targetPort: number): object[] {
  const metadata = { name, namespace: stateNamespace };
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { ports: [{ name, port, targetPort, protocol: 'TCP' }] },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...metadata, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports: [{ name, port: targetPort, protocol: 'TCP' }],
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
    },
  ];
}
