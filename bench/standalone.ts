/** A platform of the benchmark's own: a fresh data folder, free ports, load testing switched on. */
import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { monotonicMs, pause } from '@evently/kit/clock';
import { readRuntime, type Runtime } from 'evently/runtime';

export type BenchPlatform = { runtime: Runtime; stop: () => Promise<void> };

const main = fileURLToPath(new URL('../standalone/src/main.ts', import.meta.url));
const startDeadlineMs = 120_000;
const stopDeadlineMs = 30_000;
const pollMs = 100;
const freePorts = [
  'STANDALONE_PORT',
  'METRICS_PORT',
  'STANDALONE_POSTGRES_PORT',
  'USER_PORT',
  'EVENT_PORT',
  'BOOKING_PORT',
  'PAYMENT_PORT',
];

/** Starts it and waits until it is ready; `stop` ends the process and removes its folder. */
export async function startPlatform(): Promise<BenchPlatform> {
  const folder = await mkdtemp(path.join(tmpdir(), 'evently-bench-'));
  // PostgreSQL runs as another user when this process runs as root, and must reach its folder.
  await chmod(folder, 0o755);
  const child = spawn(process.execPath, [main], {
    env: {
      ...process.env,
      ...Object.fromEntries(freePorts.map((name) => [name, '0'])),
      EVENTLY_DATA_DIR: folder,
      EVENTLY_LOAD_TEST: '1',
      STANDALONE_SEED: '0',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const stop = async (): Promise<void> => {
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    return { runtime: await untilReady(child, folder), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function untilReady(child: ChildProcess, folder: string): Promise<Runtime> {
  const giveUpAtMs = monotonicMs() + startDeadlineMs;
  while (monotonicMs() < giveUpAtMs) {
    if (child.exitCode !== null)
      throw new Error(`the platform ended with ${child.exitCode} before it was ready`);
    const runtime = await readRuntime(folder);
    if (runtime !== null && (await isHealthy(runtime.gateway.url))) return runtime;
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

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.kill('SIGTERM');
  await Promise.race([ended, pause(stopDeadlineMs)]);
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await ended;
}
