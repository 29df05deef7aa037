import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createVirtualTime, type VirtualTime } from '@evently/testkit/virtual-time';
import { createWorkQueue, type WorkQueue, type WorkQueueOptions } from './queue.ts';
import { maxTimerMs } from './time.ts';

function queueOn(time: VirtualTime, options: Partial<WorkQueueOptions> = {}): WorkQueue {
  return createWorkQueue({ name: 'sale', time, chance: () => 0, ...options });
}

/** What can be taken right now, each done at once. */
async function takeAll(time: VirtualTime, queue: WorkQueue): Promise<string[]> {
  const taken: string[] = [];
  while (queue.depth() > 0) {
    const key = await queue.take();
    if (key === null) break;
    taken.push(key);
    queue.done(key);
    await time.settle();
  }
  return taken;
}

test('a key that waits is not added twice', async () => {
  const time = createVirtualTime();
  const queue = queueOn(time);
  for (const key of ['a', 'b', 'a', 'a']) queue.add(key);
  expect(await takeAll(time, queue)).toEqual(['a', 'b']);
});

test('a key that is with a worker comes back once it is done, and not before', async () => {
  const time = createVirtualTime();
  const queue = queueOn(time);
  queue.add('a');
  expect(await queue.take()).toBe('a');
  queue.add('a');
  queue.add('a');
  expect(queue.depth()).toBe(0);
  queue.done('a');
  expect(await takeAll(time, queue)).toEqual(['a']);
});

test('of several delays of a key the earliest counts, whatever their order', async () => {
  const time = createVirtualTime();
  const queue = queueOn(time);
  queue.addAfter('a', 5_000);
  queue.addAfter('a', 1_000);
  queue.addAfter('a', 3_000);
  await time.advance(999);
  expect(queue.depth()).toBe(0);
  await time.advance(1);
  expect(await takeAll(time, queue)).toEqual(['a']);
  await time.advance(60_000);
  expect(queue.depth()).toBe(0);
});

test('a sale in 30 days makes no timer that fires at once', async () => {
  const time = createVirtualTime();
  const queue = queueOn(time);
  queue.addAfter('far', 30 * 86_400_000);
  queue.addAfter('never', Infinity);
  expect(time.pauses()).toEqual([maxTimerMs]);
  await time.advance(86_400_000);
  expect(queue.depth()).toBe(0);
  await time.advance(maxTimerMs);
  expect(await takeAll(time, queue)).toEqual(['far', 'never']);
  expect(() => queue.addAfter('a', Number.NaN)).toThrow('not a number');
});

test('the backoff doubles from 5 ms up to the limit of the key, and ends with forget', async () => {
  const time = createVirtualTime();
  const limits = new Map([['near', 30_000]]);
  const queue = queueOn(time, { backoffLimitMsOf: (key) => limits.get(key) ?? 300_000 });
  const delays: Record<string, number[]> = { near: [], far: [] };
  for (let failures = 0; failures < 40; failures += 1) {
    for (const key of ['near', 'far']) {
      queue.addRateLimited(key);
      delays[key]?.push(time.pauses()[0] ?? Number.NaN);
      await time.advance(300_000);
      expect(await takeAll(time, queue)).toEqual([key]);
    }
  }
  expect(delays['near']?.slice(0, 4)).toEqual([5, 10, 20, 40]);
  expect(delays['near']?.slice(-2)).toEqual([30_000, 30_000]);
  expect(delays['far']?.slice(-2)).toEqual([300_000, 300_000]);
  queue.forget('near');
  queue.addRateLimited('near');
  expect(time.pauses()).toEqual([5]);
});

test('jitter shortens a backoff by a quarter at most', () => {
  const time = createVirtualTime();
  const queue = queueOn(time, { chance: () => 0.999 });
  for (let failures = 0; failures < 20; failures += 1) queue.addRateLimited('a');
  queue.addRateLimited('b');
  expect(time.pauses()).toEqual([4]);
});

test('the key whose sale is nearest goes first; who was overtaken for 10 s goes before it', async () => {
  const time = createVirtualTime();
  const nearness = new Map([
    ['next week', -7],
    ['now', 0],
    ['tomorrow', -1],
  ]);
  const queue = queueOn(time, { priorityOf: (key) => nearness.get(key) ?? -1_000 });
  for (const key of ['next week', 'tomorrow', 'now']) queue.add(key);
  expect(await takeAll(time, queue)).toEqual(['now', 'tomorrow', 'next week']);
  queue.add('next week');
  await time.advance(10_000);
  queue.add('now');
  expect(await takeAll(time, queue)).toEqual(['next week', 'now']);
});

describe('shutting down', () => {
  test('what waits and runs is finished, what was due later is dropped, workers leave', async () => {
    const time = createVirtualTime();
    const queue = queueOn(time);
    queue.add('a');
    queue.add('b');
    queue.addAfter('later', 1);
    expect(await queue.take()).toBe('a');
    const ended = queue.shutDown(1_000);
    queue.add('refused');
    expect(await queue.take()).toBe('b');
    const leaves = queue.take();
    queue.done('a');
    queue.done('b');
    expect(await leaves).toBeNull();
    expect(await ended).toBe(true);
    expect(time.pauses()).toEqual([]);
  });

  test('after the deadline it says that not everything was finished', async () => {
    const time = createVirtualTime();
    const queue = queueOn(time);
    queue.add('hangs');
    queue.add('waits');
    await queue.take();
    const ended = queue.shutDown(1_000);
    await time.advance(1_000);
    expect(await ended).toBe(false);
    expect(await queue.take()).toBeNull();
  });
});

/** Workers that take random time, on keys that are added at random moments in all ways there are. */
type Step = { key: string; how: 'add' | 'after' | 'limited'; waitMs: number; workMs: number };

const step = fc.record<Step>({
  key: fc.constantFrom('a', 'b', 'c', 'd'),
  how: fc.constantFrom('add', 'after', 'limited'),
  waitMs: fc.integer({ min: 0, max: 40 }),
  workMs: fc.integer({ min: 0, max: 60 }),
});

type Seen = { overlaps: number; lost: string[] };

async function play(steps: readonly Step[], workers: number): Promise<Seen> {
  const time = createVirtualTime();
  const queue = queueOn(time, { priorityOf: (key) => key.codePointAt(0) ?? 0 });
  const seen: Seen = { overlaps: 0, lost: [] };
  const busy = new Set<string>();
  const startedAt = new Map<string, number>();
  let clock = 0;
  let workMs = 0;
  const work = async (): Promise<void> => {
    for (let key = await queue.take(); key !== null; key = await queue.take()) {
      if (busy.has(key)) seen.overlaps += 1;
      busy.add(key);
      startedAt.set(key, (clock += 1));
      await time.pause(workMs);
      busy.delete(key);
      queue.done(key);
    }
  };
  const all = Array.from({ length: workers }, work);
  const addedAt = new Map<string, number>();
  for (const one of steps) {
    workMs = one.workMs;
    addedAt.set(one.key, (clock += 1));
    if (one.how === 'add') queue.add(one.key);
    else if (one.how === 'after') queue.addAfter(one.key, one.waitMs);
    else queue.addRateLimited(one.key);
    await time.advance(one.waitMs);
  }
  await time.advance(400_000);
  for (const [key, at] of addedAt) if ((startedAt.get(key) ?? 0) <= at) seen.lost.push(key);
  await Promise.all([queue.shutDown(0), time.advance(1), ...all]);
  return seen;
}

test('two workers never have one key, and what was added is worked on afterwards', async () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
  process.stdout.write(`queue property: SEED=${seed}\n`);
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 14 }),
      fc.integer({ min: 1, max: 3 }),
      async (steps, workers) => {
        expect(await play(steps, workers)).toEqual({ overlaps: 0, lost: [] });
      },
    ),
    { seed, numRuns: 60 },
  );
});
