/** Processes of a test that never outlive it: each with its log, all ended when the test's process dies. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { monotonicMs, pause } from '@evently/kit/clock';

export type ProcessGroup = {
  /** Where everything that the processes write lies; removed at the end. */
  folder: string;
  start: (
    name: string,
    program: string,
    args: readonly string[],
    env?: Readonly<Record<string, string | undefined>>,
  ) => Promise<void>;
  /** Whether it was started and has not ended by itself. */
  isRunning: (name: string) => boolean;
  /** The signal or the exit code that it ended with by itself; null while it runs. */
  fateOf: (name: string) => NodeJS.Signals | number | null;
  /** SIGSTOP, SIGCONT and the like; `end` is for those that end it. */
  signal: (name: string, signal: NodeJS.Signals) => void;
  /** Sends the signal and waits for the end; SIGKILL after 10 s. */
  end: (name: string, signal: NodeJS.Signals) => Promise<void>;
  /** Polls until `isReady`; rejects with the end of the log when the process dies or time is up. */
  waitUntil: (name: string, isReady: () => Promise<boolean>, deadlineMs: number) => Promise<void>;
  pids: () => Record<string, number>;
  logOf: (name: string) => Promise<string>;
  /** Ends all, the last started first, and removes the folder unless `EVENTLY_KEEP_LOGS` is set. */
  stop: () => Promise<void>;
};

const pollMs = 50;
const endMs = 10_000;
const lastLines = 20;
// Below the range that Linux and macOS take for outgoing connections, and below that of embedded PostgreSQL,
// which would take a port that was given to a test and is not listened on yet.
const firstPort = 12_000;
const lastPort = 20_000;
const portAttempts = 100;

/**
 * A shell waits at the other end of a pipe: it learns the process ids, and ends them when the pipe closes, which
 * happens when this process ends in whatever way. Who has children of his own gets 3 s to end them.
 */
const watchdog = `pids=""; while read -r line; do pids=$line; done
[ -n "$pids" ] || exit 0
kill -CONT $pids 2>/dev/null; kill $pids 2>/dev/null
sleep 3; kill -9 $pids 2>/dev/null; rm -rf "$1"`;

export async function createProcessGroup(purpose: string): Promise<ProcessGroup> {
  const folder = await mkdtemp(path.join(tmpdir(), `evently-${purpose}-`));
  const guard = spawn('sh', ['-c', watchdog, 'watchdog', folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.unref();
  // It can only fail where there is no shell at all, and then nothing else starts either.
  guard.stdin.on('error', () => undefined);
  const running = new Map<string, ChildProcess>();
  const tell = (): void => {
    const pids = [...running.values()].flatMap((child) => child.pid ?? []);
    guard.stdin.write(`${pids.join(' ')}\n`);
  };
  const logFile = (name: string): string => path.join(folder, `${name}.log`);
  const logOf = (name: string): Promise<string> => readFile(logFile(name), 'utf8').catch(() => '');
  const lastSaid = async (name: string): Promise<string> =>
    (await logOf(name)).trim().split('\n').slice(-lastLines).join('\n');

  const end = async (name: string, signal: NodeJS.Signals): Promise<void> => {
    const child = running.get(name);
    if (child === undefined) return;
    child.kill(signal);
    // A stopped process hears nothing else before it goes on.
    if (signal !== 'SIGKILL') child.kill('SIGCONT');
    if (!(await endsWithin(child, endMs))) child.kill('SIGKILL');
    await endsWithin(child, endMs);
    running.delete(name);
    tell();
  };
  return {
    folder,
    logOf,
    end,
    start: async (name, program, args, env) => {
      if (running.has(name)) throw new Error(`${name} runs already`);
      const log = await open(logFile(name), 'a', 0o600);
      const child = spawn(program, [...args], {
        cwd: folder,
        // Its own session: Ctrl-C reaches the test alone, which then ends all in order.
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
        ...(env === undefined ? {} : { env }),
      });
      child.on('error', () => undefined);
      child.unref();
      running.set(name, child);
      tell();
      await log.close();
      if (child.pid === undefined) throw new Error(`${program} does not start`);
    },
    waitUntil: async (name, isReady, deadlineMs) => {
      const deadline = monotonicMs() + deadlineMs;
      while (!(await isReady())) {
        const child = running.get(name);
        const died = child === undefined || hasEnded(child);
        if (!died && monotonicMs() < deadline) {
          await pause(pollMs);
          continue;
        }
        const fate = died ? 'ended' : `was not ready after ${deadlineMs} ms`;
        throw new Error(`${name} ${fate}. The end of its log:\n${await lastSaid(name)}`);
      }
    },
    isRunning: (name) => {
      const child = running.get(name);
      return child !== undefined && !hasEnded(child);
    },
    fateOf: (name) => running.get(name)?.signalCode ?? running.get(name)?.exitCode ?? null,
    signal: (name, signal) => void running.get(name)?.kill(signal),
    pids: () =>
      Object.fromEntries([...running].flatMap(([name, { pid }]) => (pid === undefined ? [] : [[name, pid]]))),
    stop: async () => {
      for (const name of [...running.keys()].toReversed()) await end(name, 'SIGTERM');
      guard.stdin.end();
      if ((process.env['EVENTLY_KEEP_LOGS'] ?? '') === '') await rm(folder, { recursive: true, force: true });
    },
  };
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
}

async function endsWithin(child: ChildProcess, withinMs: number): Promise<boolean> {
  const deadline = monotonicMs() + withinMs;
  while (!hasEnded(child)) {
    if (monotonicMs() > deadline) return false;
    await pause(pollMs);
  }
  return true;
}

/**
 * A port of loopback that nothing listens on now, and that no other test on this machine is given while this
 * process lives: it holds the UDP port of the same number, which the kernel lets one have, and frees at its end.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < portAttempts; attempt += 1) {
    const port = randomInt(firstPort, lastPort);
    const claim = await claimPort(port);
    if (claim === null) continue;
    if (await isFree(port)) return port;
    claim.close();
  }
  throw new Error(`No free port was found from ${firstPort} to ${lastPort}.`);
}

function claimPort(port: number): Promise<Socket | null> {
  return new Promise((resolve) => {
    const claim = createSocket('udp4').unref();
    claim.once('error', () => {
      claim.close();
      resolve(null);
    });
    claim.bind({ port, address: '127.0.0.1', exclusive: true }, () => resolve(claim));
  });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
