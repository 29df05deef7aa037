/** Finds and ends the server's processes of one cluster, and never a stranger that got the same process id. */
import { execFile } from 'node:child_process';
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { monotonicMs, pause } from '@evently/kit/clock';
import { ClusterFailure } from './failure.ts';
import type { Place } from './place.ts';

const run = promisify(execFile);

const fastMs = 20_000;
const immediateMs = 5_000;
const killMs = 5_000;
const orphanMs = 2_000;
const pollMs = 20;

/**
 * Ends the server of `place` when one runs: a fast shutdown, after 20 s an immediate one, after 5 s more
 * SIGKILL; PostgreSQL recovers from each. Backends whose server was killed get 2 s to notice.
 */
export async function endServer(place: Place): Promise<void> {
  const server = await lockedBy(place.pgdata);
  const found = await processesOf(place);
  if (found.length === 0) return;
  if (server !== null && found.includes(server)) {
    if (await endsAfter(place, [server], 'SIGINT', fastMs)) return;
    if (await endsAfter(place, [server], 'SIGQUIT', immediateMs)) return;
  } else if (await endsWithin(place, orphanMs)) return;
  if (await endsAfter(place, await processesOf(place), 'SIGKILL', killMs)) return;
  throw new ClusterFailure(
    `PostgreSQL in ${place.pgdata} does not end (processes ${(await processesOf(place)).join(', ')}). End it by hand and start again.`,
  );
}

/**
 * Removes `postmaster.pid` when its process id belongs to a stranger now, which happens in containers;
 * PostgreSQL would refuse to start. The shared memory of our own processes still protects the files.
 */
export async function dropForeignLock(place: Place): Promise<void> {
  const server = await lockedBy(place.pgdata);
  if (server === null || !isAlive(server)) return;
  if (!(await processesOf(place)).includes(server))
    await rm(path.join(place.pgdata, 'postmaster.pid'), { force: true });
}

/** The process ids of this cluster's server and backends, zombies excepted. */
export async function processesOf(place: Place): Promise<number[]> {
  const commands = process.platform === 'linux' ? await commandsInProc() : await commandsFromPs();
  return commands
    .filter(({ text }) => text.includes(`-D ${place.pgdata} `) || text.startsWith(`postgres: ${place.name}:`))
    .map(({ pid }) => pid);
}

type Command = { pid: number; text: string };

// The command line is readable by everyone; the working folder of another user's process is not.
async function commandsInProc(): Promise<Command[]> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  return Promise.all(
    pids.map(async (pid) => {
      const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return { pid: Number(pid), text: text.replaceAll('\0', ' ') };
    }),
  );
}

async function commandsFromPs(): Promise<Command[]> {
  if (process.platform === 'win32') return [];
  const { stdout } = await run('ps', ['-axww', '-o', 'pid=,command='], { maxBuffer: 16 * 1024 * 1024 });
  return stdout.split('\n').flatMap((line) => {
    const [, pid, text] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? [];
    return pid === undefined || text === undefined ? [] : [{ pid: Number(pid), text: `${text} ` }];
  });
}

async function lockedBy(pgdata: string): Promise<number | null> {
  const text = await readFile(path.join(pgdata, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number(text.split('\n')[0]);
  return Number.isInteger(pid) && pid > 1 ? pid : null;
}

async function endsAfter(
  place: Place,
  pids: readonly number[],
  signal: NodeJS.Signals,
  withinMs: number,
): Promise<boolean> {
  for (const pid of pids) sendSignal(pid, signal);
  return endsWithin(place, withinMs);
}

async function endsWithin(place: Place, withinMs: number): Promise<boolean> {
  const deadline = monotonicMs() + withinMs;
  while ((await processesOf(place)).length > 0) {
    if (monotonicMs() > deadline) return false;
    await pause(pollMs);
  }
  return true;
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
