import { startTraced } from '@evently/testkit/traced';
import { Registry } from 'prom-client';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { createApp, refuse, type ServiceApp } from './app.ts';
import { createBatcher, endlessQueue } from './batcher.ts';
import { createCaller } from './caller.ts';
import { startTicker } from './clock.ts';
import { createLogger } from './log.ts';
import { createRequestMetrics } from './metrics.ts';
import { notFound } from './problems.ts';
import { traceIdOfRequest } from './tracing-context.ts';
import { activeTraceparent, sampledTraceId } from './tracing.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';
const traceIdForm = /^[\da-f]{32}$/;
const line = z.looseObject({
  msg: z.string(),
  request_id: z.string().optional(),
  trace_id: z.string().optional(),
});
const problem = z.looseObject({ instance: z.string(), trace_id: z.string() });

function appOf(lines: string[] = []): ServiceApp {
  const log = createLogger('test', 'info', { write: (text: string) => void lines.push(text) });
  const app = createApp({
    service: 'test',
    title: 'Test',
    log,
    metrics: createRequestMetrics(new Registry()),
    dependencies: {},
  });
  app.get('/things/:id', (c) => refuse(c, notFound('thing')));
  app.get('/broken', () => {
    throw new Error('a bug');
  });
  app.get('/said', (c) => {
    log.info({ traced: sampledTraceId() ?? 'no' }, 'inside');
    return c.json({ traceparent: activeTraceparent() });
  });
  return app;
}
const linesOf = (lines: readonly string[]) => lines.map((text) => line.parse(JSON.parse(text)));

async function ask(app: ServiceApp, path: string, headers: Record<string, string> = {}) {
  return problem.parse(await (await app.request(path, { headers })).json());
}

test('without a collector every answer and line of a request has its trace id all the same', async () => {
  const lines: string[] = [];
  const app = appOf(lines);
  const own = await ask(app, '/things/1');
  expect(own.trace_id).toBe(traceIdOfRequest(own.instance));
  const named = await ask(app, '/broken', {
    'x-request-id': 'order-17',
    traceparent: `00-${traceId}-${spanId}-00`,
  });
  expect(named).toMatchObject({ instance: 'order-17', trace_id: traceId });
  const broken = await ask(app, '/nowhere', { traceparent: 'nonsense' });
  expect(broken.trace_id).toBe(traceIdOfRequest(broken.instance));
  await app.request('/said', { headers: { 'x-request-id': 'order-18' } });
  expect(linesOf(lines).map(({ msg, trace_id }) => [msg, trace_id])).toEqual([
    ['request', own.trace_id],
    ['a request failed', traceId],
    ['request', traceId],
    ['request', broken.trace_id],
    ['inside', traceIdOfRequest('order-18')],
    ['request', traceIdOfRequest('order-18')],
  ]);
});

test('a line of a batch says a trace of its own, not that of the request that happened to open its line', async () => {
  const lines: string[] = [];
  const log = createLogger('test', 'info', { write: (text: string) => void lines.push(text) });
  const batcher = createBatcher<number, number>({
    name: 'test',
    maxBatch: 10,
    ...endlessQueue,
    run: (_key, items) => {
      log.info('a batch');
      return Promise.resolve([...items]);
    },
  });
  const app = appOf(lines);
  app.get('/batch', async (c) => {
    const answer = await batcher.submit('lane', 1);
    log.info('after it');
    return c.json(answer);
  });
  await app.request('/batch', { headers: { 'x-request-id': 'order-19' } });
  const told = linesOf(lines).map(({ msg, trace_id }) => [msg, trace_id]);
  expect(told[0]?.[1]).not.toBe(traceIdOfRequest('order-19'));
  expect(told).toEqual([
    ['a batch', expect.stringMatching(traceIdForm)],
    ['after it', traceIdOfRequest('order-19')],
    ['request', traceIdOfRequest('order-19')],
  ]);
});

test('what nobody asked for says the trace of its round, and the rest that of its process', async () => {
  const lines: string[] = [];
  const log = createLogger('test', 'info', { write: (text: string) => void lines.push(text) });
  const twoRounds = Promise.withResolvers<void>();
  let round = 0;
  log.info('process');
  const app = appOf(lines);
  // Whoever happens to start a timer is not whom its rounds are for.
  app.get('/start', async (c) => {
    const ticker = startTicker(1, async () => {
      round += 1;
      log.info(`round ${round}`);
      await Promise.resolve();
      log.info(`round ${round}`);
      if (round === 2) twoRounds.resolve();
    });
    await twoRounds.promise;
    await ticker.stop();
    return c.json(null);
  });
  await app.request('/start', { headers: { 'x-request-id': 'order-20' } });
  log.info('process');
  const told = new Map(linesOf(lines).map(({ msg, trace_id = '' }) => [msg, trace_id]));
  for (const { msg, trace_id } of linesOf(lines)) expect(trace_id, msg).toBe(told.get(msg));
  const ids = ['process', 'round 1', 'round 2', 'request'].map((msg) => told.get(msg) ?? '');
  expect(ids).toEqual(Array.from(ids, () => expect.stringMatching(traceIdForm)));
  expect(new Set(ids).size).toBe(ids.length);
  expect(told.get('request')).toBe(traceIdOfRequest('order-20'));
});

test('lines of the service that is called name the trace of the request that nobody records', async () => {
  const called: string[] = [];
  const other = appOf(called);
  const caller = createCaller({
    baseUrl: 'http://other',
    apiKey: 'key',
    fetch: (request) => other.fetch(request),
    deadlineMs: 20_000,
  });
  const app = appOf([]);
  app.get('/call', async (c) => c.json(await caller.call('GET', '/said', z.unknown())));
  const answered = async (headers: Record<string, string>): Promise<(string | undefined)[]> => {
    await app.request('/call', { headers });
    return linesOf(called.splice(0)).map(({ trace_id }) => trace_id);
  };
  const own = traceIdOfRequest('order-21');
  expect(await answered({ 'x-request-id': 'order-21' })).toEqual([own, own]);
  expect(await answered({ traceparent: `00-${traceId}-${spanId}-01` })).toEqual([traceId, traceId]);

  // Records whatever is a trace, but not the other half of one that its caller has not recorded.
  const { collector, stop } = await startTraced({ OTEL_TRACES_SAMPLER: 'always_on' });
  const third = appOf();
  third.get('/internal/said', (c) => c.json({ traced: sampledTraceId() ?? 'no' }));
  const unrecorded = await third.request('/internal/said', {
    headers: { traceparent: `00-${traceId}-${spanId}-00` },
  });
  expect(await unrecorded.json()).toEqual({ traced: 'no' });
  await stop();
  expect(collector.requests()).toBe(0);
});

test('a request is a span named by its route, and lines inside it name the span', async () => {
  const { collector, stop } = await startTraced();
  onTestFinished(stop);
  const lines: string[] = [];
  const app = appOf(lines);
  const refused = await ask(app, '/things/5', { traceparent: `00-${traceId}-${spanId}-01` });
  expect(refused.trace_id).toBe(traceId);
  await app.request('/said', { headers: { traceparent: `00-${traceId}-${spanId}-01` } });
  await ask(app, '/broken');
  await app.request('/healthz');
  const [thing, said, broken] = await collector.until('three requests', (spans) =>
    spans.length >= 3 ? spans : undefined,
  );
  expect(thing).toMatchObject({
    name: 'GET /things/:id',
    kind: 'server',
    traceId,
    parentSpanId: spanId,
    failed: false,
    attributes: { 'http.route': '/things/:id', 'url.path': '/things/5', 'http.response.status_code': 404 },
  });
  expect(broken).toMatchObject({
    name: 'GET /broken',
    parentSpanId: null,
    failed: true,
    attributes: { 'error.type': '500', 'http.response.status_code': 500 },
  });
  const inside = linesOf(lines).find(({ msg }) => msg === 'inside');
  expect(inside).toMatchObject({ traced: traceId, trace_id: traceId, span_id: said?.spanId });
});

test('another service begins no trace here, and one that nobody records leaves its request alone', async () => {
  const { collector, stop } = await startTraced({ OTEL_TRACES_SAMPLER: 'always_on' });
  const app = appOf();
  app.get('/internal/things', (c) => c.json({ traced: sampledTraceId() ?? 'no' }));
  const asked = await app.request('/internal/things');
  expect(await asked.json()).toEqual({ traced: 'no' });
  const headers = { traceparent: `00-${traceId}-${spanId}-01` };
  expect(await (await app.request('/internal/things', { headers })).json()).toEqual({ traced: traceId });
  await stop();
  expect(collector.spans().map((span) => span.name)).toEqual(['GET /internal/things']);

  const none = await startTraced({ OTEL_TRACES_SAMPLER: 'always_off' });
  const refused = await ask(app, '/things/1');
  expect(refused.trace_id).toBe(traceIdOfRequest(refused.instance));
  await none.stop();
  expect(none.collector.requests()).toBe(0);
});

test('a call joins the other service to the trace, and its span has no query', async () => {
  const { collector, stop } = await startTraced();
  onTestFinished(stop);
  const other = appOf();
  const caller = createCaller({
    baseUrl: 'http://other:8004',
    apiKey: 'key',
    fetch: (request) => other.fetch(request),
    deadlineMs: 20_000,
  });
  const app = appOf();
  app.get('/asks', async (c) => {
    const id = '0190a0b4-7c00-7000-8000-000000000000';
    return c.json(await caller.call('GET', `/things/${id}?buyer=alice`, z.object({})));
  });
  await app.request('/asks', { headers: { traceparent: `00-${traceId}-${spanId}-01`, tracestate: 'a=b' } });
  const spans = await collector.until('three spans', (all) => (all.length >= 3 ? all : undefined));
  const [answered, asked, request] = spans;
  expect(spans.map((span) => [span.traceId, span.traceState])).toEqual(spans.map(() => [traceId, 'a=b']));
  expect([request?.parentSpanId, asked?.parentSpanId, answered?.parentSpanId]).toEqual([
    spanId,
    request?.spanId,
    asked?.spanId,
  ]);
  expect(asked).toMatchObject({
    name: 'GET /things/{id}',
    kind: 'client',
    failed: true,
    attributes: { 'server.address': 'other', 'server.port': 8004, 'http.response.status_code': 404 },
  });
  expect(JSON.stringify(spans)).not.toContain('alice');
});

test('a caller that does not record is followed in that, and the trace goes on by name', async () => {
  const { collector, stop } = await startTraced();
  const seen: (string | null)[] = [];
  const caller = createCaller({
    baseUrl: 'http://other',
    apiKey: 'key',
    fetch: (request) => {
      seen.push(request.headers.get('traceparent'));
      return Response.json({});
    },
    deadlineMs: 20_000,
  });
  const app = appOf();
  app.get('/asks', async (c) => c.json(await caller.call('GET', '/x', z.object({}))));
  await app.request('/asks', { headers: { traceparent: `00-${traceId}-${spanId}-00` } });
  await caller.call('GET', '/x', z.object({}));
  await stop();
  expect(seen).toEqual([expect.stringMatching(new RegExp(`^00-${traceId}-[\\da-f]{16}-00$`)), null]);
  expect(collector.spans()).toEqual([]);
});

test('a batch belongs to those it serves, and to nobody who came before', async () => {
  const { collector, stop } = await startTraced();
  const active: (string | undefined)[] = [];
  const batcher = createBatcher<number, number>({
    name: 'test',
    maxBatch: 10,
    ...endlessQueue,
    run: async (_key, items) => {
      await new Promise((resolve) => setImmediate(resolve));
      active.push(sampledTraceId());
      return [...items];
    },
  });
  const app = appOf();
  app.get('/batch/:n', async (c) => c.json(await batcher.submit('lane', Number(c.req.param('n')))));
  const traces = ['a', 'b', 'c'].map((digit) => digit.repeat(32));
  const sampled = (at: number, flags = '01'): Promise<Response> =>
    Promise.resolve(
      app.request(`/batch/${at}`, { headers: { traceparent: `00-${traces[at]}-${spanId}-${flags}` } }),
    );
  // The first is a batch alone; those that come while it is under way are the second; then one that nobody records.
  const first = sampled(0);
  await new Promise((resolve) => process.nextTick(resolve));
  const more = [sampled(1), sampled(2)];
  await Promise.all([first, ...more]);
  await sampled(0, '00');
  await stop();
  const batches = collector.spans().filter(({ name }) => name === 'batch test');
  expect(active).toHaveLength(batches.length + 1);
  expect(active.at(-1)).toBeUndefined();
  expect(batches.flatMap(({ links }) => links.map((link) => link.traceId)).toSorted()).toEqual(traces);
  for (const batch of batches) {
    expect(batch.links[0]?.traceId).toBe(batch.traceId);
    expect(batch.attributes).toMatchObject({ 'evently.batch.size': batch.links.length });
  }
});
