/** Everything that the tests of the platform on a real node stand on, made once: node, images, databases, ways in. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { createProcessGroup, type ProcessGroup } from '@evently/testkit/engines/kube-processes';
import {
  startNodeCluster,
  type NodeCluster,
  type NodeClusterTools,
} from '@evently/testkit/engines/node-cluster';
import { buildNodeImages } from '@evently/testkit/engines/node-images';
import { startHostServices, type HostServices } from './host-services.ts';
import { namespace, prepareNamespaces } from './namespace.ts';
import { imageOf, packCharts, parts, type Chart } from './release.ts';
import { createTimings, type Timings } from './timings.ts';

export type World = {
  cluster: NodeCluster;
  host: HostServices;
  group: ProcessGroup;
  chart: Chart;
  timings: Timings;
  /** Of files that a test writes. */
  folder: string;
  say: (line: string) => void;
  /** A Service's own address, which this machine reaches as pods do. */
  serviceUrl: (service: string, port: number) => Promise<string>;
  close: () => Promise<void>;
};

/** Quick controllers: the defaults of Kubernetes wait for minutes before pods go. */
const settings = {
  KUBE_HPA_SYNC: '3s',
  KUBE_HPA_DOWN: '10s',
  KUBE_HPA_CPU_INIT: '10s',
};

/** Builds the images of the project as it is, starts the node and what the platform needs beside it. */
export async function openWorld(
  tools: NodeClusterTools,
  redisServer: string,
  say: (line: string) => void,
): Promise<World> {
  const timings = createTimings(say);
  const images = await timings.step('images', () =>
    buildNodeImages(
      tools,
      parts.map((part) => ({ tag: imageOf(part), buildArguments: { SERVICE: part } })),
    ),
  );
  const each = parts.map((part, at) => `${part} ${((images.tookMs[at] ?? 0) / 1_000).toFixed(1)} s`);
  timings.note('of these', `base ${(images.baseMs / 1_000).toFixed(1)} s, ${each.join(', ')}`);
  const closing: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of closing.splice(0).toReversed()) await end();
  };
  try {
    const cluster = await timings.step('node up', () =>
      startNodeCluster(tools, { archives: images.archives, settings }),
    );
    closing.push(() => timings.step('node down', cluster.stop));
    const group = await createProcessGroup('cluster');
    closing.push(group.stop);
    const host = await timings.step('PostgreSQL and Redis', () =>
      startHostServices(group, cluster.address, redisServer),
    );
    await prepareNamespaces(cluster, host);
    const folder = path.join(group.folder, 'files');
    await mkdir(folder);
    const chart = await timings.step('charts packed', () => packCharts(cluster, folder));
    const serviceUrl = async (service: string, port: number): Promise<string> => {
      const address = await cluster.kubectl([
        'get',
        'service',
        service,
        '-n',
        namespace,
        '-o',
        'jsonpath={.spec.clusterIP}',
      ]);
      return `http://${address}:${port}`;
    };
    return { cluster, host, group, chart, timings, folder, say, serviceUrl, close };
  } catch (error) {
    await close();
    throw error;
  }
}
