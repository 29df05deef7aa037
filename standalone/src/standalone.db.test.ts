import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { connect, createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { resetFolder } from './reset-folder.ts';
import { createStandalone, FolderInUse, type Standalone } from './standalone.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));
const freePorts = {
  STANDALONE_PORT: '0',
  USER_PORT: '0',
  EVENT_PORT: '0',
  SEARCH_PORT: '0',
  BOOKING_PORT: '0',
  PAYMENT_PORT: '0',
  METRICS_PORT: '0',
};
let folder = '';
let env: Record<string, string> = {};

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'evently-standalone-'));
  await chmod(folder, 0o755);
  env = {
    ...freePorts,
    EVENTLY_DATA_DIR: folder,
    STANDALONE_SEED: '0',
    EVENTLY_LOG_LEVEL: 'error',
    USER_LOGINS_PER_MINUTE_PER_ACCOUNT: '0',
  };
});
// Whatever a failed test left running would fail the next one as well.
const started: { close: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const one of started.splice(0)) await one.close();
});
async function start(): Promise<Standalone> {
  const standalone = await createStandalone({ env });
  started.push(standalone);
  return standalone;
}
afterAll(async () => {
  await resetFolder(folder);
  await rm(folder, { recursive: true, force: true });
});

const answerSchema = z.looseObject({
  status: z.string().optional(),
  paths: z.record(z.string(), z.unknown()).default({}),
});
async function parsed(response: Response): Promise<z.output<typeof answerSchema>> {
  return answerSchema.parse(await response.json());
}

const buyer = { email: 'buyer@example.com', password: 'correct horse battery', name: 'Buyer' };

function post(
  standalone: { runtime: { gateway: { url: string } } },
  at: string,
  body: unknown,
): Promise<Response> {
  return fetch(`${standalone.runtime.gateway.url}${at}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  });
}

function logIn(standalone: Parameters<typeof post>[0], { email, password }: typeof buyer): Promise<Response> {
  return post(standalone, '/api/user/auth/login', { email, password });
}

/** Asks until `done` says so; the deadline is the guarantee. */
async function until<T>(deadlineMs: number, ask: () => Promise<T>, done: (answer: T) => boolean): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const answer = await ask();
    if (done(answer)) return answer;
    if (performance.now() > deadline)
      throw new Error(`not within ${deadlineMs} ms; last: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function holdPort(): Promise<{ port: number; release: () => void }> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address !== null ? address.port : 0,
        release: () => server.close(),
      });
    });
  });
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

test('a taken port is named before anything starts, and nothing is left running', async () => {
  const held = await holdPort();
  await expect(createStandalone({ env: { ...env, BOOKING_PORT: String(held.port) } })).rejects.toThrow(
    `Port ${held.port} on 127.0.0.1 for the booking service (BOOKING_PORT) cannot be used (it is taken)`,
  );
  expect(existsSync(path.join(folder, 'pgdata'))).toBe(false);
  held.release();
});

test('what is wrong with the settings is said in one go, without a value of a secret', async () => {
  const wrong = {
    ...env,
    STANDALONE_HOST: '0.0.0.0',
    EVENTLY_LOAD_TEST: '1',
    BOOKING_POOL_SIZE: 'many',
    EVENTLY_API_KEY: 'short-secret',
  };
  const failure = createStandalone({ env: wrong });
  await expect(failure).rejects.toThrow(/BOOKING_POOL_SIZE: "many" must be a whole number/);
  await expect(failure).rejects.toThrow(/EVENTLY_LOAD_TEST: is only for a platform on 127\.0\.0\.1/);
  await expect(failure).rejects.toThrow(/EVENTLY_API_KEY: its value must have 16 characters/);
  await expect(failure).rejects.not.toThrow('short-secret');
  await expect(createStandalone({ env: { ...env, CORS_ORIGINS: '*' } })).rejects.toThrow(/CORS_ORIGINS/);
});

test('a data folder that cannot be written is named in one sentence', async () => {
  const file = path.join(folder, 'a-file');
  await writeFile(file, '');
  await expect(
    createStandalone({ env: { ...env, EVENTLY_DATA_DIR: path.join(file, 'data') } }),
  ).rejects.toThrow(
    /^The data folder .* cannot be written \(ENOTDIR\)\. Make it writable, or name another one in EVENTLY_DATA_DIR\.$/,
  );
  await rm(file);
});

test('a platform that was stopped goes on where it was', async () => {
  const first = await start();
  expect((await post(first, '/api/user/auth/register', buyer)).status).toBe(201);
  const health = await fetch(`${first.runtime.gateway.url}/health`);
  expect([health.status, (await parsed(health)).status]).toEqual([200, 'healthy']);
  for (const name of ['runtime.json', 'secrets.json', 'postgres-password']) {
    expect([(await stat(path.join(folder, name))).mode & 0o777, name]).toEqual([0o600, name]);
  }
  const secrets = await readFile(path.join(folder, 'secrets.json'), 'utf8');
  await first.close();
  expect(existsSync(path.join(folder, 'runtime.json'))).toBe(false);
  for (const port of Object.values(first.runtime.ports)) expect(await isListening(port)).toBe(false);

  const second = await start();
  expect((await logIn(second, buyer)).status).toBe(200);
  expect(await readFile(path.join(folder, 'secrets.json'), 'utf8')).toBe(secrets);
  await second.close();
});

test('the interface is whole on the gateway: merged document, metrics, problem pages, no internal route', async () => {
  const running = await start();
  const { url } = running.runtime.gateway;
  const document = await parsed(await fetch(`${url}/openapi.json`));
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining([
      '/api/user/auth/login',
      '/api/event/events',
      '/api/booking/reserve',
      '/api/booking/confirm',
      '/webhooks/{provider}',
    ]),
  );
  expect(Object.keys(document.paths).filter((at) => /internal|jwks|healthz/.test(at))).toEqual([]);
  expect(
    (await fetch(`${url}/internal/verify`, { headers: { 'x-api-key': running.runtime.api_key } })).status,
  ).toBe(404);
  const metrics = await (await fetch(`http://127.0.0.1:${running.runtime.ports.metrics}/metrics`)).text();
  expect(metrics).toContain('evently_http_request_duration_seconds');
  expect((await fetch(`http://127.0.0.1:${running.runtime.ports.user}/docs/problems/not-found`)).status).toBe(
    200,
  );
  await running.close();
});

const fieldsSchema = z.looseObject({
  access_token: z.string().default(''),
  venue_id: z.string().default(''),
  event_id: z.string().default(''),
  reservation_id: z.string().default(''),
  status: z.string().default(''),
});

/** Sends JSON through the gateway and insists on the status. */
async function call(
  standalone: Standalone,
  status: number,
  method: string,
  at: string,
  token: string,
  body?: unknown,
) {
  const answer = await fetch(`${standalone.runtime.gateway.url}${at}`, {
    method,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await answer.text();
  expect([at, answer.status, answer.status === status ? '' : text]).toEqual([at, status, '']);
  return fieldsSchema.parse(JSON.parse(text));
}

test('a ticket is published, reserved and bought through the gateway, and open streams end with the platform', async () => {
  const running = await start();
  const admin = { email: 'admin@example.com', password: 'correct horse battery' };
  await call(running, 201, 'POST', '/api/event/auth/admin/register', running.runtime.bootstrap_token, {
    ...admin,
    name: 'A',
  });
  const { access_token: asAdmin } = await call(
    running,
    200,
    'POST',
    '/api/event/auth/admin/login',
    '',
    admin,
  );
  const venue = { name: 'Hall', address: '1 Road', city: 'Pune', country: 'India', capacity: 100 };
  const { venue_id } = await call(running, 201, 'POST', '/api/event/admin/venues', asAdmin, venue);
  const starts = new Date(Date.now() + 30 * 86_400_000);
  const { event_id } = await call(running, 201, 'POST', '/api/event/admin/events', asAdmin, {
    name: 'Evening',
    venue_id,
    event_type: 'concert',
    total_capacity: 10,
    base_price: 499.5,
    start_datetime: starts.toISOString(),
    end_datetime: new Date(starts.getTime() + 3_600_000).toISOString(),
  });
  await call(running, 200, 'POST', `/api/event/admin/events/${event_id}/publish`, asAdmin);
  const { access_token: asBuyer } = await call(running, 200, 'POST', '/api/user/auth/login', '', {
    email: buyer.email,
    password: buyer.password,
  });
  const { reservation_id } = await call(running, 200, 'POST', '/api/booking/reserve', asBuyer, {
    event_id,
    quantity: 2,
    idempotency_key: 'one two',
  });
  const payment = { reservation_id, payment_token: 'any', payment_method: 'card' };
  expect((await call(running, 200, 'POST', '/api/booking/confirm', asBuyer, payment)).status).toBe(
    'confirmed',
  );

  for (const at of [
    '/api/search/search?q=evenning&city=pune',
    '/api/search?q=evening',
    '/api/search/trending',
  ])
    expect(await until(30_000, () => find(running, at), isFoundWith(8))).toMatchObject([{ event_id }]);

  const paths = [
    `/api/event/events/${event_id}/availability/stream`,
    `/api/booking/bookings/${reservation_id}/stream`,
    '/console/stream',
  ];
  const streams = await Promise.all(
    paths.map((at) =>
      fetch(`${running.runtime.gateway.url}${at}`, { headers: { authorization: `Bearer ${asBuyer}` } }),
    ),
  );
  expect(streams.map((stream) => stream.headers.get('content-type')?.split(';')[0])).toEqual([
    'text/event-stream',
    'text/event-stream',
    'text/event-stream',
  ]);
  const startedMs = performance.now();
  const read = Promise.all(streams.map((stream) => stream.text()));
  await running.close();
  expect((await read).map((text) => text.includes('data:'))).toEqual([true, true, true]);
  expect(performance.now() - startedMs).toBeLessThan(30_000);
});

const foundEvents = z.array(z.looseObject({ event_id: z.string(), available_seats: z.int() }));
const searched = z.union([
  z.object({ results: foundEvents }).transform(({ results }) => results),
  z.object({ events: foundEvents }).transform(({ events }) => events),
]);
type Found = z.output<typeof searched>;

async function find({ runtime }: Standalone, at: string): Promise<Found> {
  const answer = await fetch(`${runtime.gateway.url}${at}`, { signal: AbortSignal.timeout(30_000) });
  return searched.parse(await answer.json());
}
const isFoundWith =
  (available: number) =>
  (found: Found): boolean =>
    found[0]?.available_seats === available;

/** Addresses of this machine that others reach it by; none where there is no network. */
const outside = Object.values(networkInterfaces())
  .flat()
  .filter((one) => one !== undefined && one.family === 'IPv4' && !one.internal)
  .map((one) => one?.address ?? '');

test.skipIf(outside.length === 0)(
  'a platform that listens everywhere shows the console and the metrics to this machine and to administrators',
  async () => {
    const running = await createStandalone({ env: { ...env, STANDALONE_HOST: '0.0.0.0' } });
    started.push(running);
    const { ports } = running.runtime;
    const [address = ''] = outside;
    const ask = async (host: string, at: string, token?: string): Promise<number> => {
      const port = at === '/metrics' ? ports.metrics : ports.gateway;
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const answer = await fetch(`http://${host}:${port}${at}`, {
        headers,
        signal: AbortSignal.timeout(30_000),
      });
      await answer.body?.cancel();
      return answer.status;
    };
    const { access_token: asAdmin } = await call(running, 200, 'POST', '/api/event/auth/admin/login', '', {
      email: 'admin@example.com',
      password: 'correct horse battery',
    });
    const { access_token: asBuyer } = await call(running, 200, 'POST', '/api/user/auth/login', '', {
      email: buyer.email,
      password: buyer.password,
    });
    for (const at of [
      '/console',
      '/console/stream',
      '/console/reports/',
      '/console/reports.json',
      '/metrics',
    ]) {
      const here = await ask('127.0.0.1', at);
      const there = await Promise.all([
        ask(address, at),
        ask(address, at, asBuyer),
        ask(address, at, asAdmin),
      ]);
      expect([at, here, ...there]).toEqual([at, 200, 403, 403, 200]);
    }
    expect(await ask(address, '/')).toBe(200);
  },
);

test('a second start on the same folder is refused, says who runs, and changes nothing', async () => {
  const running = await start();
  const runtime = await readFile(path.join(folder, 'runtime.json'), 'utf8');
  const refused = createStandalone({ env });
  await expect(refused).rejects.toThrow(FolderInUse);
  await expect(refused).rejects.toThrow(`process ${process.pid} answers at ${running.runtime.gateway.url}`);
  await expect(resetFolder(folder)).rejects.toThrow('End it with "make stop"');
  expect(await readFile(path.join(folder, 'runtime.json'), 'utf8')).toBe(runtime);
  expect((await logIn(running, buyer)).status).toBe(200);
  await running.close();
});

test('when PostgreSQL is killed, requests get 503 with Retry-After at once, and it comes back by itself', async () => {
  const running = await start();
  const killedPid = running.runtime.postgres_pid;
  process.kill(killedPid, 'SIGKILL');
  const seen = await until(
    60_000,
    async () => {
      const answer = await logIn(running, buyer);
      return { status: answer.status, retryAfter: answer.headers.get('retry-after') };
    },
    ({ status, retryAfter }) => {
      if (status === 200) return true;
      expect([status, retryAfter]).toEqual([503, '1']);
      return false;
    },
  );
  expect(seen.status).toBe(200);
  const health = await until(
    60_000,
    () => fetch(`${running.runtime.gateway.url}/health`),
    (answer) => answer.status === 200,
  );
  expect(health.status).toBe(200);
  const told = await until(
    60_000,
    () => readFile(path.join(folder, 'runtime.json'), 'utf8'),
    (text) => !text.includes(`"postgres_pid": ${killedPid}`) && !text.includes(`"postgres_pid":${killedPid}`),
  );
  expect(told).toContain(String(running.runtime.postgres_pid));
  expect(running.runtime.postgres_pid).not.toBe(killedPid);
  await running.close();
}, 240_000);

type Child = {
  process: ChildProcess;
  runtime: Standalone['runtime'];
  ended: Promise<number | null>;
  said: () => string;
};

async function startChild(): Promise<Child> {
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  started.push({
    close: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  });
  await until(
    60_000,
    () => Promise.resolve(said),
    (text) => text.includes('Evently runs (') || child.exitCode !== null,
  );
  if (child.exitCode !== null) throw new Error(said);
  return {
    process: child,
    runtime: JSON.parse(await readFile(path.join(folder, 'runtime.json'), 'utf8')),
    ended,
    said: () => said,
  };
}

test('after SIGKILL the next start recovers, although the database was left running', async () => {
  const killed = await startChild();
  const kept = { ...buyer, email: 'kept@example.com' };
  expect((await post(killed, '/api/user/auth/register', kept)).status).toBe(201);
  killed.process.kill('SIGKILL');
  await killed.ended;
  process.kill(killed.runtime.postgres_pid, 0);
  const next = await start();
  expect(next.runtime.postgres_pid).not.toBe(killed.runtime.postgres_pid);
  expect((await logIn(next, kept)).status).toBe(200);
  await next.close();
});

test('SIGTERM under load loses no request, and the process ends with 0', async () => {
  const running = await startChild();
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const counts = { answered: 0, lost: 0 };
  const ask = (): Promise<boolean> =>
    new Promise((resolve) => {
      const sent = request(
        { port: running.runtime.ports.gateway, host: '127.0.0.1', path: '/api/user/users/profile', agent },
        (res) => {
          res.resume().on('end', () => {
            counts.answered += 1;
            resolve(true);
          });
        },
      );
      sent.on('error', (error: NodeJS.ErrnoException) => {
        // Refused means that nothing was sent.
        if (error.code !== 'ECONNREFUSED') counts.lost += 1;
        resolve(false);
      });
      sent.end();
    });
  const workers = Array.from({ length: 16 }, async () => {
    while (await ask());
  });
  await until(
    5_000,
    () => Promise.resolve(counts.answered),
    (answered) => answered > 200,
  );
  running.process.kill('SIGTERM');
  await Promise.all(workers);
  expect(await running.ended).toBe(0);
  expect(counts.lost).toBe(0);
  expect(running.said()).toContain('Evently is stopping');
  agent.destroy();
});

test('secrets that are missing beside their databases are not replaced', async () => {
  const file = path.join(folder, 'secrets.json');
  const secrets = await readFile(file, 'utf8');
  await rm(file);
  await expect(createStandalone({ env })).rejects.toThrow(
    /secrets\.json is missing, .* Put it back, or begin anew with "make reset"/,
  );
  await writeFile(file, secrets, { mode: 0o600 });
});

test('a reset removes what the platform made and nothing else', async () => {
  await writeFile(path.join(folder, 'notes.txt'), 'mine');
  expect(await resetFolder(folder)).toContain('begins anew');
  expect(existsSync(path.join(folder, 'pgdata'))).toBe(false);
  expect(await readFile(path.join(folder, 'notes.txt'), 'utf8')).toBe('mine');
});
