/** The way in for buyers: the system's nginx with what the Ingress objects of the API server say. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { freePort, type ProcessGroup } from '@evently/testkit/engines/kube-processes';
import type { NodeCluster } from '@evently/testkit/engines/node-cluster';
import { runProgram } from '@evently/testkit/engines/run-program';
import { ingressSchema, nginxConfiguration, serviceSchema } from './ingress.ts';

export const nginxPackages = { nginx: 'nginx' } as const;
const program = '/usr/sbin/nginx';
const readyMs = 10_000;
const probeMs = 2_000;

export type WayIn = { url: string; stop: () => Promise<void> };

/** Rejects when an Ingress names a backend that does not exist. `isKind`: see `ProxyOptions`. */
export async function openWayIn(
  cluster: NodeCluster,
  group: ProcessGroup,
  name: string,
  isKind: boolean,
): Promise<WayIn> {
  const read = async (kind: string): Promise<unknown> =>
    JSON.parse(await cluster.kubectl(['get', kind, '--all-namespaces', '--output=json']));
  const ingresses = z.object({ items: z.array(ingressSchema) }).parse(await read('ingresses')).items;
  const services = z.object({ items: z.array(serviceSchema) }).parse(await read('services')).items;
  const folder = path.join(group.folder, name);
  await mkdir(folder, { mode: 0o755 });
  const port = await freePort();
  const file = path.join(folder, 'nginx.conf');
  await writeFile(file, nginxConfiguration(ingresses, services, { port, folder, isKind }));
  // It checks what was written before anything listens.
  await runProgram(program, ['-t', '-q', '-c', file, '-p', folder]);
  await group.start(name, program, ['-c', file, '-p', folder]);
  const url = `http://127.0.0.1:${port}`;
  await group.waitUntil(name, () => isAnswering(url), readyMs);
  return { url, stop: () => group.end(name, 'SIGQUIT') };
}

function isAnswering(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(probeMs) }).then(
    async (answer) => {
      await answer.text();
      return true;
    },
    () => false,
  );
}
