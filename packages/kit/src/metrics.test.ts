import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import {
  addCounter,
  addGauge,
  addHistogram,
  defineCounter,
  defineGauge,
  defineHistogram,
} from './metrics-define.ts';
import { prefersOpenMetrics } from './metrics-exposition.ts';
import { createRegistry, createRequestMetrics, metricsHandler } from './metrics.ts';

const coats = defineCounter({
  name: 'evently_x_coats_total',
  help: 'Coats taken in',
  labels: { kind: ['wool', 'silk'], hook: 'hooks there are' },
});
const waits = defineHistogram({
  name: 'evently_x_wait_seconds',
  help: 'Time in the queue',
  labels: { kind: ['wool', 'silk'] },
  buckets: [0.01, 0.1, 1],
});
const full = defineGauge({ name: 'evently_x_full_ratio', help: 'How full the cloakroom is', labels: {} });

async function scrape(registry: Registry, accept?: string): Promise<{ type: string; text: string }> {
  const headers = accept === undefined ? {} : { accept };
  const answer = await metricsHandler(registry)(new Request('http://x/metrics', { headers }));
  return { type: answer.headers.get('content-type') ?? '', text: await answer.text() };
}

const open = 'application/openmetrics-text';
const traceId = '0af7651916cd43dd8448eb211c80319c';

test('a scraper that asks for OpenMetrics has exemplars, any other has the plain text, in whatever order they come', async () => {
  const registry = new Registry();
  addCounter(registry, coats).inc({ kind: 'wool', hook: '1' }, 2);
  const time = addHistogram(registry, waits);
  time.observe({ kind: 'silk' }, 0.05, traceId);
  time.observe({ kind: 'silk' }, 2);
  for (let round = 0; round < 2; round += 1) {
    const plain = await scrape(registry);
    expect(plain.type).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(plain.text).toContain('# TYPE evently_x_coats_total counter');
    expect(plain.text).toContain('evently_x_coats_total{kind="wool",hook="1"} 2\n');
    expect(plain.text).toContain('evently_x_wait_seconds_bucket{le="0.1",kind="silk"} 1\n');
    expect(plain.text).not.toContain('trace_id');
    const shown = await scrape(registry, open);
    expect(shown.type).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(shown.text).toContain('# TYPE evently_x_coats counter');
    expect(shown.text).toContain('evently_x_coats_total{kind="wool",hook="1"} 2\n');
    expect(shown.text).toMatch(
      new RegExp(
        `evently_x_wait_seconds_bucket\\{le="0.1",kind="silk"\\} 1 # \\{trace_id="${traceId}"\\} 0.05 \\d+`,
      ),
    );
    expect(shown.text).toMatch(/evently_x_wait_seconds_bucket\{le="\+Inf",kind="silk"\} 2\n/);
    expect(shown.text.endsWith('# EOF\n')).toBe(true);
  }
});

test('requests have an exemplar when their trace is recorded, and none when it is not', async () => {
  const registry = createRegistry();
  const requests = createRequestMetrics(registry);
  requests.observe('booking', 'GET', '/api/x/:id', 200, 0.02);
  expect((await scrape(registry, open)).text).not.toContain('trace_id');
  requests.observe('booking', 'GET', '/api/x/:id', 200, 0.02, traceId);
  expect((await scrape(registry, open)).text).toContain(`# {trace_id="${traceId}"} 0.02`);
});

test('the header is read as HTTP weighs it', () => {
  // As Prometheus 2 and 3 send it, with and without exemplars.
  const prometheus = [
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
  ];
  for (const accept of prometheus) expect(prefersOpenMetrics(accept)).toBe(true);
  for (const accept of [
    '',
    '*/*',
    'text/html,application/xhtml+xml',
    'text/plain;version=0.0.4;q=1,application/openmetrics-text;version=1.0.0;q=0.5',
    'application/openmetrics-text;q=0',
    'application/openmetrics-text;version=0.0.1',
    'application/openmetrics-text;q=much',
  ])
    expect(prefersOpenMetrics(accept), accept).toBe(false);
});

test('the default metrics have no gauge that is called a counter', async () => {
  const { text } = await scrape(createRegistry());
  expect(text.match(/^# TYPE \S+_total (?!counter)/gm)).toBeNull();
  expect(text).toContain('nodejs_eventloop_lag_p99_seconds');
  expect(text).toContain('process_resident_memory_bytes');
});

test('a gauge that nobody has set has no series, and one that is reset has none any more', async () => {
  const registry = new Registry();
  const gauge = addGauge(registry, full);
  expect((await scrape(registry)).text).not.toMatch(/^evently_x_full_ratio/m);
  gauge.set({}, 0.5);
  expect((await scrape(registry)).text).toContain('evently_x_full_ratio 0.5\n');
  gauge.reset();
  expect((await scrape(registry)).text).not.toMatch(/^evently_x_full_ratio/m);
});

test('who shares a registry shares a metric; two meanings of one name are a defect', async () => {
  const registry = new Registry();
  addCounter(registry, coats).inc({ kind: 'wool', hook: '1' });
  addCounter(registry, coats).inc({ kind: 'wool', hook: '1' });
  expect((await scrape(registry)).text).toContain('evently_x_coats_total{kind="wool",hook="1"} 2\n');
  const other = defineCounter({ name: 'evently_x_coats_total', help: 'Coats given out', labels: {} });
  expect(() => addCounter(registry, other)).toThrow('defined twice');
});

test('the series of one label value go together, when the other labels are closed sets', async () => {
  const registry = new Registry();
  const closed = defineCounter({
    name: 'evently_x_hats_total',
    help: 'Hats taken in',
    labels: { event: 'events', kind: ['felt', 'straw'] },
  });
  const hats = addCounter(registry, closed);
  for (const event of ['a', 'b']) for (const kind of ['felt', 'straw'] as const) hats.inc({ event, kind });
  hats.removeEach('event', 'a');
  const lines = (await scrape(registry)).text.match(/^evently_x_hats_total.*$/gm);
  expect(lines).toEqual([
    'evently_x_hats_total{event="b",kind="felt"} 1',
    'evently_x_hats_total{event="b",kind="straw"} 1',
  ]);
  expect(() => addCounter(registry, coats).removeEach('kind', 'wool')).toThrow('hook');
});

test('anything but /metrics says where to look', async () => {
  const answer = await metricsHandler(new Registry())(new Request('http://x/other'));
  expect([answer.status, await answer.text()]).toEqual([404, 'Look at /metrics\n']);
});
