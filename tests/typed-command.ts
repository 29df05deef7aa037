/** What tests of commands share: the platform on ports that nobody has, and programs run as a person types them. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
export const command = path.join(root, 'cli/bin/evently.js');

/** Settings by which a standalone platform takes free ports. */
export const freePorts: Readonly<Record<string, string>> = {
  STANDALONE_PORT: '0',
  METRICS_PORT: '0',
  USER_PORT: '0',
  EVENT_PORT: '0',
  SEARCH_PORT: '0',
  BOOKING_PORT: '0',
  PAYMENT_PORT: '0',
};

export type Ended = { code: number; stdout: string; stderr: string };

const typedMs = 60_000;

/** Runs `file` in the project's folder with `env` alone, and `input` typed into it; a failure is a code. */
export function runTyped(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  input = '',
): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { cwd: root, env, timeout: typedMs };
    const child = execFile(file, [...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ code, stdout, stderr });
    });
    // A program that reads nothing may have ended before it was typed into.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}
