/** A platform of the benchmark's own: a fresh data folder, free ports, load testing switched on. */
import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { monotonicMs, pause, withDeadline } from '@evently/kit/clock';
import { readRuntime, type Runtime } from 'evently/runtime';
import { removeCluster } from '@evently/postgres/cluster';
import { serverFlags } from './server-flags.ts';

export type BenchPlatform = {
  /** As the platform last wrote it; new after `restart`. */
  runtime: Runtime;
  folder: string;
  /** SIGKILL to the platform's process; PostgreSQL is left running. */
  kill: () => Promise<void>;
  /** SIGKILL to PostgreSQL's first process, once after a start; the platform starts it again by itself. */
  killPostgres: () => void;
  /** Starts it again in its folder and on its ports; resolves when it is ready. */
  restart: () => Promise<void>;
  /** Ends the process and removes the folder. */
  stop: () => Promise<void>;
};

const main = fileURLToPath(new URL('../standalone/src/main.ts', import.meta.url));
const startDeadlineMs = 120_000;
const stopDeadlineMs = 30_000;
const pollMs = 100;
/**
 * Nobody pays for most of what is reserved. Holds of the usual ten minutes would all lapse while a later profile is measured,
 * hundreds of thousands at once; two hours are longer than a platform of the benchmark lives.
 */
export const longHolds = { BOOKING_HOLD_SECONDS: '7200' } as const;
const portSettings = {
  STANDALONE_PORT: 'gateway',
  METRICS_PORT: 'metrics',
  USER_PORT: 'user',
  EVENT_PORT: 'event',
  SEARCH_PORT: 'search',
  BOOKING_PORT: 'booking',
  PAYMENT_PORT: 'payment',
} as const;

/** Starts it with `settings` besides its own and waits until it is ready. */
export async function startPlatform(settings: Readonly<Record<string, string>> = {}): Promise<BenchPlatform> {
  const folder = await mkdtemp(path.join(tmpdir(), 'evently-bench-'));
  // PostgreSQL runs as another user when this process runs as root, and must reach its folder.
  await chmod(folder, 0o755);
  const freePorts = Object.fromEntries(Object.keys(portSettings).map((name) => [name, '0']));
  let child = launch(folder, { ...freePorts, ...settings });
  let isStopped = false;
  let restarting: Promise<Runtime> | null = null;
  const stop = async (): Promise<void> => {
    isStopped = true;
    // Whoever asked for the restart is told when it fails.
    await restarting?.catch(() => {});
    await end(child, 'SIGTERM');
    // PostgreSQL goes on without the platform that was killed.
    if (child.signalCode === 'SIGKILL') await removeCluster(folder);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const platform: BenchPlatform = {
      runtime: await untilReady(child, folder),
      folder,
      stop,
      kill: () => end(child, 'SIGKILL'),
      killPostgres: () => void process.kill(platform.runtime.postgres_pid, 'SIGKILL'),
      restart: async () => {
        if (isStopped) throw new Error('the platform was stopped, so it is not started again');
        child = launch(folder, { ...samePorts(platform.runtime), ...settings });
        restarting = untilReady(child, folder);
        platform.runtime = await restarting;
      },
    };
    return platform;
  } catch (error) {
    await stop();
    throw error;
  }
}

function samePorts(runtime: Runtime): Record<string, string> {
  const ports = { ...runtime.ports, gateway: new URL(runtime.gateway.url).port };
  const postgres = { STANDALONE_POSTGRES_PORT: new URL(runtime.databases.booking).port };
  const own = Object.entries(portSettings).map(([name, port]) => [name, String(ports[port])] as const);
  return { ...postgres, ...Object.fromEntries(own) };
}

function launch(folder: string, settings: Readonly<Record<string, string>>): ChildProcess {
  return spawn(process.execPath, [...serverFlags, main], {
    env: {
      ...process.env,
      STANDALONE_POSTGRES_PORT: '0',
      STANDALONE_SEED: '0',
      EVENTLY_LOAD_TEST: '1',
      ...longHolds,
      ...settings,
      EVENTLY_DATA_DIR: folder,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function untilReady(child: ChildProcess, folder: string): Promise<Runtime> {
  const giveUpAtMs = monotonicMs() + startDeadlineMs;
  while (monotonicMs() < giveUpAtMs) {
    if (child.exitCode !== null)
      throw new Error(`the platform ended with ${child.exitCode} before it was ready`);
    const runtime = await readRuntime(folder);
    // After a kill the folder still holds what the process before wrote.
    const isOwn = runtime !== null && runtime.pid === child.pid;
    if (isOwn && (await isHealthy(runtime.gateway.url))) return runtime;
    await pause(pollMs);
  }
  throw new Error(`the platform was not ready in ${startDeadlineMs / 1_000} s`);
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(2_000) });
    return answer.ok;
  } catch {
    return false; // It does not listen yet.
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.kill(signal);
  await withDeadline(ended, stopDeadlineMs, 'the end of the platform').catch(() => child.kill('SIGKILL'));
  await ended;
}
