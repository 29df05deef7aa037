import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Registry } from 'prom-client';
import { startOtlpReceiver, type OtlpReceiver } from '@evently/testkit/otlp-receiver';
import { writeTestCertificates } from '@evently/testkit/tls-files';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { monotonicMs } from './clock.ts';
import { readSettings } from './config.ts';
import { createLogger } from './log.ts';
import { tracingSettings } from './tracing-settings.ts';
import { startTracing, type Tracing } from './tracing-start.ts';
import { activeSpan, beginSpan, inSpan, isTracing, sampledTraceId, within } from './tracing.ts';

let collector: OtlpReceiver;
let tracing: Tracing | null = null;
let registry = new Registry();
let lines: string[] = [];
beforeEach(async () => {
  collector = await startOtlpReceiver();
  registry = new Registry();
  lines = [];
});
afterEach(async () => {
  await tracing?.stop();
  tracing = null;
  await collector.close();
});

async function trace(settings: Record<string, string> = {}): Promise<void> {
  tracing = await startTracing({
    config: readSettings(tracingSettings, {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: '10',
      ...settings,
    }),
    part: 'kit',
    version: '1.2.3',
    log: createLogger('test', 'info', { write: (line: string) => void lines.push(line) }),
    registry,
  });
}

async function counted(): Promise<Record<string, number>> {
  const { values } = (await registry.getSingleMetric('evently_traces_spans_total')?.get()) ?? { values: [] };
  return Object.fromEntries(values.map(({ labels, value }) => [String(labels['outcome']), value]));
}

async function untilCounted(least: number, ...outcomes: string[]): Promise<number> {
  const endMs = monotonicMs() + 30_000;
  for (;;) {
    const counts = await counted();
    const count = outcomes.reduce((sum, outcome) => sum + (counts[outcome] ?? 0), 0);
    if (count >= least) return count;
    if (monotonicMs() > endMs)
      throw new Error(`only ${count} spans of ${least} were ${outcomes.join(' or ')}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function makeSpans(count: number): void {
  for (let at = 0; at < count; at += 1) beginSpan({ name: `span ${at}`, parent: null })?.end();
}

test('without a collector nothing is traced, and work runs as it is', async () => {
  await trace({ OTEL_EXPORTER_OTLP_ENDPOINT: '' });
  expect(isTracing()).toBe(false);
  expect(beginSpan({ name: 'span' })).toBeNull();
  expect(await inSpan({ name: 'span' }, (span) => Promise.resolve(span))).toBeNull();
  expect(sampledTraceId()).toBeUndefined();
  expect(registry.getMetricsAsArray()).toEqual([]);
});

test('what happens inside a span is below it at the collector, with the name of the process', async () => {
  await trace({ OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a%20secret', OTEL_RESOURCE_ATTRIBUTES: 'zone=eu' });
  const request = beginSpan({ name: 'request', kind: 'server', parent: null });
  if (request === null) throw new Error('there is a tracer');
  await within(request, async () => {
    await Promise.resolve();
    await inSpan({ name: 'work', attributes: { tickets: 2, fair: true } }, () => Promise.resolve());
    await inSpan({ name: 'broken' }, () => Promise.reject(new TypeError('of alice@example.com'))).catch(
      () => {},
    );
  });
  request.end();
  const spans = await collector.until('three spans', (all) => (all.length === 3 ? all : undefined));
  const [work, broken, root] = spans;
  expect(root).toMatchObject({ name: 'request', kind: 'server', parentSpanId: null, failed: false });
  expect(work).toMatchObject({
    parentSpanId: root?.spanId,
    traceId: root?.traceId,
    attributes: { tickets: 2, fair: true },
    resource: { 'service.name': 'evently-kit', 'service.version': '1.2.3', zone: 'eu' },
  });
  expect(broken).toMatchObject({ failed: true, attributes: { 'error.type': 'TypeError' } });
  expect(JSON.stringify(spans)).not.toContain('alice');
  expect(collector.headers()).toMatchObject({ 'x-key': 'a secret' });
});

test('work outside of a recorded request makes no spans of its own', async () => {
  await trace();
  expect(await inSpan({ name: 'alone' }, () => Promise.resolve(activeSpan()))).toBeNull();
});

test('of a share of one in a hundred about one in a hundred is recorded', async () => {
  await trace({ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.01' });
  makeSpans(5_000);
  await tracing?.stop();
  // The chance of a fair coin to be outside is less than one in a million.
  expect(collector.spans().length).toBeGreaterThan(15);
  expect(collector.spans().length).toBeLessThan(95);
});

test.each(['hangs', 'ill', 'refuses'] as const)(
  'a collector that %s keeps nobody waiting, and every span that it does not take is counted',
  async (manner) => {
    collector.behave(manner);
    await trace({ OTEL_EXPORTER_OTLP_TIMEOUT: '1000', OTEL_BSP_MAX_QUEUE_SIZE: '1000' });
    // 512 go to the collector at once, 1,000 wait, and nothing waits for them.
    makeSpans(5_000);
    expect((await counted())['dropped']).toBe(5_000 - 512 - 1_000);
    expect(await untilCounted(5_000, 'failed', 'dropped')).toBe(5_000);
    expect(lines.filter((line) => line.includes('the collector takes no traces'))).toHaveLength(1);

    collector.behave('takes');
    makeSpans(10);
    expect(await untilCounted(10, 'exported')).toBe(10);
    expect(lines.some((line) => line.includes('the collector takes traces again'))).toBe(true);
  },
);

test('a collector that is not there at all is as bad, and no worse', async () => {
  await collector.close();
  await trace({ OTEL_EXPORTER_OTLP_TIMEOUT: '100' });
  makeSpans(10);
  expect(await untilCounted(10, 'failed')).toBe(10);
  collector = await startOtlpReceiver();
});

test('a collector behind TLS is believed by the authority that is named, and by no other', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'evently-traces-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const files = await writeTestCertificates(folder);
  const secured = await startOtlpReceiver(files);
  onTestFinished(secured.close);
  const named = (file: string) => ({
    OTEL_EXPORTER_OTLP_ENDPOINT: secured.url,
    OTEL_EXPORTER_OTLP_CERTIFICATE: file,
    OTEL_EXPORTER_OTLP_TIMEOUT: '2000',
  });
  await trace(named(files.wrongAuthority));
  makeSpans(1);
  await untilCounted(1, 'failed');
  await tracing?.stop();
  tracing = null;
  expect(lines.join('')).toContain('set OTEL_EXPORTER_OTLP_CERTIFICATE to the PEM file');
  expect(secured.spans()).toEqual([]);

  registry = new Registry();
  await trace(named(files.rightAuthority));
  makeSpans(1);
  await untilCounted(1, 'exported');
  expect(secured.spans()).toHaveLength(1);

  await expect(trace(named(path.join(folder, 'none.pem')))).rejects.toThrow('none.pem cannot be read');
});

test('whoever stops sends what waits', async () => {
  await trace({ OTEL_BSP_SCHEDULE_DELAY: '60000' });
  makeSpans(700);
  await tracing?.stop();
  expect(collector.spans()).toHaveLength(700);
  expect(await counted()).toEqual({ exported: 700, failed: 0, dropped: 0 });
  expect(isTracing()).toBe(false);
});

test('a collector that hangs holds the end of a process for three seconds at most', async () => {
  collector.behave('hangs');
  await trace({ OTEL_BSP_SCHEDULE_DELAY: '60000' });
  makeSpans(10);
  const beganMs = monotonicMs();
  await tracing?.stop();
  tracing = null;
  // Its own patience is ten seconds; the rest is for a machine that is busy.
  expect(monotonicMs() - beganMs).toBeLessThan(8_000);
  expect(lines.some((line) => line.includes('the last spans were lost'))).toBe(true);
});
