import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { drawFloors, simulateAll, tableOf } from './floor-report.ts';
import { syncReplicas } from './hpa.ts';

const autoscaler = { minReplicas: 2, maxReplicas: 40, recommended: [] };

test('a count below the floor is raised in one sync, whatever the metrics say', () => {
  const load = [{ total: 1, perPod: 1 }];
  expect(syncReplicas({ ...autoscaler, minReplicas: 20 }, 2, load, 0).replicas).toBe(20);
});

test('a rise by metrics is at most four pods or twice as many a sync', () => {
  const load = [{ total: 100, perPod: 1 }];
  expect([2, 6, 12].map((current) => syncReplicas(autoscaler, current, load, 0).replicas)).toEqual([
    6, 12, 24,
  ]);
});

test('a metric within the tolerance leaves the pods alone, also nine per cent short', () => {
  expect(syncReplicas(autoscaler, 20, [{ total: 21.8, perPod: 1 }], 0).replicas).toBe(20);
});

test('a fall waits until the highest wish of five minutes has passed', () => {
  const idle = [{ total: 2, perPod: 1 }];
  const busy = [{ atSeconds: 0, replicas: 20 }];
  expect(syncReplicas({ ...autoscaler, recommended: busy }, 20, idle, 285).replicas).toBe(20);
  expect(syncReplicas({ ...autoscaler, recommended: busy }, 20, idle, 315).replicas).toBe(2);
});

test('only the floor is never short, and the page shows what the simulation gives', async () => {
  const results = simulateAll();
  const [floor, cron, metrics] = results.map(({ secondsShort }) => secondsShort);
  expect(floor).toBe(0);
  expect(cron).toBeGreaterThan(0);
  expect(metrics).toBeGreaterThan(cron ?? 0);
  expect(results.map(({ moments }) => moments.at(-1)?.replicas)).toEqual([2, 2, 2]);
  const picture = await readFile(new URL('../../docs/floor-simulation.svg', import.meta.url), 'utf8');
  expect(picture).toBe(drawFloors(results));
  const page = await readFile(new URL('../../docs/floor-simulation.md', import.meta.url), 'utf8');
  const plain = (text: string): string => text.replaceAll(/[ -]+/g, ' ');
  expect(plain(page)).toContain(plain(tableOf(results)));
});
