/** What every profile works with: a platform of its own, an administrator, the booking database. */
import { createLogger } from '@evently/kit/log';
import { openDatabase, type Database } from '@evently/kit/postgres';
import { monotonicMs, systemClock } from '@evently/kit/clock';
import { logInAdmin } from 'evently/api/accounts';
import { createFirstAdmin } from 'evently/api/admins';
import { createClient, type Client } from 'evently/api/client';
import { stageEvent } from 'evently/drill/stage';
import { parseTarget, type Target } from 'evently/generator/request-bytes';
import { verifyPlatform } from 'evently/verify/verify-platform';
import type { Sizes } from './sizes.ts';
import { openTokenStock, type TokenStock } from './tokens.ts';
import { startPlatform, type BenchPlatform } from './standalone.ts';
import { createStarted, type Started } from './started.ts';
import type { Place } from './place.ts';

export type Bench = {
  platform: BenchPlatform;
  client: Client;
  /** The administrator's access token, a new one before the last one expires. */
  adminToken: () => Promise<string>;
  tokens: TokenStock;
  /** Reads only: counters, stock, what was acknowledged. */
  db: Database;
  sizes: Sizes;
  say: (line: string) => void;
  /** The platform and whatever profiles start beside it. */
  started: Started;
  /** Ends all that was started, once. */
  close: () => Promise<void>;
};

const admin = { email: 'bench@evently.example', password: 'bench-of-evently', name: 'Bench' };
const statementTimeoutMs = 60_000;
// Tokens last 15 minutes; the profiles of one platform may take an hour.
const tokenAgeMs = 600_000;
export const gatewayReservePath = '/api/booking/bookings/reserve';
export const ownReservePath = '/api/v1/bookings/reserve';

/** Whoever may be told to end before it is open gives its own `started`. */
export async function openBench(
  settings: Readonly<Record<string, string>>,
  sizes: Sizes,
  say: (line: string) => void,
  started = createStarted(),
): Promise<Bench> {
  try {
    const { it: platform } = await started.start(
      () => startPlatform(settings),
      ({ stop }) => stop(),
    );
    const client = createClient(platform.runtime.gateway.url);
    await createFirstAdmin(client, platform.runtime.bootstrap_token, admin);
    const adminToken = rememberToken(() => logInAdmin(client, admin));
    const { it: db } = await started.start(
      () => Promise.resolve(openReader(platform.runtime.databases.booking)),
      (reader) => reader.close(),
    );
    const tokens = openTokenStock(() => platform.runtime);
    return { platform, client, adminToken, tokens, db, sizes, say, started, close: started.endAll };
  } catch (error) {
    await started.endAll();
    throw error;
  }
}

function rememberToken(logIn: () => Promise<string>): () => Promise<string> {
  let last: { token: string; atMs: number } | null = null;
  return async () => {
    if (last === null || monotonicMs() - last.atMs > tokenAgeMs)
      last = { token: await logIn(), atMs: monotonicMs() };
    return last.token;
  };
}

/** A pool of two connections whose statements may take a minute. */
export function openReader(url: string): Database {
  return openDatabase({
    url,
    name: 'bench',
    max: 2,
    log: createLogger('bench', 'silent'),
    statementTimeoutMs,
  });
}

export function targetOf(url: string): Target {
  const target = parseTarget(url);
  if (target === null) throw new Error(`"${url}" is not the address of a platform`);
  return target;
}

/** An event on sale at once with all its seats, made through the interface like any other. */
export async function stage(bench: Bench, title: string, seats: number): Promise<string> {
  const event = await stageEvent(bench.client, await bench.adminToken(), title, seats, systemClock.now());
  return event.eventId;
}

/** The platform itself, by its gateway. */
export function platformPlace(bench: Bench): Place {
  const { runtime } = bench.platform;
  return {
    targets: [targetOf(runtime.gateway.url)],
    path: gatewayReservePath,
    db: bench.db,
    servers: [runtime.pid],
    postgresPid: runtime.postgres_pid,
    metricsUrls: [metricsUrlOf(bench)],
    brokenInvariants: () => brokenInvariants(bench),
  };
}

export function metricsUrlOf({ platform }: Bench): string {
  const url = new URL(platform.runtime.gateway.url);
  url.port = String(platform.runtime.ports.metrics);
  return `${url.origin}/metrics`;
}

/** One sentence for each invariant that does not hold, as `evently verify` finds it. */
export async function brokenInvariants({ platform }: Bench): Promise<string[]> {
  const { findings } = await verifyPlatform(platform.runtime.databases);
  return findings
    .filter(({ violations }) => violations.count > 0)
    .map(({ invariant, about, violations }) => `${invariant} ${about}: ${violations.count} violations`);
}
