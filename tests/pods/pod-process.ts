/** One service as a process of its own, started by its main.ts as a container starts it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { monotonicMs, pause, withDeadline } from '@evently/kit/clock';
import type { ServiceName } from '@evently/pod/settings';

export type Settings = Readonly<Record<string, string>>;

export type PodProcess = {
  name: ServiceName;
  url: string;
  pid: number;
  /** What it wrote to both outputs so far, the last 100,000 characters. */
  said: () => string;
  /** Resolves with its exit code; null when a signal ended it. */
  ended: Promise<number | null>;
  signal: (signal: NodeJS.Signals) => void;
  /** SIGTERM, then SIGKILL when it does not end. */
  stop: () => Promise<void>;
};

const root = path.join(import.meta.dirname, '..', '..');
const stopMs = 40_000;
const commandMs = 60_000;
const keptCharacters = 100_000;
const pollMs = 50;

export function mainOf(name: ServiceName): string {
  return path.join(root, 'services', name, 'src', 'main.ts');
}

/** With `settings` and nothing else in its environment; one of them has to be the port. */
export function startPod(
  name: ServiceName,
  settings: Settings,
  command: readonly string[] = [process.execPath, mainOf(name)],
): PodProcess {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { env: settings, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const hear = (chunk: Buffer): void => {
    said = (said + chunk.toString('utf8')).slice(-keptCharacters);
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const ended = once(child, 'close').then(() => child.exitCode);
  const port = settings[`${name.toUpperCase()}_PORT`];
  if (port === undefined) throw new Error(`${name} was given no port`);
  return {
    name,
    url: `http://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    said: () => said,
    ended,
    signal: (signal) => void child.kill(signal),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await withDeadline(ended, stopMs, `the end of ${name}`).catch(() => child.kill('SIGKILL'));
      await ended;
    },
  };
}

export type Ran = { code: number | null; stdout: string; stderr: string };

/** Runs one of our programs to its end: `main.ts migrate`, `main.ts config`, a start that fails. */
export function runMain(main: string, args: readonly string[], settings: Settings): Promise<Ran> {
  return runToEnd([process.execPath, main, ...args], settings);
}

export async function runToEnd(command: readonly string[], settings: Settings): Promise<Ran> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { env: settings, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  const closed = once(child, 'close');
  await withDeadline(closed, commandMs, command.join(' ')).catch((error: unknown) => {
    child.kill('SIGKILL');
    throw new Error(`${String(error)}; it said: ${stdout}${stderr}`);
  });
  return { code: child.exitCode, stdout, stderr };
}

export type Probe = { status: number; body: string };

/** What one path answers; status 0 while nobody listens. */
export async function probe(pod: PodProcess, at: string): Promise<Probe> {
  try {
    const answer = await fetch(`${pod.url}${at}`, { signal: AbortSignal.timeout(5_000) });
    return { status: answer.status, body: await answer.text() };
  } catch {
    return { status: 0, body: '' };
  }
}

/** Looks until `holds`; an error with `what` and what `tell` adds after `ms`. */
export async function until(
  what: string,
  ms: number,
  holds: () => Promise<boolean> | boolean,
  tell: () => string = () => '',
): Promise<void> {
  const givesUpAtMs = monotonicMs() + ms;
  while (!(await holds())) {
    if (monotonicMs() > givesUpAtMs) throw new Error(`${what}: not within ${ms} ms. ${tell()}`);
    await pause(pollMs);
  }
}

export function untilReady(pod: PodProcess, ms = 30_000): Promise<void> {
  return until(
    `${pod.name} is ready`,
    ms,
    async () => (await probe(pod, '/health/ready')).status === 200,
    () => pod.said(),
  );
}
