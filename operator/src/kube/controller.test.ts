import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createVirtualTime, type VirtualTime } from '@evently/testkit/virtual-time';
import {
  runController,
  TerminalError,
  type Controller,
  type ControllerMetrics,
  type ControllerOptions,
  type Reconcile,
} from './controller.ts';
import { createWorkQueue, type WorkQueue } from './queue.ts';

type Setup = { time: VirtualTime; queue: WorkQueue; controller: Controller; counts: Record<string, number> };

function start(reconcile: Reconcile, options: Partial<ControllerOptions> = {}): Setup {
  const time = createVirtualTime();
  const queue = createWorkQueue({ name: 'sale', time, chance: () => 0 });
  const counts: Record<string, number> = {};
  const count = (what: string): void => void (counts[what] = (counts[what] ?? 0) + 1);
  const metrics: ControllerMetrics = {
    started: () => count('started'),
    finished: (outcome) => count(outcome),
    terminal: () => count('terminal'),
    panicked: () => count('panicked'),
    timedOut: () => count('timed out'),
  };
  const log = pino({ level: 'silent' });
  const controller = runController({
    name: 'sale',
    queue,
    workers: 2,
    reconcile,
    time,
    log,
    metrics,
    ...options,
  });
  return { time, queue, controller, counts };
}

test('a reconcile that failed comes back with a growing backoff, until it succeeds', async () => {
  const at: number[] = [];
  const { time, queue, counts } = start(async () => {
    at.push(time.nowMs());
    if (at.length < 4) throw new Error('the API server is away');
    return Promise.resolve({});
  });
  queue.add('a');
  await time.advance(60_000);
  expect(at).toEqual([0, 5, 15, 35]);
  expect(queue.failures('a')).toBe(0);
  expect(counts).toEqual({ started: 4, error: 3, success: 1 });
});

test('it comes back when it says so, and its backoff has ended', async () => {
  const at: number[] = [];
  const { time, queue, counts } = start(() => {
    at.push(time.nowMs());
    return Promise.resolve(at.length === 1 ? { requeueAfterMs: 30_000 } : {});
  });
  queue.add('a');
  await time.advance(100_000);
  expect(at).toEqual([0, 30_000]);
  expect(counts).toEqual({ started: 2, requeue_after: 1, success: 1 });
});

test('a terminal error is counted and not tried again before the object changes', async () => {
  const { time, queue, counts } = start(() => Promise.reject(new TerminalError('no such time zone')));
  queue.add('a');
  await time.advance(3_600_000);
  expect(counts).toEqual({ started: 1, terminal: 1, error: 1 });
  queue.add('a');
  await time.settle();
  expect(counts['terminal']).toBe(2);
});

test('a defect ends neither the worker nor the process', async () => {
  const { time, queue, counts } = start(() => {
    throw new TypeError('undefined is not a function');
  });
  queue.add('a');
  queue.add('b');
  await time.advance(4);
  expect(counts).toEqual({ started: 2, panicked: 2, error: 2 });
  await time.advance(10);
  expect(counts['started']).toBe(4);
});

test('a time to come back that is none is a defect, not a spin', async () => {
  const { time, queue, counts } = start(() => Promise.resolve({ requeueAfterMs: Number.NaN }));
  queue.add('a');
  await time.advance(4);
  expect(counts).toEqual({ started: 1, panicked: 1, error: 1 });
});

test('a reconcile that takes longer than 20 s is aborted, counted, and tried again', async () => {
  const { time, queue, counts } = start(
    (_key, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  );
  queue.add('a');
  await time.advance(19_999);
  expect(counts).toEqual({ started: 1 });
  await time.advance(2);
  expect(counts).toEqual({ started: 1, 'timed out': 1, error: 1 });
  await time.advance(5);
  expect(counts['started']).toBe(2);
});

test('a reconcile that ignores its deadline keeps its key to itself', async () => {
  let running = 0;
  const { time, queue } = start(async (key) => {
    if (key !== 'hangs') return {};
    running += 1;
    await time.pause(100_000);
    running -= 1;
    return {};
  });
  queue.add('hangs');
  await time.advance(30_000);
  queue.add('hangs');
  queue.add('other');
  await time.settle();
  expect(running).toBe(1);
  expect(queue.runningMs()).toEqual([30_000]);
});

test('stop finishes what runs and aborts what does not end in time', async () => {
  let aborted = false;
  const { time, queue, controller } = start(
    (_key, { signal }) =>
      new Promise((resolve) =>
        signal.addEventListener('abort', () => {
          aborted = true;
          resolve({});
        }),
      ),
  );
  queue.add('a');
  await time.settle();
  const stopped = controller.stop(5_000);
  await time.advance(5_000);
  expect(await stopped).toBe(false);
  expect(aborted).toBe(true);

  const idle = start(() => Promise.resolve({ requeueAfterMs: 1_000 }));
  idle.queue.add('a');
  await idle.time.settle();
  expect(await idle.controller.stop(5_000)).toBe(true);
});
