/** Processor time and memory of processes, from /proc; null where the system has none (it is Linux's). */
import { readFile } from 'node:fs/promises';
import { startTicker } from '@evently/kit/clock';

// The kernel counts in 1/100 s for programs on every architecture that Node supports (USER_HZ).
const ticksPerSecond = 100;
const bytesPerMb = 1_048_576;
const kbPerMb = 1_024;
const sampleMs = 250;
const keptSamples = 120;

/** User and system seconds of `pid` since it started; with those of children that have ended when `reaped`. */
async function cpuSecondsOf(pid: number, reaped: boolean): Promise<number | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (text === null) return null;
  // The name in brackets may hold spaces; what follows it starts with the third field (proc_pid_stat(5)).
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [own, ofChildren] = [fields.slice(11, 13), fields.slice(13, 15)];
  return (
    [...own, ...(reaped ? ofChildren : [])].reduce((sum, ticks) => sum + Number(ticks), 0) / ticksPerSecond
  );
}

/** Seconds of the processes together, and of their living children when `tree` (PostgreSQL's backends). */
export async function sumCpuSeconds(pids: readonly number[], tree: boolean): Promise<number | null> {
  let sum = 0;
  for (const pid of pids) {
    const seconds = await cpuSecondsOf(pid, tree);
    if (seconds === null) return null;
    const children = tree ? await childrenOf(pid) : [];
    const ofChildren = await Promise.all(children.map((child) => cpuSecondsOf(child, false)));
    sum += ofChildren.reduce<number>((total, one) => total + (one ?? 0), seconds);
  }
  return sum;
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').filter(Boolean).map(Number);
}

/** Resident memory of one process, in MiB. */
async function residentMb(pid: number): Promise<number | null> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kb = /^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1];
  return kb === undefined ? null : Number(kb) / kbPerMb;
}

/** Resident memory over a run, in MiB; `samples` are evenly spaced, at most 120 of them. */
export type MemorySpan = {
  first: number;
  last: number;
  most: number;
  everyMs: number;
  samples: readonly number[];
};
export type MemoryWatch = { stop: () => Promise<MemorySpan | null> };

/** Looks at the resident memory of `pid` four times a second. Null when it cannot be seen. */
export function watchMemory(pid: number): MemoryWatch {
  const seen: number[] = [];
  const ticker = startTicker(sampleMs, async () => {
    const mb = await residentMb(pid);
    if (mb !== null) seen.push(mb);
  });
  return {
    stop: async () => {
      await ticker.stop();
      return spanOf(seen);
    },
  };
}

function spanOf(seen: readonly number[]): MemorySpan | null {
  const [first, last] = [seen[0], seen.at(-1)];
  if (first === undefined || last === undefined) return null;
  const step = Math.ceil(seen.length / keptSamples);
  const samples = seen.filter((_, at) => at % step === 0).map((mb) => Math.round(mb * 10) / 10);
  const most = seen.reduce((largest, mb) => Math.max(largest, mb), 0);
  return { first, last, most, everyMs: step * sampleMs, samples };
}

/** User and system seconds of this process, the generator. */
export function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
}

/** This process's own resident memory, in MiB. */
export function ownMemoryMb(): number {
  return process.memoryUsage.rss() / bytesPerMb;
}
