/** PostgreSQL and Redis of the platform under test: processes of this machine that pods reach under the node's address. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { z } from 'zod';
import type { ProcessGroup } from '@evently/testkit/engines/kube-processes';
import { podNetwork } from '@evently/testkit/engines/node-cluster';
import { runProgram } from '@evently/testkit/engines/run-program';
import { waitUntil } from './wait-until.ts';

export const databases = ['user', 'event', 'search', 'booking', 'payment'] as const;
export type DatabaseName = (typeof databases)[number];

export type HostServices = {
  postgresPort: number;
  redisPort: number;
  redisPassword: string;
  /** As each service logs in: a role of its own, which owns its one database. */
  passwords: Readonly<Record<DatabaseName, string>>;
  /** For this machine, as the owner of a service's database. */
  databaseUrl: (name: DatabaseName) => string;
  /** One statement in a service's database. */
  query: (name: DatabaseName, statement: string) => Promise<readonly Record<string, unknown>[]>;
  /** SIGKILL to PostgreSQL's first process; resolves when the one that was started instead is ready. */
  killPostgres: () => Promise<void>;
};

const postgresProcess = fileURLToPath(new URL('postgres-process.ts', import.meta.url));
const runningSchema = z.object({ port: z.int(), pgdata: z.string(), url: z.string() });
const startMs = 90_000;
const connectMs = 5_000;
const redisPort = 6_379;

export async function startHostServices(
  group: ProcessGroup,
  address: string,
  redisServer: string,
): Promise<HostServices> {
  // PostgreSQL runs as another user, and has to reach its folder.
  await chmod(group.folder, 0o755);
  const redisPassword = randomBytes(24).toString('hex');
  await startRedis(group, redisServer, address, redisPassword);
  const running = await startPostgres(group, address);
  const passwords = {
    user: randomBytes(24).toString('hex'),
    event: randomBytes(24).toString('hex'),
    search: randomBytes(24).toString('hex'),
    booking: randomBytes(24).toString('hex'),
    payment: randomBytes(24).toString('hex'),
  };
  await onServer(running.url, async (client) => {
    for (const name of databases) {
      // Names and passwords are made here; such statements take no parameters.
      await client.query(`create role evently_${name} login password '${passwords[name]}'`);
      await client.query(`create database evently_${name} owner evently_${name}`);
    }
  });
  const databaseUrl = (name: DatabaseName): string =>
    `postgres://evently_${name}:${passwords[name]}@127.0.0.1:${running.port}/evently_${name}`;
  return {
    postgresPort: running.port,
    redisPort,
    redisPassword,
    passwords,
    databaseUrl,
    query: (name, statement) =>
      onServer(databaseUrl(name), async (client) => (await client.query(statement)).rows),
    killPostgres: async () => {
      const { pid } = await readLock(running.pgdata);
      process.kill(pid, 'SIGKILL');
      await waitUntil('PostgreSQL is started again', startMs, async () => {
        const now = await readLock(running.pgdata).catch(() => null);
        return now !== null && now.pid !== pid && now.isReady;
      });
    },
  };
}

/** PostgreSQL's lock file: the first line is the process, the eighth its state. */
async function readLock(pgdata: string): Promise<{ pid: number; isReady: boolean }> {
  const lines = (await readFile(path.join(pgdata, 'postmaster.pid'), 'utf8')).split('\n');
  return { pid: Number(lines[0]), isReady: lines[7]?.trim() === 'ready' };
}

async function startPostgres(group: ProcessGroup, address: string): Promise<z.output<typeof runningSchema>> {
  const folder = path.join(group.folder, 'postgres');
  await mkdir(folder, { mode: 0o755 });
  await group.start('postgres', process.execPath, [postgresProcess, folder, address, podNetwork]);
  let running: z.output<typeof runningSchema> | null = null;
  await group.waitUntil(
    'postgres',
    async () => {
      const text = await readFile(path.join(folder, 'running.json'), 'utf8').catch(() => '');
      running = text === '' ? null : runningSchema.parse(JSON.parse(text));
      return running !== null;
    },
    startMs,
  );
  if (running === null) throw new Error('PostgreSQL says nothing of itself');
  return running;
}

/** Its password stands in a file: a command line can be read by everybody. */
async function startRedis(
  group: ProcessGroup,
  program: string,
  address: string,
  password: string,
): Promise<void> {
  const folder = path.join(group.folder, 'redis');
  await mkdir(folder, { mode: 0o700 });
  const settings = path.join(folder, 'redis.conf');
  const lines = [
    `bind ${address}`,
    `port ${redisPort}`,
    `requirepass ${password}`,
    `dir ${folder}`,
    'save ""',
    'appendonly no',
    'daemonize no',
  ];
  await writeFile(settings, `${lines.join('\n')}\n`, { mode: 0o600 });
  await group.start('redis', program, [settings]);
  await group.waitUntil(
    'redis',
    async () => (await group.logOf('redis')).includes('Ready to accept connections'),
    startMs,
  );
}

async function onServer<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: connectMs });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const command = fileURLToPath(new URL('../../cli/bin/evently.js', import.meta.url));
const verifyMs = 120_000;
const verifiedSchema = z.object({
  ok: z.boolean(),
  findings: z.array(
    z.object({ invariant: z.string(), violations: z.object({ count: z.int(), rows: z.array(z.string()) }) }),
  ),
});

/** What `evently verify` finds broken, and how many checks it made. */
export async function verifyBooks(
  host: HostServices,
): Promise<{ checks: number; broken: readonly string[] }> {
  const said = await runProgram(process.execPath, [command, 'verify', '--json'], {
    deadlineMs: verifyMs,
    env: {
      PATH: process.env['PATH'],
      BOOKING_DATABASE_URL: host.databaseUrl('booking'),
      PAYMENT_DATABASE_URL: host.databaseUrl('payment'),
    },
  });
  const { findings } = verifiedSchema.parse(JSON.parse(said));
  return {
    checks: findings.length,
    broken: findings.flatMap(({ invariant, violations }) =>
      violations.count === 0 ? [] : [`${invariant}: ${violations.count}, ${violations.rows.join('; ')}`],
    ),
  };
}
