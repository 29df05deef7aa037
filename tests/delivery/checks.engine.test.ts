/** What `skaffold verify` runs, with a real k6, through a door that has the paths of the Ingress and no other. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createStandalone, type Standalone } from '@evently/standalone/standalone';
import { requireEngine } from '@evently/testkit/engines/engine';
import { k6 } from '@evently/testkit/engines/k6';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { run, type Ended } from '../engines/load-run.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const freePorts = [
  'STANDALONE_PORT',
  'METRICS_PORT',
  'USER_PORT',
  'EVENT_PORT',
  'SEARCH_PORT',
  'BOOKING_PORT',
  'PAYMENT_PORT',
];
const ingressSchema = z.looseObject({
  kind: z.literal('Ingress'),
  spec: z.object({
    rules: z.array(z.object({ http: z.object({ paths: z.array(z.looseObject({ path: z.string() })) }) })),
  }),
});

let folder = '';
let standalone: Standalone;
let door: Server;
let doorUrl = '';

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'evently-checks-'));
  standalone = await createStandalone({
    env: {
      PATH: process.env['PATH'],
      ...Object.fromEntries(freePorts.map((name) => [name, '0'])),
      EVENTLY_DATA_DIR: path.join(folder, 'data'),
    },
  });
  const env = { PATH: process.env['PATH'] ?? '', EVENTLY_DATA_DIR: path.join(folder, 'data') };
  expect(await run(process.execPath, ['cli/bin/evently.js', 'seed'], env)).toMatchObject({ code: 0 });
  const prefixes = await pathsOfIngress();
  door = createServer((req, res) => void pass(prefixes, req, res));
  door.listen(0, '127.0.0.1');
  await once(door, 'listening');
  const address = door.address();
  doorUrl = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
afterAll(async () => {
  door.close();
  await standalone.close();
  await rm(folder, { recursive: true, force: true });
});

async function pathsOfIngress(): Promise<string[]> {
  const golden = await readFile(path.join(root, 'charts/evently/goldens/kind-1.36.yaml'), 'utf8');
  return parseAllDocuments(golden)
    .map((document) => ingressSchema.safeParse(document.toJS()).data)
    .flatMap((ingress) => ingress?.spec.rules ?? [])
    .flatMap(({ http }) => http.paths.map((one) => one.path));
}

async function pass(prefixes: readonly string[], req: IncomingMessage, res: ServerResponse): Promise<void> {
  const url = req.url ?? '/';
  const [asked = ''] = url.split('?');
  if (!prefixes.some((prefix) => asked === prefix || asked.startsWith(`${prefix}/`))) {
    res.writeHead(404).end();
    return;
  }
  const parts: Buffer[] = [];
  for await (const part of req) parts.push(Buffer.from(part));
  const answer = await fetch(`${standalone.runtime.gateway.url}${url}`, {
    method: req.method ?? 'GET',
    headers: { 'content-type': req.headers['content-type'] ?? '', accept: 'application/json' },
    ...(parts.length === 0 ? {} : { body: Buffer.concat(parts) }),
  });
  res.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
  res.end(Buffer.from(await answer.arrayBuffer()));
}

function check(
  program: string,
  script: string,
  url: string,
  sizes: Record<string, string> = {},
): Promise<Ended> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, BASE_URL: url, ...sizes };
  return run(program, ['run', '--no-usage-report', '--quiet', `load/cluster/${script}.ts`], env);
}

test('the smoke test passes at the door, and fails where the inside can be reached', async (context) => {
  const program = await requireEngine(k6, (note) => context.skip(note));
  expect(await check(program, 'smoke', doorUrl)).toMatchObject({ code: 0 });
  // A service's own port answers what nobody outside may ask.
  const inside = `http://127.0.0.1:${standalone.runtime.ports.event}`;
  expect(await check(program, 'smoke', inside)).toMatchObject({ code: 99 });
});

test('the readers pass on published events, and fail where nothing answers', async (context) => {
  const program = await requireEngine(k6, (note) => context.skip(note));
  // A busy machine may stall for seconds: that is slow, not wrong.
  const sizes = { RATE: '4', DURATION_SECONDS: '2', P99_MS: '30000' };
  expect(await check(program, 'readers', doorUrl, sizes)).toMatchObject({ code: 0 });
  expect(await check(program, 'readers', 'http://127.0.0.1:1', sizes)).toMatchObject({ code: 99 });
});
