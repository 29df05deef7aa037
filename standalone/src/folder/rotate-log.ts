/** Keeps a log file from growing without end: at the start, a large one makes place for a new one. */
import { rename, stat } from 'node:fs/promises';

const maxLogBytes = 50 * 1024 * 1024;

/** Renames `file` to `file`.1 when it is larger than 50 MiB; the one before is dropped. */
export async function rotateLog(file: string): Promise<void> {
  const present = await stat(file).catch(() => null);
  if (present !== null && present.size > maxLogBytes) await rename(file, `${file}.1`);
}
