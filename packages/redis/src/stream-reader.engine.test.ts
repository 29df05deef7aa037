import { Redis } from 'ioredis';
import { Registry } from 'prom-client';
import { expect, onTestFinished, test } from 'vitest';
import type { Handler } from '@evently/kit/bus';
import { createLogger } from '@evently/kit/log';
import { requireRedis, streamName } from '../test/bus-platform.ts';
import { createStreamMetrics } from './stream-metrics.ts';
import { readStream } from './stream-reader.ts';
import { createStream, type Fields } from './stream.ts';

function message(number: number): Fields {
  return [`id ${number}`, 'key', 'type', String(number), new Date(0).toISOString(), ''];
}

/** Messages of one key; those that `failing` names fail. Tells each attempt, and what was handled. */
function openHandler(failing: Set<unknown>): { handle: Handler; tried: unknown[][]; handled: unknown[] } {
  const tried: unknown[][] = [];
  const handled: unknown[] = [];
  const handle: Handler = (messages) => {
    tried.push(messages.map(({ payload }) => payload));
    const end = messages.findIndex(({ payload }) => failing.has(payload));
    const good = end === -1 ? messages : messages.slice(0, end);
    for (const { payload } of good) if (!handled.includes(payload)) handled.push(payload);
    const failed = end === -1 ? [] : messages.slice(end, end + 1);
    return Promise.resolve({
      handled: new Set(good.map(({ id }) => id)),
      failed: new Map(failed.map(({ id }) => [id, new Error('not yet')])),
    });
  };
  return { handle, tried, handled };
}

/**
 * 1 has failed and waits, and so do 2 and 3 behind it, whose bodies nobody keeps; 4 came while they waited, and its body is
 * still in memory. Then the stream is lost, and all of it is published again.
 */
test('a message that is still in memory does not go before those that were lost with the stream', async ({
  skip,
}) => {
  const redis = await requireRedis(skip);
  const [client, waiter] = [new Redis(redis.url), new Redis(redis.url)];
  const stream = createStream(client, 'things');
  const failing = new Set<unknown>([1]);
  const { handle, tried, handled } = openHandler(failing);
  const ending = new AbortController();
  await stream.open(['first']);
  await stream.append([message(1), message(2), message(3)], '0-0', null, 100);
  let retryMs = 4_000;
  const reading = readStream(
    {
      stream,
      consumer: { consumer: 'first', handle },
      reader: 'reader',
      waiter,
      broken: new AbortController().signal,
      began: () => {},
      log: createLogger('test', 'silent'),
      metrics: createStreamMetrics(new Registry()),
      retryDelayMs: () => retryMs,
    },
    ending.signal,
  );
  onTestFinished(async () => {
    ending.abort();
    await reading;
    for (const each of [client, waiter]) each.disconnect();
  });
  await expect.poll(() => tried).toEqual([[1, 2, 3]]);
  await stream.append([message(4)], '0-0', null, 100);
  const pending = async (): Promise<string> => redis.command('XPENDING', streamName, 'first');
  await expect.poll(pending).toMatch(/^\*4\r\n:4\r\n/);
  // Nothing was tried again meanwhile, or 4 would be no longer in memory.
  expect(tried).toHaveLength(1);
  failing.clear();
  retryMs = 0;
  await redis.command('FLUSHALL');
  await stream.open(['first']);
  await stream.append([message(1), message(2), message(3), message(4)], '0-0', null, 100);
  await expect.poll(() => handled.length).toBe(4);
  expect(handled).toEqual([1, 2, 3, 4]);
});
