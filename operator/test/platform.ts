/** The platform of a test: user, event, booking and payment on an embedded PostgreSQL, and booking pods beside it. */
import { chmod, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { systemClock } from '@evently/kit/clock';
import { freePort, type ProcessGroup } from '@evently/testkit/engines/kube-processes';
import { logInAdmin } from 'evently/api/accounts';
import { createFirstAdmin } from 'evently/api/admins';
import { createClient, type Client } from 'evently/api/client';
import { issueTokens } from 'evently/drill/buyers';
import { stageEvent } from 'evently/drill/stage';
import { readRuntime, serviceUrl, type Runtime } from 'evently/runtime';

/** A reservation's answer and when it came, in milliseconds since 1970. */
export type Reservation = { status: number; code: string; atMs: number };

export type Platform = {
  runtime: Runtime;
  urlOf: (service: 'user' | 'event' | 'booking' | 'payment') => string;
  /** Addresses of the booking processes that stand for pods. */
  podUrls: readonly string[];
  /** A published event that is on sale, with so many seats. */
  stage: (title: string, seats: number) => Promise<string>;
  /** Access tokens of so many buyers. */
  buyers: (count: number) => Promise<readonly string[]>;
  /** One seat for the buyer of the token, asked of the process at `url`. */
  reserve: (url: string, token: string, eventId: string) => Promise<Reservation>;
  /** The answer of booking's route for the armed sale. */
  readSale: (eventId: string, url?: string) => Promise<{ status: number; body: Record<string, unknown> }>;
};

export type PlatformOptions = { pods: number; holdSeconds: number };

const standalone = fileURLToPath(new URL('../../standalone/src/main.ts', import.meta.url));
const bookingPod = fileURLToPath(new URL('booking-pod.ts', import.meta.url));
const readyMs = 60_000;
const callMs = 10_000;
const admin = { email: 'operator@evently.example', password: 'operator-of-evently', name: 'Operator' };
const ports = [
  'STANDALONE_PORT',
  'METRICS_PORT',
  'USER_PORT',
  'EVENT_PORT',
  'SEARCH_PORT',
  'BOOKING_PORT',
  'PAYMENT_PORT',
];
const secretsSchema = z.object({ BOOKING_TICKET_SECRET: z.string() });

/** Starts it in the group's folder, and ends with the group. */
export async function startPlatform(group: ProcessGroup, options: PlatformOptions): Promise<Platform> {
  const folder = path.join(group.folder, 'platform');
  // PostgreSQL runs as another user when the tests run as root, and must reach its folder.
  await chmod(group.folder, 0o755);
  await mkdir(folder, { mode: 0o755 });
  const shared = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    EVENTLY_LOAD_TEST: '1',
    EVENTLY_EXEMPT_LOOPBACK: '1',
    BOOKING_HOLD_SECONDS: String(options.holdSeconds),
  };
  await group.start('platform', process.execPath, [standalone], {
    ...shared,
    ...Object.fromEntries(ports.map((name) => [name, '0'])),
    STANDALONE_POSTGRES_PORT: '0',
    STANDALONE_SEED: '0',
    EVENTLY_DATA_DIR: folder,
  });
  const isReady = async (): Promise<boolean> => {
    const runtime = await readRuntime(folder);
    return runtime !== null && answers(`${runtime.gateway.url}/health`);
  };
  await group.waitUntil('platform', isReady, readyMs);
  const started = await readRuntime(folder);
  if (started === null) throw new Error('the platform has ended');
  const secrets = secretsSchema.parse(JSON.parse(await readFile(path.join(folder, 'secrets.json'), 'utf8')));
  const podUrls = await startPods(group, options.pods, {
    ...shared,
    ...secrets,
    EVENTLY_API_KEY: started.api_key,
    EVENTLY_ACCEPTED_API_KEYS: started.api_key,
    EVENTLY_LOG_LEVEL: 'info',
    BOOKING_DATABASE_URL: started.databases.booking,
    TEST_USER_URL: serviceUrl(started, 'user'),
    TEST_PAYMENT_URL: serviceUrl(started, 'payment'),
  });
  return describePlatform(started, podUrls);
}

async function startPods(
  group: ProcessGroup,
  count: number,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string[]> {
  const urls: string[] = [];
  for (let at = 0; at < count; at += 1) {
    const port = await freePort();
    await group.start(`booking-${at}`, process.execPath, [bookingPod], {
      ...env,
      BOOKING_PORT: String(port),
    });
    urls.push(`http://127.0.0.1:${port}`);
  }
  for (const [at, url] of urls.entries())
    await group.waitUntil(`booking-${at}`, () => answers(`${url}/health/ready`), readyMs);
  return urls;
}

async function describePlatform(runtime: Runtime, podUrls: readonly string[]): Promise<Platform> {
  const client: Client = createClient(runtime.gateway.url);
  await createFirstAdmin(client, runtime.bootstrap_token, admin);
  const adminToken = await logInAdmin(client, admin);
  const booking = serviceUrl(runtime, 'booking');
  const readSale: Platform['readSale'] = async (eventId, url = booking) => {
    const answer = await fetch(`${url}/internal/sales/${eventId}`, {
      headers: { 'x-api-key': runtime.api_key },
      signal: AbortSignal.timeout(callMs),
    });
    return { status: answer.status, body: JSON.parse(await answer.text()) };
  };
  return {
    runtime,
    podUrls,
    urlOf: (service) => serviceUrl(runtime, service),
    readSale,
    stage: async (title, seats) => {
      const { eventId } = await stageEvent(client, adminToken, title, seats, systemClock.now());
      // Booking hears of the event by a message; until then it knows no such event.
      const deadline = Date.now() + readyMs;
      while ((await readSale(eventId)).body['code'] === 'not_found') {
        if (Date.now() > deadline) throw new Error(`booking never heard of ${eventId}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return eventId;
    },
    buyers: async (count) => {
      const herd = await issueTokens(createClient(serviceUrl(runtime, 'user')), runtime.api_key, count);
      if (herd.kind === 'unavailable') throw new Error(herd.reason);
      return herd.tokens;
    },
    reserve: (url, token, eventId) => reserve(url, token, eventId),
  };
}

async function reserve(url: string, token: string, eventId: string): Promise<Reservation> {
  const answer = await fetch(`${url}/api/v1/bookings/reserve`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ event_id: eventId, quantity: 1, idempotency_key: crypto.randomUUID() }),
    signal: AbortSignal.timeout(callMs),
  });
  const body = JSON.parse(await answer.text());
  return { status: answer.status, code: String(body.code ?? ''), atMs: Date.now() };
}

async function answers(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    return answer.ok;
  } catch {
    return false; // It does not listen yet.
  }
}
