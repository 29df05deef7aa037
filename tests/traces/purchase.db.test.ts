/** The whole platform in one process, its traces sent to a collector over HTTP: what one purchase looks like there. */
import { randomBytes, randomUUID } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { monotonicMs } from '@evently/kit/clock';
import { createStandalone, type Standalone } from '@evently/standalone/standalone';
import { resetFolder } from '@evently/standalone/reset-folder';
import { startOtlpReceiver, type OtlpReceiver, type ReceivedSpan } from '@evently/testkit/otlp-receiver';
import { logInAdmin, registerUser } from 'evently/api/accounts';
import { createFirstAdmin } from 'evently/api/admins';
import { createClient, type ApiAnswer, type Client } from 'evently/api/client';
import { stageEvent } from 'evently/drill/stage';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { traceOf, type Trace } from './spans.ts';

const admin = { email: 'traces@evently.example', password: 'traces of evently', name: 'Traces' };
const buyer = { email: 'alice@buyers.example', password: 'alice and her password' };
const paymentToken = 'tok_of_alice';
const silentMs = 200;
const untilMs = 30_000;

let collector: OtlpReceiver;
let standalone: Standalone;
let client: Client;
let folder = '';
let eventId = '';
let token = '';

beforeAll(async () => {
  collector = await startOtlpReceiver();
  folder = await mkdtemp(path.join(tmpdir(), 'evently-traces-'));
  await chmod(folder, 0o755);
  standalone = await createStandalone({
    env: {
      STANDALONE_PORT: '0',
      USER_PORT: '0',
      EVENT_PORT: '0',
      BOOKING_PORT: '0',
      PAYMENT_PORT: '0',
      SEARCH_PORT: '0',
      METRICS_PORT: '0',
      EVENTLY_DATA_DIR: folder,
      EVENTLY_LOG_LEVEL: 'info',
      EVENTLY_LOAD_TEST: '1',
      STANDALONE_SEED: '0',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: '50',
      // Only what the caller wants recorded: what prepares the test is not.
      OTEL_TRACES_SAMPLER: 'parentbased_always_off',
    },
  });
  client = createClient(standalone.runtime.gateway.url);
  await createFirstAdmin(client, standalone.runtime.bootstrap_token, admin);
  const adminToken = await logInAdmin(client, admin);
  ({ eventId } = await stageEvent(client, adminToken, 'Traces', 200, new Date()));
  const registered = await registerUser(client, buyer, 'Alice');
  if (registered === null) throw new Error('the buyer is new');
  token = registered.token;
});
afterAll(async () => {
  await standalone.close();
  await resetFolder(folder);
  await rm(folder, { recursive: true, force: true });
  await collector.close();
});

/** A caller that records its own part: a trace id, a span id, and the header that names them. */
function caller(sampled = true): { traceId: string; spanId: string; headers: Record<string, string> } {
  const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
  const traceparent = `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
  return { traceId, spanId, headers: { traceparent, tracestate: 'shop=cart' } };
}

function reserve(headers: Record<string, string>, as = token): Promise<ApiAnswer> {
  return client.send({
    method: 'POST',
    path: '/api/booking/bookings/reserve',
    token: as,
    headers,
    body: { event_id: eventId, quantity: 1, idempotency_key: randomUUID() },
  });
}

async function buy(headers: Record<string, string>): Promise<void> {
  const reserved = await reserve(headers);
  expect(reserved.status).toBe(200);
  const { reservation_id } = z.object({ reservation_id: z.string() }).parse(reserved.body);
  const confirmed = await client.send({
    method: 'POST',
    path: '/api/booking/bookings/confirm',
    token,
    headers,
    body: { reservation_id, payment_token: paymentToken, payment_method: 'card' },
  });
  expect(confirmed.status).toBe(200);
}

/**
 * Spans of `name` that serve what `written` has written to the outbox. On a busy machine they hang below an earlier
 * message of the same claim, in another trace.
 */
function servingOf(name: string, written: ReceivedSpan): ReceivedSpan[] {
  return collector
    .spans()
    .filter((span) => span.name === name && span.links.some(({ spanId }) => spanId === written.spanId));
}

const consumers = ['event-stock', 'payment-booking'];

/** Who has handled what `written` has written. */
function consumersOf(written: ReceivedSpan): Set<unknown> {
  const handled = servingOf('process booking', written);
  return new Set(handled.map(({ attributes }) => attributes['messaging.consumer.group.name']));
}

/** The trace once both consumers have handled both messages of a purchase, and all that came before. */
function traceOfPurchase(traceId: string): Promise<Trace> {
  return collector.until('the handling of both messages', (received) => {
    const trace = traceOf(received, traceId);
    const written = [...trace.all('batch reserve'), ...trace.all('batch settle')];
    const isDone =
      written.length === 2 &&
      written.every((span) => consumers.every((name) => consumersOf(span).has(name))) &&
      written.every((span) => servingOf('send booking', span).length > 0);
    return isDone && trace.all('POST /api/v1/bookings/confirm').length === 1 ? trace : undefined;
  });
}

async function until<T>(ask: () => Promise<T>, isDone: (answer: T) => boolean): Promise<T> {
  const endMs = monotonicMs() + untilMs;
  for (;;) {
    const answer = await ask();
    if (isDone(answer) || monotonicMs() > endMs) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('one purchase is one connected trace, from the request to the consumer of its message', async () => {
  const { traceId, spanId, headers } = caller();
  await buy(headers);
  const trace = await traceOfPurchase(traceId);
  expect(trace.loose(spanId)).toEqual([]);

  const reserving = trace.one('POST /api/v1/bookings/reserve');
  expect(reserving).toMatchObject({
    kind: 'server',
    parentSpanId: spanId,
    traceState: 'shop=cart',
    attributes: {
      'http.request.method': 'POST',
      'http.route': '/api/v1/bookings/reserve',
      'http.response.status_code': 200,
      'evently.service': 'booking',
    },
    resource: { 'service.name': 'evently-standalone', 'service.namespace': 'evently' },
  });
  const batch = trace.one('batch reserve');
  expect(batch).toMatchObject({
    parentSpanId: reserving.spanId,
    links: [{ traceId, spanId: reserving.spanId }],
    attributes: { 'evently.batch.size': 1, 'evently.batch.key': eventId },
  });
  expect(trace.one('reserve-batch-traced')).toMatchObject({
    kind: 'client',
    parentSpanId: batch.spanId,
    attributes: { 'db.system.name': 'postgresql', 'db.query.summary': 'reserve-batch-traced' },
  });

  const capture = trace.one('provider capture');
  expect(capture).toMatchObject({ kind: 'client', failed: false });
  expect(trace.pathOf(capture)).toEqual([
    'POST /api/v1/bookings/confirm',
    'POST /internal/payments',
    'POST /internal/payments',
    'provider capture',
  ]);
  const settle = trace.one('batch settle');
  expect(trace.pathOf(settle)).toEqual(['POST /api/v1/bookings/confirm', 'batch settle']);
  expect(trace.all('write-outbox-traced').every((span) => trace.isBelow(span, settle))).toBe(true);

  // Messages that were written in time for one claim of the relay travel together, below the first of them.
  for (const written of [batch, settle]) {
    const sent = servingOf('send booking', written);
    const handled = servingOf('process booking', written);
    for (const span of [...sent, ...handled])
      expect([batch.spanId, settle.spanId]).toContain(span.parentSpanId);
    expect(sent.map(({ kind }) => kind)).toEqual(['producer']);
    expect(new Set(handled.map(({ kind }) => kind))).toEqual(new Set(['consumer']));
    expect(handled[0]?.attributes).toMatchObject({
      'messaging.system': 'evently_outbox',
      'messaging.destination.name': 'booking',
      'messaging.operation.type': 'process',
    });
  }
});

test('no span quotes what a buyer has sent', () => {
  const said = JSON.stringify(collector.spans());
  expect(said).toContain('reserve-batch-traced');
  for (const secret of [buyer.email, buyer.password, 'Alice', token, paymentToken])
    expect(said.includes(secret), secret).toBe(false);
});

test('buyers whose requests were one batch find it from their own traces', async () => {
  const callers = Array.from({ length: 20 }, () => caller());
  const answers = await Promise.all(callers.map(({ headers }) => reserve(headers)));
  expect(answers.map(({ status }) => status)).toEqual(callers.map(() => 200));
  const ids = new Set(callers.map(({ traceId }) => traceId));
  const own = await collector.until('all requests and their batches', (received) => {
    const mine = received.filter(({ traceId }) => ids.has(traceId));
    const requests = mine.filter(({ kind }) => kind === 'server');
    const batches = mine.filter(({ name }) => name === 'batch reserve');
    const served = batches.flatMap(({ links }) => links);
    return requests.length === 20 && served.length === 20 ? { requests, batches } : undefined;
  });
  expect(own.batches.length).toBeLessThan(20);
  for (const batch of own.batches) {
    expect(batch.attributes['evently.batch.size']).toBe(batch.links.length);
    for (const { spanId } of batch.links.slice(1)) {
      const request = own.requests.find((span) => span.spanId === spanId);
      expect(request?.links).toEqual([{ traceId: batch.traceId, spanId: batch.spanId }]);
    }
  }
});

test('a refusal names the trace, and so do its log line and its span', async () => {
  const { traceId, headers } = caller();
  const refused = await client.send({
    method: 'POST',
    path: '/api/booking/bookings/reserve',
    token,
    headers,
    body: {},
  });
  expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_request', trace_id: traceId } });
  await collector.until('its span', (received) =>
    received.find((span) => span.traceId === traceId && span.attributes['http.response.status_code'] === 400),
  );
  const lines = await until(
    async () => {
      const log = await readFile(path.join(folder, 'evently.log'), 'utf8');
      return log.split('\n').filter((line) => line.includes(traceId));
    },
    (found) => found.length > 0,
  );
  expect(lines.map((line) => z.record(z.string(), z.unknown()).parse(JSON.parse(line)))).toEqual([
    expect.objectContaining({ msg: 'request', service: 'booking', status: 400, trace_id: traceId }),
  ]);
});

test('a caller that records nothing has nothing recorded, and still one trace id everywhere', async () => {
  const { traceId, headers } = caller(false);
  const before = collector.requests();
  const refused = await client.send({ method: 'GET', path: '/api/booking/bookings/none', token, headers });
  expect(refused.body).toMatchObject({ trace_id: traceId });
  await buy(headers);
  // What follows is recorded, and comes to the collector after what would have been.
  const marked = caller();
  await buy(marked.headers);
  await traceOfPurchase(marked.traceId);
  await new Promise((resolve) => setTimeout(resolve, silentMs));
  expect(collector.requests()).toBeGreaterThan(before);
  expect(collector.spans().filter((span) => span.traceId === traceId)).toEqual([]);
});

test.each([
  ['empty', ''],
  ['short', '00-short'],
  ['zeros', `00-${'0'.repeat(32)}-${'1'.repeat(16)}-01`],
  ['SQL', "'; drop table outbox; --"],
  ['long', 'x'.repeat(8_000)],
])('a traceparent that is none (%s) begins a trace of its own', async (_what, traceparent) => {
  const answer = await client.send({
    method: 'GET',
    path: '/api/booking/bookings/none',
    token,
    headers: { traceparent },
  });
  expect(answer.body).toMatchObject({ trace_id: expect.stringMatching(/^(?!0{32})[\da-f]{32}$/) });
});

test('the metrics of the process count the spans that the collector took', async () => {
  const url = new URL(standalone.runtime.gateway.url);
  url.port = String(standalone.runtime.ports.metrics);
  url.pathname = '/metrics';
  const read = async (): Promise<string> =>
    (await fetch(url, { signal: AbortSignal.timeout(30_000) })).text();
  const countOf = (text: string): number =>
    Number(/^evently_traces_spans_total\{outcome="exported"\} (\d+)$/m.exec(text)?.[1]);
  // The answer to the last transfer may be on its way.
  const text = await until(read, (found) => countOf(found) === collector.spans().length);
  expect(text).toMatch(/^evently_traces_spans_total\{outcome="dropped"\} 0$/m);
});
