import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createStandalone, type Standalone } from '@evently/standalone/standalone';
import { askAll, questions } from './smoke.ts';

const ports = [
  'STANDALONE_PORT',
  'METRICS_PORT',
  'USER_PORT',
  'EVENT_PORT',
  'SEARCH_PORT',
  'BOOKING_PORT',
  'PAYMENT_PORT',
];
let folder = '';
let standalone: Standalone;
let deaf: Server;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'evently-smoke-'));
  await chmod(folder, 0o755);
  standalone = await createStandalone({
    env: {
      PATH: process.env['PATH'],
      EVENTLY_DATA_DIR: folder,
      EVENTLY_LOG_LEVEL: 'silent',
      ...Object.fromEntries(ports.map((name) => [name, '0'])),
    },
  });
  deaf = createServer((_request, response) => response.end('{}'));
  await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', () => resolve()));
});
afterAll(async () => {
  await standalone.close();
  deaf.close();
  await rm(folder, { recursive: true, force: true });
});

test('a platform that runs answers every question as it should', async () => {
  const answers = await askAll(standalone.runtime.gateway.url, 0);
  expect(answers.filter(({ fault }) => fault !== null)).toEqual([]);
  expect(answers).toHaveLength(questions().length);
});

test('a page that says 200 to everything passes for no platform, and neither does a closed port', async () => {
  const address = deaf.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const answers = await askAll(`http://127.0.0.1:${port}`, 0);
  const refusals = questions().filter(({ status }) => status !== 200).length;
  expect(answers.filter(({ fault }) => fault !== null)).toHaveLength(refusals);
  expect((await askAll('http://127.0.0.1:9', 0)).every(({ fault }) => fault !== null)).toBe(true);
});

test('a platform that is installed without search is not asked for it', () => {
  const about = questions(['search']).map((question) => question.path);
  expect(about.filter((asked) => asked.startsWith('/api/search'))).toEqual([]);
  expect(about.length).toBe(questions().length - 2);
});
