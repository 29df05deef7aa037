/** Runs one of the benchmark's own server processes: started, told where it listens, ended. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { withDeadline } from '@evently/kit/clock';
import { serverFlags } from './server-flags.ts';

export type ServerProcess = { pid: number; url: string; metricsUrl: string; stop: () => Promise<void> };

const readySchema = z.object({ port: z.int(), metrics_port: z.int() });
const startDeadlineMs = 30_000;
const stopDeadlineMs = 30_000;

/** Starts `file` of this folder with `settings` only; resolves when it has printed the ports it listens on. */
export async function startServerProcess(
  file: string,
  settings: Readonly<Record<string, string>>,
): Promise<ServerProcess> {
  const program = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, [...serverFlags, program], {
    env: { PATH: process.env['PATH'], ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  const lines = createInterface({ input: child.stdout });
  try {
    const first = Promise.race([
      once(lines, 'line'),
      ended.then(() => {
        throw new Error(`${file} ended before it was ready`);
      }),
    ]);
    const [line] = z
      .tuple([z.string()])
      .parse(await withDeadline(first, startDeadlineMs, `the start of ${file}`));
    const ports = readySchema.parse(JSON.parse(line));
    return {
      pid: child.pid ?? 0,
      url: `http://127.0.0.1:${ports.port}`,
      metricsUrl: `http://127.0.0.1:${ports.metrics_port}/metrics`,
      stop: async () => {
        child.kill('SIGTERM');
        await withDeadline(ended, stopDeadlineMs, `the end of ${file}`).catch(() => child.kill('SIGKILL'));
      },
    };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}
