/** One cluster for the tests of a file, opened before the first of them; skipped with the reason without Kubernetes. */
import { afterAll, beforeEach } from 'vitest';
import { requireKubeTools } from '@evently/testkit/engines/kube-tools';
import { openCluster, type Cluster, type ClusterOptions, type Space } from './cluster.ts';
import type { PoolOptions } from './pool.ts';

export type ClusterInUse = {
  cluster: () => Cluster;
  /** A namespace that ends, with its operators, after the test. */
  space: (pool?: Partial<PoolOptions>) => Promise<Space>;
};

const openMs = 180_000;

export function useCluster(options: ClusterOptions): ClusterInUse {
  let opened: Cluster | null = null;
  // Opened once, also when that fails: the other tests of the file then fail at once.
  let opening: Promise<Cluster> | null = null;
  const spaces: Space[] = [];
  beforeEach(async (context) => {
    await requireKubeTools((note) => context.skip(note));
    opened = await (opening ??= openCluster(options));
    return async () => {
      for (const space of spaces.splice(0)) await space.close();
    };
  }, openMs);
  afterAll(() => opened?.close(), openMs);
  const cluster = (): Cluster => {
    if (opened === null) throw new Error('no cluster is open');
    return opened;
  };
  return {
    cluster,
    space: async (pool) => {
      const space = await cluster().openSpace(pool);
      spaces.push(space);
      return space;
    },
  };
}
