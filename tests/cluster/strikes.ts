/** What is done to the platform while it sells, and whom it may cost an answer. */
import { expect } from 'vitest';
import type { NodeCluster } from '@evently/testkit/engines/node-cluster';
import { evict, listPods, untilSettled } from './pods.ts';
import type { Told } from './steady-load.ts';

/** It may cost requests under way at that moment, those until what was struck is back, or nobody. */
export type Strike = { costs: 'under way' | 'until back' | 'nobody'; fromMs: number; untilMs: number };

/** Finding the victim and sending the signal. */
const killMs = 2_000;
/** What was struck is back when one pod says so; the others find out at their next attempt, search after a quarter second. */
const noticeMs = 500;

export function mayCost({ costs, fromMs, untilMs }: Strike, { beganMs, endedMs }: Told): boolean {
  if (costs === 'nobody') return false;
  return beganMs <= (costs === 'under way' ? fromMs + killMs : untilMs + noticeMs) && endedMs >= fromMs;
}

/** One booking pod is evicted and replaced; the budget forbids the next. */
export async function attemptDrain(cluster: NodeCluster): Promise<void> {
  const node = (await cluster.kubectl(['get', 'nodes', '-o', 'jsonpath={.items[0].metadata.name}'])).trim();
  const flags = ['--dry-run=server', '--ignore-daemonsets', '--delete-emptydir-data'];
  const planned = await cluster.kubectl(['drain', node, ...flags]);
  expect(planned).toMatch(/pod evently\/booking-\S+/);
  const [first, second] = (await listPods(cluster, 'booking')).filter((one) => one.isReady && !one.isGoing);
  if (first === undefined || second === undefined) throw new Error('two booking pods are needed for a drain');
  expect([await evict(cluster, first.name), await evict(cluster, second.name)]).toEqual([
    'evicted',
    'forbidden',
  ]);
  await untilSettled(cluster, 90_000);
}
