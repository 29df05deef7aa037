/** Every process there is, started as it is in earnest, answers with the metrics that the page says it has. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pause } from '@evently/kit/clock';
import { resetFolder } from '@evently/standalone/reset-folder';
import { createStandalone } from '@evently/standalone/standalone';
import { freePort } from '@evently/testkit/engines/kube-processes';
import { createPodPlatform, serviceNames, type PodPlatform } from '../pods/pod-platform.ts';
import { metricsFaults, readFamilies } from './compare-metrics.ts';

const closers: (() => Promise<unknown>)[] = [];
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'evently-metrics-'));
});
afterAll(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
  await rm(folder, { recursive: true, force: true });
});

const openMetrics = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';
const readyMs = 30_000;

/** The text of `/metrics`, once the port answers. */
async function scrape(port: number, accept = 'text/plain'): Promise<string> {
  const until = performance.now() + readyMs;
  while (true) {
    try {
      const answer = await fetch(`http://127.0.0.1:${port}/metrics`, {
        headers: { accept },
        signal: AbortSignal.timeout(30_000),
      });
      expect(answer.status).toBe(200);
      return await answer.text();
    } catch (error) {
      if (performance.now() > until) throw error;
      await pause(50);
    }
  }
}

/** Both forms tell of the same series, in whatever order they are asked for. */
async function scrapeBoth(port: number): Promise<string> {
  const before = await scrape(port);
  const open = await scrape(port, openMetrics);
  expect(open.endsWith('\n# EOF\n')).toBe(true);
  const after = await scrape(port);
  const names = (text: string): string[] =>
    [...readFamilies(text)].map(([name, { type }]) =>
      type === 'counter' ? name.replace(/_total$/, '') : name,
    );
  expect(open.match(/^# TYPE \S+/gm)?.map((line) => line.slice(7))).toEqual(names(before));
  expect([...readFamilies(after).keys()]).toEqual([...readFamilies(before).keys()]);
  return after;
}

test('the standalone platform has the metrics that are documented of it', async () => {
  const home = path.join(folder, 'platform');
  const standalone = await createStandalone({
    env: {
      EVENTLY_DATA_DIR: home,
      STANDALONE_SEED: '0',
      EVENTLY_LOG_LEVEL: 'error',
      STANDALONE_PORT: '0',
      USER_PORT: '0',
      EVENT_PORT: '0',
      BOOKING_PORT: '0',
      PAYMENT_PORT: '0',
      SEARCH_PORT: '0',
      METRICS_PORT: '0',
    },
  });
  try {
    expect((await fetch(`${standalone.runtime.gateway.url}/health`)).status).toBe(200);
    const text = await scrapeBoth(standalone.runtime.ports.metrics);
    expect(metricsFaults(text, 'standalone')).toEqual([]);
    const build = readFamilies(text).get('evently_build_info');
    expect(build?.series.map(({ labels }) => labels['service'])).toContain('booking');
    const reads = readFamilies(text).get('evently_db_figures_reads_total')?.series ?? [];
    expect(reads.filter(({ labels }) => labels['outcome'] === 'failed')).toEqual([]);
    expect(reads.length).toBeGreaterThan(5);
  } finally {
    await standalone.close();
    await resetFolder(home);
  }
}, 120_000);

test('the pods of all services have the metrics that are documented of them', async () => {
  // Nothing listens on port 1: Redis is away, and its metrics are there all the same.
  const platform: PodPlatform = await createPodPlatform({ REDIS_URL: 'redis://:redis-secret@127.0.0.1:1' });
  closers.push(platform.close);
  expect((await platform.migrate()).map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
  const ports = new Map<string, number>();
  for (const name of serviceNames) ports.set(name, await freePort());
  await Promise.all(
    serviceNames.map((name) => platform.start(name, { METRICS_PORT: String(ports.get(name)) })),
  );
  for (const name of serviceNames) {
    const text = await scrapeBoth(ports.get(name) ?? 0);
    expect(metricsFaults(text, name)).toEqual([]);
    expect(readFamilies(text).get('evently_outbox_waiting_items')?.series).toHaveLength(1);
  }
}, 180_000);

const nowhere = `apiVersion: v1
kind: Config
clusters: [{ name: nowhere, cluster: { server: 'http://127.0.0.1:1' } }]
users: [{ name: nobody, user: { token: none } }]
contexts: [{ name: nowhere, context: { cluster: nowhere, user: nobody } }]
current-context: nowhere
`;

test('the operator has the metrics that are documented of it, also while no API server answers', async () => {
  const kubeconfig = path.join(folder, 'kubeconfig');
  await writeFile(kubeconfig, nowhere);
  const [health, metrics] = [await freePort(), await freePort()];
  const main = path.join(import.meta.dirname, '..', '..', 'operator', 'src', 'main.ts');
  const child: ChildProcess = spawn(process.execPath, [main], {
    env: {
      KUBECONFIG: kubeconfig,
      EVENTLY_LOG_LEVEL: 'error',
      EVENTLY_API_KEY: 'a-key-for-the-operator-of-a-test',
      OPERATOR_HOST: '127.0.0.1',
      OPERATOR_HEALTH_PORT: String(health),
      OPERATOR_METRICS_PORT: String(metrics),
      OPERATOR_NAMESPACE: 'evently',
      BOOKING_URL: 'http://127.0.0.1:1',
      EVENT_URL: 'http://127.0.0.1:1',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  closers.push(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  expect(metricsFaults(await scrapeBoth(metrics), 'operator')).toEqual([]);
}, 60_000);
