import { createServer, type RequestListener, type Server } from 'node:http';
import net from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { runMaximum } from './closed-loop.ts';
import { createConnectionPool, type ConnectionPool } from './connection-pool.ts';
import { createLatencyRecorder, mergeLatencies } from './latency.ts';
import { runOpenLoop, type Answer, type LoadPlan } from './open-loop.ts';
import { dueAtMs } from './pacer.ts';
import { poissonArrivals } from './poisson.ts';
import { isLoopback, parseTarget, requestBytes, type Target } from './request-bytes.ts';

const servers: (Server | net.Server)[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    if ('closeAllConnections' in server) server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listening(server: Server | net.Server): Promise<Target> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { host: '127.0.0.1', port: address.port, tls: false, prefix: '' };
}
const serve = (listener: RequestListener): Promise<Target> => listening(createServer(listener));

async function run(target: Target, plan: Partial<LoadPlan> & { count: number }) {
  const answers: Answer[] = [];
  const report = await runOpenLoop({
    target,
    ratePerSecond: 20_000,
    connections: 16,
    deadlineMs: 10_000,
    requestOf: (index) =>
      requestBytes(target, { method: 'POST', path: '/reserve', token: 'abc', body: { index } }),
    onAnswer: (answer) => answers.push(answer),
    ...plan,
  });
  return { report, answers };
}
const statuses = (answers: readonly Answer[]) =>
  answers.map(({ outcome }) => (outcome.kind === 'answered' ? outcome.response.status : outcome.kind));

test('each arrival is sent once, with its own body, and answered once', async () => {
  const seen: string[] = [];
  const target = await serve((req, res) => {
    let text = '';
    req.on('data', (chunk: Buffer) => (text += chunk.toString()));
    req.on('end', () => {
      seen.push(`${req.headers.authorization} ${text}`);
      res.end(text);
    });
  });
  const { report, answers } = await run(target, { count: 200 });
  expect(new Set(seen).size).toBe(200);
  expect(seen).toContain('Bearer abc {"index":199}');
  expect(report).toMatchObject({ offered: 200, answered: 200, timedOut: 0, disconnected: 0 });
  const own = answers.every(
    ({ index, outcome }) =>
      outcome.kind === 'answered' && outcome.response.body.toString() === `{"index":${index}}`,
  );
  expect(own).toBe(true);
});

test('who comes first is sent on the connection that was opened first', async () => {
  const opened: (number | undefined)[] = [];
  const sentOn: number[] = [];
  const server = createServer((req, res) => {
    let text = '';
    req.on('data', (chunk: Buffer) => (text += chunk.toString()));
    req.on('end', () => {
      const { index } = z.object({ index: z.int() }).parse(JSON.parse(text));
      sentOn[index] = opened.indexOf(req.socket.remotePort);
      // No connection is free again before all have been used.
      waiting.push(() => res.end('{}'));
      if (waiting.length === 12) for (const answer of waiting) answer();
    });
  });
  const waiting: (() => void)[] = [];
  server.on('connection', (socket) => opened.push(socket.remotePort));
  await run(await listening(server), { count: 12, connections: 12 });
  expect(sentOn).toEqual(Array.from({ length: 12 }, (_, index) => index));
});

test('a connection that was opened and waited too long for its first use is replaced, a used one is not', async () => {
  let connections = 0;
  const server = createServer((_req, res) => res.end('{}'));
  server.on('connection', () => (connections += 1));
  const target = await listening(server);
  const bytes = requestBytes(target, { method: 'POST', path: '/reserve', body: {} });
  const send = (pool: ConnectionPool): Promise<string> =>
    new Promise((resolve) =>
      pool.submit({
        bytes,
        deadlineAtMs: 1,
        started: () => {},
        settled: (outcome) => resolve(outcome.kind),
      }),
    );
  for (const [unusedMs, expected] of [
    [60_000, 2],
    [0, 3],
  ] as const) {
    connections = 0;
    const pool = createConnectionPool(target, 4, unusedMs);
    await pool.open(2);
    expect([await send(pool), await send(pool)]).toEqual(['answered', 'answered']);
    expect([unusedMs, connections]).toEqual([unusedMs, expected]);
    pool.close();
  }
});

test('arrivals go on while no answer comes, up to the last one', async () => {
  const waiting: (() => void)[] = [];
  const target = await serve((_req, res) => {
    waiting.push(() => res.end('{}'));
    if (waiting.length === 50) for (const answer of waiting) answer();
  });
  const { report } = await run(target, { count: 50, connections: 50 });
  expect(report.answered).toBe(50);
});

test('latency counts from the intended arrival, so a wait for a connection is in it', async () => {
  const target = await serve((_req, res) => res.end('{}'));
  const { answers } = await run(target, { count: 100, connections: 1, ratePerSecond: 1_000_000 });
  for (const { index, intendedMs, endedMs, latencyMs } of answers) {
    expect(intendedMs).toBe(dueAtMs(index, 1_000_000));
    expect(latencyMs).toBe(endedMs - intendedMs);
  }
  expect(answers.map(({ index }) => index)).toEqual(Array.from({ length: 100 }, (_, index) => index));
});

test('an answer that does not come by the deadline is a time-out, also for what waits behind it', async () => {
  const target = await serve(() => {});
  const { report, answers } = await run(target, { count: 3, connections: 1, deadlineMs: 60 });
  expect(report).toMatchObject({ answered: 0, timedOut: 3 });
  expect(statuses(answers)).toEqual(['timed-out', 'timed-out', 'timed-out']);
});

test('a connection that the server cuts is counted, and the next arrivals get a new one', async () => {
  let requests = 0;
  const target = await serve((req, res) => {
    requests += 1;
    if (requests % 3 === 0) req.socket.destroy();
    else res.end('{}');
  });
  const { report } = await run(target, { count: 30, connections: 2 });
  expect(report).toMatchObject({ answered: 20, disconnected: 10 });
});

test('an answer that is not HTTP is a lost connection with its reason', async () => {
  const target = await listening(
    net.createServer((socket) =>
      socket.on('error', () => {}).on('data', () => socket.write('nonsense\r\n\r\n')),
    ),
  );
  const { answers } = await run(target, { count: 1 });
  expect(answers[0]?.outcome).toMatchObject({
    kind: 'disconnected',
    reason: expect.stringContaining('nonsense'),
  });
});

test('a server that ends each connection still answers everyone', async () => {
  const target = await serve((_req, res) => res.setHeader('connection', 'close').end('{}'));
  const { report } = await run(target, { count: 40, connections: 4 });
  expect(report.answered).toBe(40);
});

test('with nobody listening the run says how to start the platform', async () => {
  const target = await serve(() => {});
  await new Promise((resolve) => servers.splice(0)[0]?.close(resolve));
  await expect(run(target, { count: 1 })).rejects.toThrow('make start');
});

test('a run that is called off ends with what it has', async () => {
  const stop = new AbortController();
  const target = await serve((_req, res) => {
    res.end('{}');
    stop.abort();
  });
  const { report } = await run(target, { count: 1_000_000, ratePerSecond: 1_000, signal: stop.signal });
  expect(report.offered).toBeLessThan(1_000_000);
});

test('percentiles are exact to three digits', () => {
  const recorder = createLatencyRecorder();
  for (let ms = 1; ms <= 1_000; ms += 1) recorder.record(ms);
  const { count, p50, p95, p99, max } = recorder.summary();
  expect(count).toBe(1_000);
  expect([p50 / 500, p95 / 950, p99 / 990, max / 1_000].every((ratio) => Math.abs(ratio - 1) < 0.002)).toBe(
    true,
  );
  expect(createLatencyRecorder().summary().max).toBe(0);
});

test('arrivals are evenly spaced', () => {
  expect([0, 1, 2, 5_000].map((index) => dueAtMs(index, 5_000))).toEqual([0, 0.2, 0.4, 1_000]);
});

test('a base URL is taken apart, with its prefix, and anything else is refused', () => {
  expect(parseTarget('http://127.0.0.1:8080')).toEqual({
    host: '127.0.0.1',
    port: 8080,
    tls: false,
    prefix: '',
  });
  expect(parseTarget('https://tickets.example/shop/')).toEqual({
    host: 'tickets.example',
    port: 443,
    tls: true,
    prefix: '/shop',
  });
  expect([parseTarget('ftp://x'), parseTarget('nonsense')]).toEqual([null, null]);
  const loopback = ['http://localhost', 'http://[::1]:1', 'http://127.9.9.9', 'http://10.0.0.1'].map(
    (url) => {
      const target = parseTarget(url);
      return target !== null && isLoopback(target);
    },
  );
  expect(loopback).toEqual([true, true, true, false]);
});

test('a refused arrival is sent again when told so, and its latency counts from its first arrival', async () => {
  let requests = 0;
  const target = await serve((_req, res) => {
    requests += 1;
    res.writeHead(requests <= 10 ? 503 : 200).end('{}');
  });
  const repeated = new Set<number>();
  const { report, answers } = await run(target, {
    count: 20,
    connections: 4,
    again: ({ index, outcome }) => {
      if (outcome.kind !== 'answered' || outcome.response.status !== 503) return null;
      repeated.add(index);
      return 30;
    },
  });
  expect(report).toMatchObject({ offered: 20, started: 30, repeated: 10, answered: 20 });
  expect(new Set(statuses(answers))).toEqual(new Set([200]));
  const waited = answers.filter(({ index }) => repeated.has(index));
  expect(waited.length).toBe(10);
  expect(waited.every(({ latencyMs }) => latencyMs >= 30)).toBe(true);
});

test('arrivals are dealt to all addresses in turn', async () => {
  const seen = [0, 0];
  const count = (at: number) => serve((_req, res) => res.end(String((seen[at] = (seen[at] ?? 0) + 1))));
  const [first, second] = [await count(0), await count(1)];
  await run(first, { count: 40, moreTargets: [second] });
  expect(seen).toEqual([20, 20]);
});

test('at the maximum every request is answered once, with no more under way than connections', async () => {
  let [under, most] = [0, 0];
  const target = await serve((req, res) => {
    under += 1;
    most = Math.max(most, under);
    req.resume().on('end', () => {
      under -= 1;
      res.end('{}');
    });
  });
  const seen = new Set<number>();
  const report = await runMaximum({
    target,
    count: 100,
    connections: 8,
    deadlineMs: 10_000,
    requestOf: () => requestBytes(target, { method: 'POST', path: '/', body: {} }),
    onAnswer: ({ index }) => seen.add(index),
  });
  expect([seen.size, report.answered, report.started]).toEqual([100, 100, 100]);
  expect(most).toBeLessThanOrEqual(8);
});

test('Poisson arrivals keep their rate, bunch, and repeat with their seed', () => {
  const dueMs = poissonArrivals(20_000, 1_000, 7);
  const again = poissonArrivals(20_000, 1_000, 7);
  const gaps = Array.from({ length: 19_999 }, (_, index) => dueMs(index + 1) - dueMs(index));
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
  expect(Math.abs(mean - 1)).toBeLessThan(0.05);
  // The deviation of an exponential distribution equals its mean.
  expect(Math.abs(Math.sqrt(variance) - 1)).toBeLessThan(0.05);
  expect([dueMs(0), again(19_999)]).toEqual([0, dueMs(19_999)]);
});

test('percentiles of several recorders are those of all their values, not the mean of their percentiles', () => {
  const [low, high] = [createLatencyRecorder(), createLatencyRecorder()];
  for (let ms = 1; ms <= 990; ms += 1) low.record(1);
  for (let ms = 1; ms <= 10; ms += 1) high.record(1_000);
  const { count, p50, p999, max } = mergeLatencies([low, high]);
  expect([count, Math.round(p50), Math.round(p999 / 10), Math.round(max / 10)]).toEqual([1_000, 1, 100, 100]);
});
