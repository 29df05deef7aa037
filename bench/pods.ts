/** Booking processes beside the platform, on its database, and the place they are together. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { serviceUrl } from 'evently/runtime';
import { brokenInvariants, ownReservePath, targetOf, type Bench } from './bench.ts';
import { startServerProcess, type ServerProcess } from './child-process.ts';
import type { Running, Started } from './started.ts';
import type { Place } from './place.ts';
import { longHolds } from './standalone.ts';

export type Pods = { place: Place; stop: () => Promise<void> };

const secretsSchema = z.object({ BOOKING_TICKET_SECRET: z.string() });

/** What every server process beside the platform is told. */
export function processEnvironment({ platform }: Bench): Record<string, string> {
  const { runtime } = platform;
  return {
    BENCH_USER_URL: serviceUrl(runtime, 'user'),
    BENCH_PAYMENT_URL: serviceUrl(runtime, 'payment'),
    EVENTLY_API_KEY: runtime.api_key,
    EVENTLY_ACCEPTED_API_KEYS: runtime.api_key,
    EVENTLY_LOAD_TEST: '1',
    EVENTLY_LOG_LEVEL: 'warn',
    EVENTLY_EXEMPT_LOOPBACK: '1',
    ...longHolds,
  };
}

/** Starts `count` booking processes with `settings` besides those of the platform. */
export async function startPods(
  bench: Bench,
  count: number,
  settings: Readonly<Record<string, string>> = {},
): Promise<Pods> {
  const secrets = await readFile(path.join(bench.platform.folder, 'secrets.json'), 'utf8');
  const environment = {
    ...processEnvironment(bench),
    BOOKING_DATABASE_URL: bench.platform.runtime.databases.booking,
    BOOKING_TICKET_SECRET: secretsSchema.parse(JSON.parse(secrets)).BOOKING_TICKET_SECRET,
    ...settings,
  };
  const running = await startAll(bench.started, count, environment);
  const pods = running.map(({ it }) => it);
  const place: Place = {
    targets: pods.map((pod) => targetOf(pod.url)),
    path: ownReservePath,
    db: bench.db,
    // The platform's process is counted as well: its relay publishes what these write to the outbox.
    servers: [...pods.map((pod) => pod.pid), bench.platform.runtime.pid],
    postgresPid: bench.platform.runtime.postgres_pid,
    metricsUrls: pods.map((pod) => pod.metricsUrl),
    brokenInvariants: () => brokenInvariants(bench),
  };
  return { place, stop: () => endAll(running) };
}

async function startAll(
  started: Started,
  count: number,
  environment: Record<string, string>,
): Promise<Running<ServerProcess>[]> {
  const starting = Array.from({ length: count }, () =>
    started.start(
      () => startServerProcess('./booking-process.ts', environment),
      ({ stop }) => stop(),
    ),
  );
  const begun = await Promise.allSettled(starting);
  const running = begun.filter((one) => one.status === 'fulfilled').map((one) => one.value);
  const failed = begun.find((one) => one.status === 'rejected');
  if (failed === undefined) return running;
  await endAll(running);
  throw failed.reason;
}

async function endAll(running: readonly Running<ServerProcess>[]): Promise<void> {
  await Promise.all(running.map(({ end }) => end()));
}
