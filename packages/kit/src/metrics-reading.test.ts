import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createLogger } from './log.ts';
import { createReading, oldestFiguresMs, type ReadingOptions } from './metrics-reading.ts';

function open(load: () => Promise<number>, options: Partial<ReadingOptions<number>> = {}) {
  const clock = { ms: 1_000_000 };
  const registry = new Registry();
  const read = createReading({
    registry,
    log: createLogger('x', 'silent'),
    service: 'x',
    figures: 'coats',
    load,
    nowMs: () => clock.ms,
    clock: { now: () => new Date(clock.ms) },
    ...options,
  });
  const count = async (outcome: 'done' | 'failed'): Promise<number> => {
    const line = new RegExp(`figures_reads_total\\{.*outcome="${outcome}"\\} (\\d+)`);
    return Number(line.exec(await registry.metrics())?.[1] ?? 0);
  };
  return { clock, registry, read, count };
}

test('what asks at once, and within a second, shares one reading', async () => {
  let loads = 0;
  const { read, clock, count } = open(() => Promise.resolve((loads += 1)));
  expect(await Promise.all([read(), read(), read()])).toEqual([1, 1, 1]);
  clock.ms += 999;
  expect(await read()).toBe(1);
  clock.ms += 1;
  expect(await read()).toBe(2);
  expect([await count('done'), await count('failed')]).toEqual([2, 0]);
});

test('a database that does not answer is asked once, keeps no scrape waiting, and is not shown as it was', async () => {
  const answers = [Promise.resolve(7)];
  let asked = 0;
  const never = new Promise<number>(() => {});
  const { read, clock } = open(() => {
    asked += 1;
    return answers.shift() ?? never;
  });
  expect(await read()).toBe(7);
  clock.ms += 5_000;
  const beganMs = performance.now();
  // Young enough to be shown; the scrape went on without the new one.
  expect(await read()).toBe(7);
  expect(performance.now() - beganMs).toBeLessThan(20_000);
  clock.ms += oldestFiguresMs;
  expect(await read()).toBeNull();
  expect(asked).toBe(2);
});

test('a failed reading is counted, said, and tried again', async () => {
  const outcomes = [
    () => Promise.resolve(1),
    () => Promise.reject(new Error('away')),
    () => Promise.resolve(3),
  ];
  const { read, clock, count, registry } = open(
    () => outcomes.shift()?.() ?? Promise.reject(new Error('none')),
  );
  expect(await read()).toBe(1);
  clock.ms += 2_000;
  expect(await read()).toBe(1);
  expect([await count('done'), await count('failed')]).toEqual([1, 1]);
  expect(await registry.metrics()).toContain('read_timestamp_seconds{service="x",figures="coats"} 1000\n');
  expect(await read()).toBe(3);
  expect([await count('done'), await count('failed')]).toEqual([2, 1]);
});

test('a dear reading rests by what it took, and never for longer than it may be shown', async () => {
  let [loads, tookMs] = [0, 0];
  const { read, clock } = open(
    () => {
      clock.ms += tookMs;
      return Promise.resolve((loads += 1));
    },
    { restShare: 100, oldestMs: 120_000, keepMs: 5_000 },
  );
  tookMs = 340;
  expect(await read()).toBe(1);
  clock.ms += 33_999;
  expect(await read()).toBe(1);
  clock.ms += 1;
  tookMs = 2_000;
  expect(await read()).toBe(2);
  clock.ms += 59_999;
  expect(await read()).toBe(2);
  clock.ms += 1;
  tookMs = 1;
  expect(await read()).toBe(3);
  clock.ms += 5_000;
  expect(await read()).toBe(4);
});
