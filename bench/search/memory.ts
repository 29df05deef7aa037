/** Memory of a process and of its children, what they share counted once (proportional set size, proc(5)). */
import { readFile } from 'node:fs/promises';

const kbPerMb = 1_024;

/** In MiB; null where the system does not say. */
export async function sharedMemoryMb(pid: number): Promise<number | null> {
  const own = await proportionalKb(pid);
  if (own === null) return null;
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const children = await Promise.all(text.split(' ').filter(Boolean).map(Number).map(sharedMemoryMb));
  return own / kbPerMb + children.reduce<number>((sum, mb) => sum + (mb ?? 0), 0);
}

async function proportionalKb(pid: number): Promise<number | null> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  const kb = /^Pss:\s+(\d+) kB$/m.exec(text)?.[1];
  return kb === undefined ? null : Number(kb);
}
