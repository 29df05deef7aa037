import { expect, test } from 'vitest';
import type { Clock } from '@evently/kit/clock';
import { createLogger } from '@evently/kit/log';
import { podsOf, saleOf } from '../../test/plan-fixture.ts';
import type { WarmClient, WarmOutcome } from '../dataplane/prewarm.ts';
import { createEffects } from '../effects.ts';
import type { Pod } from './model.ts';
import type { WarmDue } from './sale-plan.ts';
import { createWarmer, type Warmer } from './warm.ts';

const ok: WarmOutcome = {
  kind: 'answered',
  tasks: [
    { name: 'Inventory', result: 'warm', items: 3, seconds: 0.2, error: null },
    { name: 'Connections', result: 'warm', items: 4, seconds: 0.1, error: null },
  ],
};
const cold: WarmOutcome = { kind: 'answered', tasks: [] };

type Rig = {
  warmer: Warmer;
  calls: string[];
  told: string[];
  clock: { nowMs: number };
  pods: { answer: (pod: Pod) => Promise<WarmOutcome>; known: WarmOutcome };
};

function createRig(maxCalls = 4): Rig {
  const calls: string[] = [];
  const told: string[] = [];
  const now = { nowMs: 1_000_000 };
  const pods = { answer: (): Promise<WarmOutcome> => Promise.resolve(ok), known: cold };
  const client: WarmClient = {
    warmPod: (pod) => {
      calls.push(`warm ${pod.name}`);
      return pods.answer();
    },
    readPod: (pod) => {
      calls.push(`ask ${pod.name}`);
      return Promise.resolve(pods.known);
    },
    warmService: (service) => {
      calls.push(`warm ${service}`);
      return Promise.resolve({
        kind: 'answered',
        tasks: [{ name: null, result: 'warm', items: 1, seconds: 0.1, error: null }],
      });
    },
  };
  const clock: Clock = { now: () => new Date(now.nowMs) };
  const effects = createEffects({
    lease: { assertHeld: () => {} },
    log: createLogger('test', 'silent'),
    observe: () => {},
  });
  const warmer = createWarmer({
    client,
    effects,
    clock,
    maxCalls,
    onResult: (key) => void told.push(key),
    observe: () => {},
    log: createLogger('test', 'silent'),
  });
  return { warmer, calls, told, clock: now, pods };
}

function dueOf(pods: readonly Pod[], services: readonly ('event' | 'search')[] = []): WarmDue[] {
  const shared = { policy: 'Required', timeoutMs: 60_000 } as const;
  return [
    ...pods.flatMap(({ name }): WarmDue[] => [
      { task: 'Inventory', at: name, place: 'pod', ...shared },
      { task: 'Connections', at: name, place: 'pod', ...shared },
    ]),
    ...services.map((service): WarmDue => ({ task: 'Event', at: service, place: service, ...shared })),
  ];
}

test('both tasks of a pod are one call, and a service is called once', async () => {
  const { warmer, calls, told } = createRig();
  const pods = podsOf(2);
  const sale = saleOf();
  warmer.start({ sale, due: dueOf(pods, ['event']), pods });
  warmer.start({ sale, due: dueOf(pods, ['event']), pods });
  await expect.poll(() => told.length).toBe(3);
  expect(calls.filter((call) => call.startsWith('warm'))).toHaveLength(3);
  const results = warmer.resultsOf(sale.uid, pods);
  expect(results).toHaveLength(5);
  expect(results.every(({ result }) => result === 'warm')).toBe(true);
  expect(results.find(({ task }) => task === 'Inventory')).toMatchObject({ items: 3, seconds: 0.2 });
});

test('a pod that is warm already is asked and not warmed again: what an operator that restarted finds', async () => {
  const { warmer, calls, told, pods: answers } = createRig();
  answers.known = ok;
  const pods = podsOf(1);
  warmer.start({ sale: saleOf(), due: dueOf(pods), pods });
  await expect.poll(() => told.length).toBe(1);
  expect(calls).toEqual([`ask ${pods[0]?.name}`]);
});

test('a pod that became ready anew is cold again, and a pod that is gone is forgotten', async () => {
  const { warmer, told } = createRig();
  const pods = podsOf(2);
  const sale = saleOf();
  warmer.start({ sale, due: dueOf(pods), pods });
  await expect.poll(() => told.length).toBe(2);
  const [first] = pods;
  if (first === undefined) throw new Error('there are two pods');
  expect(warmer.resultsOf(sale.uid, [first])).toHaveLength(2);
  expect(warmer.resultsOf(sale.uid, [{ ...first, readyAtMs: (first.readyAtMs ?? 0) + 1_000 }])).toEqual([]);
});

test('a failure is told, and the pod is left alone for a moment that doubles', async () => {
  const { warmer, calls, told, clock, pods: answers } = createRig();
  answers.answer = () => Promise.resolve({ kind: 'failed', why: 'pod x did not answer' });
  const pods = podsOf(1);
  const sale = saleOf();
  const start = (): void => warmer.start({ sale, due: dueOf(pods), pods });
  const warmed = (): number => calls.filter((call) => call.startsWith('warm')).length;
  start();
  await expect.poll(() => told.length).toBe(1);
  expect(warmer.resultsOf(sale.uid, pods)[0]).toMatchObject({
    result: 'failed',
    error: 'pod x did not answer',
  });
  start();
  expect(warmed()).toBe(1);
  clock.nowMs += 1_000;
  start();
  await expect.poll(() => told.length).toBe(2);
  clock.nowMs += 1_000;
  start();
  expect(warmed()).toBe(2);
  clock.nowMs += 1_000;
  start();
  await expect.poll(() => told.length).toBe(3);
});

test('no more calls than allowed are under way at once, and stopping starts none of those that wait', async () => {
  const { warmer, calls, pods: answers } = createRig(2);
  const open: ((outcome: WarmOutcome) => void)[] = [];
  answers.known = cold;
  answers.answer = () => new Promise((resolve) => void open.push(resolve));
  const pods = podsOf(6);
  warmer.start({ sale: saleOf(), due: dueOf(pods), pods });
  await expect.poll(() => open.length).toBe(2);
  const stopped = warmer.stop();
  for (const answer of open) answer(ok);
  await stopped;
  expect(calls.filter((call) => call.startsWith('warm'))).toHaveLength(2);
});

test('a task that a pod does not report has failed', async () => {
  const { warmer, told, pods: answers } = createRig();
  answers.answer = () =>
    Promise.resolve({ kind: 'answered', tasks: ok.kind === 'answered' ? ok.tasks.slice(1) : [] });
  const pods = podsOf(1);
  const sale = saleOf();
  warmer.start({ sale, due: dueOf(pods), pods });
  await expect.poll(() => told.length).toBe(1);
  const [inventory] = warmer.resultsOf(sale.uid, pods);
  expect(inventory).toMatchObject({ task: 'Inventory', result: 'failed' });
  expect(inventory?.error).toContain('did not report');
});
