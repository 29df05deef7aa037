import { expect, test } from 'vitest';
import { shortSale, trackSale, untilFloor, untilStage } from './sales.ts';
import { useCluster } from './use-cluster.ts';

// Kubernetes' own default: what the autoscaler takes is measured as it is in a cluster.
const { cluster, space: openSpace } = useCluster({ hasMetrics: false, hpaSyncMs: 15_000 });

test('with no metrics API at all the autoscaler follows the raised floor', async () => {
  const { status } = await cluster().kube.send('GET', '/apis/metrics.k8s.io/v1beta1');
  expect(status).toBe(404);
  const space = await openSpace();
  const eventId = await cluster().platform.stage('Without metrics', 100);
  await space.startOperator();
  await space.applySale('dark', shortSale({ eventId, opensInMs: 50_000, lastsMs: 5_000, demand: 800 }));
  const track = trackSale(space, 'dark');
  await untilFloor(space, 8, 30_000);
  const raisedMs = Date.now();
  await expect.poll(async () => (await space.pool()).ready, { timeout: 45_000 }).toBe(8);
  const followedMs = Date.now() - raisedMs;
  await untilStage(space, 'dark', ['Completed'], 90_000);
  await untilFloor(space, 2, 30_000);
  await track.stop();
  process.stdout.write(
    `8 pods ${followedMs} ms after the floor was raised, at a sync of 15 s; ${track.report()}\n`,
  );
  expect(track.stages()).toEqual(expect.arrayContaining(['Prewarming', 'Armed', 'Selling', 'Completed']));
}, 180_000);
