/** A Redis of the benchmark's own: a free port, a folder that is removed, every setting as Redis ships it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { findEngine } from '@evently/testkit/engines/engine';
import { freePort } from '@evently/testkit/engines/kube-processes';
import { redisServer } from '@evently/testkit/engines/redis';
import { monotonicMs, pause, withDeadline } from '@evently/kit/clock';

export type RedisServer = {
  url: string;
  pid: number;
  client: Redis;
  /** Its version, and what decides how much of its memory survives it. */
  settings: Readonly<Record<string, string>>;
  stop: () => Promise<void>;
};

const startMs = 10_000;
const stopMs = 10_000;
const pollMs = 50;
const persistence = ['save', 'appendonly', 'appendfsync'] as const;

/** Starts one, or answers why there is none here. */
export async function startRedis(): Promise<
  { kind: 'started'; server: RedisServer } | { kind: 'missing'; reason: string }
> {
  const found = await findEngine(redisServer);
  if (found.kind === 'missing') return found;
  const folder = await mkdtemp(path.join(tmpdir(), 'evently-bench-redis-'));
  const port = await freePort();
  const flags = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--daemonize', 'no'];
  const child = spawn(found.program, flags, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(child, 'close');
  const client = new Redis({ host: '127.0.0.1', port, lazyConnect: true, retryStrategy: () => pollMs });
  // Without a listener a refused connection ends the process; `ping` tells in time that it listens.
  client.on('error', () => {});
  const stop = async (): Promise<void> => {
    client.disconnect();
    child.kill('SIGTERM');
    await withDeadline(ended, stopMs, 'the end of redis-server').catch(() => child.kill('SIGKILL'));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await untilReady(client, () => child.exitCode);
    const settings = { version: found.version, ...(await readSettings(client)) };
    const server = { url: `redis://127.0.0.1:${port}`, pid: child.pid ?? 0, client, settings, stop };
    return { kind: 'started', server };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function untilReady(client: Redis, exitCode: () => number | null): Promise<void> {
  const giveUpAtMs = monotonicMs() + startMs;
  while (monotonicMs() < giveUpAtMs) {
    const code = exitCode();
    if (code !== null) throw new Error(`redis-server ended with ${code} before it was ready`);
    const answer = await withDeadline(client.ping(), pollMs * 10, 'the first answer of redis-server').catch(
      () => null,
    );
    if (answer === 'PONG') return;
    await pause(pollMs);
  }
  throw new Error(`redis-server was not ready in ${startMs / 1_000} s`);
}

async function readSettings(client: Redis): Promise<Record<string, string>> {
  const settings: Record<string, string> = {};
  for (const name of persistence) {
    const answer = await client.config('GET', name);
    settings[name] = Array.isArray(answer) ? String(answer[1]) : 'unknown';
  }
  return settings;
}
