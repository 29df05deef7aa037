/** A Redis of a test's own: a free port, a folder that is removed; it can be killed, started again, and follow another. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { monotonicMs, pause, withDeadline } from '@evently/kit/clock';
import { freePort } from './kube-processes.ts';

export type RedisProcessOptions = {
  /** What `requireEngine(redisServer, …)` answered. */
  program: string;
  /** Settings after those that keep nothing on disk, as arguments: `--appendonly yes`. */
  flags?: readonly string[];
};

export type RedisProcess = {
  port: number;
  url: string;
  /** Sends one command and answers what Redis says, as text of its protocol; for tests that look from outside. */
  command: (...words: string[]) => Promise<string>;
  /** SIGKILL: what is not on disk is gone. */
  kill: () => Promise<void>;
  /** Again on the same port, in the same folder. */
  start: () => Promise<void>;
  /** Stops the process without ending it: it accepts connections and answers nothing. */
  freeze: () => void;
  thaw: () => void;
  stop: () => Promise<void>;
};

const startMs = 15_000;
const stopMs = 10_000;
const pollMs = 20;
const commandMs = 5_000;

/** Starts one that keeps nothing on disk unless `flags` say so. */
export async function startRedisProcess({ program, flags = [] }: RedisProcessOptions): Promise<RedisProcess> {
  const folder = await mkdtemp(path.join(tmpdir(), 'evently-redis-'));
  const port = await freePort();
  const words = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', ...flags];
  let child: ChildProcess | null = null;
  const command = (...said: string[]): Promise<string> => askRedis(port, said);

  async function start(): Promise<void> {
    const started = spawn(program, words, { stdio: ['ignore', 'ignore', 'inherit'] });
    child = started;
    const giveUpAtMs = monotonicMs() + startMs;
    while (monotonicMs() < giveUpAtMs) {
      if (started.exitCode !== null) throw new Error(`redis-server ended with ${started.exitCode}`);
      const answer = await command('PING').catch(() => '');
      if (answer.startsWith('+PONG')) return;
      await pause(pollMs);
    }
    // Nobody gets a handle on it, so nobody else would end it.
    started.kill('SIGKILL');
    throw new Error(`redis-server was not ready in ${startMs / 1_000} s`);
  }
  async function end(signal: NodeJS.Signals): Promise<void> {
    const ending = child;
    child = null;
    if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return;
    const closed = once(ending, 'close');
    ending.kill(signal);
    await withDeadline(closed, stopMs, 'the end of redis-server').catch(() => ending.kill('SIGKILL'));
  }
  await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    command,
    kill: () => end('SIGKILL'),
    start,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    stop: async () => {
      // A process that is stopped does not hear SIGTERM; nothing of a test's data is worth keeping.
      await end('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** One command on a connection of its own; the answer as it came, up to the first pause of the server. */
function askRedis(port: number, words: readonly string[]): Promise<string> {
  const text = `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
  return withDeadline(
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(text));
      const parts: string[] = [];
      socket.setEncoding('utf8');
      socket.on('data', (part: string) => {
        parts.push(part);
        // A second command marks the end of the first one's answer.
        if (parts.length === 1) socket.write('*1\r\n$4\r\nQUIT\r\n');
      });
      socket.once('error', reject);
      socket.once('close', () => resolve(parts.join('').replace(/\+OK\r\n$/, '')));
    }),
    commandMs,
    `Redis's answer to ${words[0]}`,
  );
}
