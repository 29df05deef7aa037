import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createApp } from './app.ts';
import { createLogger } from './log.ts';
import { createRequestMetrics } from './metrics.ts';

test('a HEAD of a stream does not leave the stream open', async () => {
  const app = createApp({
    service: 'test',
    title: 'Test',
    log: createLogger('test', 'silent'),
    metrics: createRequestMetrics(new Registry()),
    dependencies: {},
  });
  let open = 0;
  app.get('/stream', () => {
    open += 1;
    return new Response(new ReadableStream({ cancel: () => void (open -= 1) }));
  });
  const answer = await app.request('/stream', { method: 'HEAD' });
  expect([answer.status, await answer.text(), open]).toEqual([200, '', 0]);
});
