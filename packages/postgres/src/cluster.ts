/** An embedded PostgreSQL cluster in a folder: made once, started, stopped, recovered after a kill. */
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdir, open, readFile, realpath, rename, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { monotonicMs, pause } from '@evently/kit/clock';
import { findBinaries, type Binaries } from './binaries.ts';
import { ClusterFailure } from './failure.ts';
import { ensureCluster, serverEnvironment, superuser } from './make.ts';
import { serverOwner, type Owner } from './owner.ts';
import { placeOf, removePlace, type Place } from './place.ts';
import { dropForeignLock, endServer } from './processes.ts';

export type ClusterOptions = {
  /** The folder that holds `pgdata`, the password and the log. */
  directory: string;
  /** 0 picks a free port. */
  port: number;
  /** `name=value` settings of postgresql.conf on the command line. */
  settings?: Readonly<Record<string, string>>;
};

export type Cluster = {
  port: number;
  pid: number;
  /** Where the files lie: `directory`/pgdata unless the server's user may not enter that. */
  pgdata: string;
  url: (database: string) => string;
  /** Resolves when the server has ended, for whatever reason. */
  exited: Promise<void>;
  stop: () => Promise<void>;
};

const startMs = 120_000;
const pollMs = 20;
const attempts = 5;
const attemptPauseMs = 500;
const maxLogBytes = 10 * 1024 * 1024;
// Below the range that Linux and macOS take for outgoing connections, so that a restart finds it free.
const firstPort = 20_000;
const lastPort = 32_000;

/**
 * Starts the cluster of `directory`, making it first when the folder is new. A server that a killed
 * process left running there is stopped first; PostgreSQL then recovers by itself from its log.
 * As root, the server runs as the system's user `postgres`, which is made when it is missing.
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  await mkdir(options.directory, { recursive: true });
  const directory = await realpath(options.directory);
  const owner = await serverOwner();
  const bin = await findBinaries(owner);
  const place = await placeOf(directory, owner);
  await endServer(place);
  await dropForeignLock(place);
  const durable = options.settings?.['fsync'] !== 'off';
  const password = await ensureCluster({ bin, owner, place, directory, durable });
  const server = await startServer({
    bin,
    owner,
    place,
    directory,
    port: options.port,
    settings: options.settings ?? {},
  });
  return {
    ...server,
    pgdata: place.pgdata,
    url: (database) => `postgres://${superuser}:${password}@127.0.0.1:${server.port}/${database}`,
    stop: async () => {
      await endServer(place);
      await server.exited;
    },
  };
}

/** Ends the server of `directory`, if one runs, and removes the cluster with all its databases. */
export async function removeCluster(directory: string): Promise<void> {
  const real = await realpath(directory);
  const place = await placeOf(real, await serverOwner());
  await endServer(place);
  await removePlace(real, place);
}

type ServerOptions = {
  bin: Binaries;
  owner: Owner;
  place: Place;
  directory: string;
  port: number;
  settings: Readonly<Record<string, string>>;
};
type Server = { port: number; pid: number; exited: Promise<void> };

// A port found free can be taken a moment later, and shared memory of a killed server needs a moment to
// be let go: both pass by themselves.
const passing = /could not bind|pre-existing shared memory block|is another postmaster/i;

async function startServer(options: ServerOptions): Promise<Server> {
  if (options.port !== 0 && !(await isFree(options.port))) {
    throw new ClusterFailure(
      `Port ${options.port} on 127.0.0.1 for PostgreSQL cannot be used (it is taken). End what holds it, or choose another port.`,
    );
  }
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port === 0 ? await freePort() : options.port;
    const outcome = await launch(options, port);
    if ('pid' in outcome) return outcome;
    if (attempt === attempts || !passing.test(outcome.said)) {
      throw new ClusterFailure(
        `PostgreSQL did not start in ${options.place.pgdata} on port ${port}. The end of ${logFileOf(options.directory)}:\n${outcome.said}`,
      );
    }
    await pause(attemptPauseMs);
  }
}

async function launch(options: ServerOptions, port: number): Promise<Server | { said: string }> {
  const { bin, owner, place } = options;
  const log = await openLog(options.directory);
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    cluster_name: place.name,
    ...options.settings,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(bin.postgres, ['-D', place.pgdata, '-p', String(port), ...flags], {
    ...owner,
    cwd: '/',
    // Its own session: Ctrl-C in the terminal must reach us alone, so that requests are answered first.
    detached: true,
    stdio: ['ignore', log.handle.fd, log.handle.fd],
    env: serverEnvironment(),
  });
  child.unref();
  let ended = false;
  const exited = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  }).then(() => {
    ended = true;
  });
  await log.handle.close();
  const pid = child.pid ?? -1;
  const deadline = monotonicMs() + startMs;
  while (!ended && monotonicMs() < deadline) {
    if (await isReady(place.pgdata, pid)) return { port, pid, exited };
    await pause(pollMs);
  }
  await endServer(place);
  return { said: await endOf(logFileOf(options.directory), log.startsAt) };
}

// PostgreSQL writes its state into line 8 of its lock file; pg_ctl waits for the same word.
async function isReady(pgdata: string, pid: number): Promise<boolean> {
  const lines = (await readFile(path.join(pgdata, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
}

function logFileOf(directory: string): string {
  return path.join(directory, 'postgres.log');
}

async function openLog(
  directory: string,
): Promise<{ handle: Awaited<ReturnType<typeof open>>; startsAt: number }> {
  const file = logFileOf(directory);
  const present = await stat(file).catch(() => null);
  if (present !== null && present.size > maxLogBytes) await rename(file, `${file}.1`);
  const handle = await open(file, 'a', 0o600);
  return { handle, startsAt: (await handle.stat()).size };
}

async function endOf(file: string, startsAt: number): Promise<string> {
  const said = (await readFile(file)).subarray(startsAt).toString('utf8').trim();
  return said.split('\n').slice(-6).join('\n');
}

async function freePort(): Promise<number> {
  for (let tried = 0; tried < 100; tried += 1) {
    const port = randomInt(firstPort, lastPort);
    if (await isFree(port)) return port;
  }
  throw new ClusterFailure(`No free port for PostgreSQL was found from ${firstPort} to ${lastPort}.`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
