/** Starts the whole platform as a process of its own, kills it or its PostgreSQL, and starts it again. */
import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';

const runtimeSchema = z.looseObject({
  pid: z.int(),
  gateway: z.object({ url: z.string() }),
  ports: z.looseObject({ user: z.int(), booking: z.int() }),
  databases: z.looseObject({ booking: z.string(), payment: z.string() }),
  postgres_pid: z.int(),
  api_key: z.string(),
});
export type RunningPlatform = z.output<typeof runtimeSchema>;

const projectRoot = path.join(import.meta.dirname, '..', '..');
const startMs = 60_000;
const pollMs = 25;

export type Platform = {
  folder: string;
  start: () => Promise<RunningPlatform>;
  /** SIGKILL to the platform's process; PostgreSQL is left behind. */
  kill: () => Promise<void>;
  /** SIGKILL to the postmaster; resolves at once. */
  killPostgres: () => Promise<void>;
  stop: () => Promise<void>;
};

/**
 * A platform on a new folder under the system's temporary one, on free ports, with load testing on. `prepare` may put
 * into the folder what a start is to find there.
 */
export async function createPlatform(
  prepare: (folder: string) => Promise<void> = () => Promise.resolve(),
): Promise<Platform> {
  const folder = await mkdtemp(path.join(tmpdir(), 'evently-kill-'));
  await chmod(folder, 0o755);
  await prepare(folder);
  let child: ChildProcess | null = null;

  async function start(): Promise<RunningPlatform> {
    const free = Object.fromEntries(
      [
        'STANDALONE_PORT',
        'METRICS_PORT',
        'USER_PORT',
        'EVENT_PORT',
        'SEARCH_PORT',
        'BOOKING_PORT',
        'PAYMENT_PORT',
      ].map((name) => [name, '0']),
    );
    const started = spawn(process.execPath, [path.join(projectRoot, 'standalone', 'src', 'main.ts')], {
      cwd: projectRoot,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        ...free,
        EVENTLY_DATA_DIR: folder,
        EVENTLY_LOAD_TEST: '1',
        STANDALONE_SEED: '0',
      },
    });
    child = started;
    let said = '';
    started.stderr?.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString('utf8')).slice(-4_000);
    });
    const deadline = performance.now() + startMs;
    while (performance.now() < deadline) {
      const runtime = await readRuntime(folder, started.pid);
      if (runtime !== null) return runtime;
      if (started.exitCode !== null) throw new Error(`the platform ended with ${started.exitCode}: ${said}`);
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
    throw new Error(`the platform did not start in ${startMs} ms: ${said}`);
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const ending = child;
    if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return;
    const ended = new Promise((resolve) => ending.once('exit', resolve));
    ending.kill(signal);
    await ended;
  }

  return {
    folder,
    start,
    kill: () => end('SIGKILL'),
    killPostgres: async () => {
      const file = path.join(folder, 'pgdata', 'postmaster.pid');
      const [pid] = (await readFile(file, 'utf8')).split('\n');
      process.kill(Number(pid), 'SIGKILL');
    },
    stop: async () => {
      await end('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What this very process wrote about itself, once its gateway answers that it is ready. */
async function readRuntime(folder: string, pid: number | undefined): Promise<RunningPlatform | null> {
  const text = await readFile(path.join(folder, 'runtime.json'), 'utf8').catch(() => '');
  const parsed = text === '' ? null : runtimeSchema.safeParse(JSON.parse(text));
  if (parsed === null || !parsed.success || parsed.data.pid !== pid) return null;
  const ready = await fetch(`${parsed.data.gateway.url}/health`).then(
    (response) => response.ok,
    () => false,
  );
  return ready ? parsed.data : null;
}
