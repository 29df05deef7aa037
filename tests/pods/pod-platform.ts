/** The services of a platform as processes, each with a database of its own on the run's PostgreSQL. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { freePort } from '@evently/testkit/engines/kube-processes';
import { testServerUrl } from '@evently/testkit/postgres';
import type { ServiceName } from '@evently/pod/settings';
import {
  mainOf,
  runMain,
  startPod,
  untilReady,
  type PodProcess,
  type Ran,
  type Settings,
} from './pod-process.ts';

export const serviceNames = ['user', 'event', 'search', 'booking', 'payment'] as const;
export const apiKey = 'a-key-for-the-pods-of-a-test';
export const bootstrapToken = 'the-first-administrator';

export type PodPlatform = {
  /** Everything that any pod of this platform reads; each is given all of it. */
  settings: Settings;
  databaseUrl: (name: ServiceName) => string;
  urlOf: (name: ServiceName) => string;
  /** `main.ts migrate` of each service, one after the other. */
  migrate: () => Promise<Ran[]>;
  /** Another pod of `name`; the first has the port that the others call. */
  start: (name: ServiceName, changed?: Settings) => Promise<PodProcess>;
  startAll: () => Promise<Record<ServiceName, PodProcess>>;
  /** Ends every process that runs, all at once; answers their exit codes. */
  stopAll: () => Promise<(number | null)[]>;
  /** Ends what was started, and removes the databases. */
  close: () => Promise<void>;
};

/** Nothing is started and no database made yet. */
export async function createPodPlatform(changed: Settings): Promise<PodPlatform> {
  const run = randomBytes(6).toString('hex');
  const databaseUrl = (name: ServiceName): string => testServerUrl(`pods_${run}_${name}`);
  const ports = new Map<ServiceName, number>();
  for (const name of serviceNames) ports.set(name, await freePort());
  const urlOf = (name: ServiceName): string => `http://127.0.0.1:${ports.get(name)}`;
  const settings: Settings = {
    EVENTLY_LOG_LEVEL: 'info',
    EVENTLY_API_KEY: apiKey,
    EVENTLY_ACCEPTED_API_KEYS: apiKey,
    EVENTLY_LOAD_TEST: '1',
    EVENTLY_EXEMPT_LOOPBACK: '1',
    EVENTLY_BOOTSTRAP_TOKEN: bootstrapToken,
    IDENTITY_SECRET: 'a secret for the issuers of a test, long enough',
    BOOKING_TICKET_SECRET: 'a secret for the tickets of a test, long enough',
    PAYMENT_WEBHOOK_SECRETS: 'a-secret-for-webhooks',
    POD_HOST: '127.0.0.1',
    METRICS_PORT: '0',
    POD_DRAIN_SECONDS: '0',
    POD_WITH_SEARCH: '1',
    ...Object.fromEntries(
      serviceNames.flatMap((name) => [
        [`${name.toUpperCase()}_URL`, urlOf(name)],
        [`${name.toUpperCase()}_PORT`, String(ports.get(name))],
        [`${name.toUpperCase()}_DATABASE_URL`, databaseUrl(name)],
      ]),
    ),
    ...changed,
  };
  const started: PodProcess[] = [];
  const stopAll = (): Promise<(number | null)[]> =>
    Promise.all(
      started.splice(0).map(async (pod) => {
        await pod.stop();
        return pod.ended;
      }),
    );
  const start: PodPlatform['start'] = async (name, own = {}) => {
    const pod = startPod(name, { ...settings, ...own });
    started.push(pod);
    await untilReady(pod);
    return pod;
  };
  return {
    settings,
    databaseUrl,
    urlOf,
    migrate: async () => {
      const ran: Ran[] = [];
      for (const name of serviceNames) ran.push(await runMain(mainOf(name), ['migrate'], settings));
      return ran;
    },
    start,
    startAll: async () => {
      const [user, event, search, booking, payment] = await Promise.all([
        start('user'),
        start('event'),
        start('search'),
        start('booking'),
        start('payment'),
      ]);
      return { user, event, search, booking, payment };
    },
    stopAll,
    close: async () => {
      await stopAll();
      for (const name of serviceNames) await dropDatabase(databaseUrl(name));
    },
  };
}

export async function dropDatabase(url: string): Promise<void> {
  const client = new pg.Client({
    connectionString: testServerUrl('postgres'),
    connectionTimeoutMillis: 5_000,
  });
  await client.connect();
  try {
    await client.query(
      `drop database if exists ${pg.escapeIdentifier(new URL(url).pathname.slice(1))} with (force)`,
    );
  } finally {
    await client.end();
  }
}
