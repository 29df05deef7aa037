/** The data folder: made when missing, checked, and its files written whole or not at all. */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { reasonOf, StandaloneFailure } from '../failure.ts';

/** Makes the folder with its `mail` and answers its real path; a clear failure when it cannot be written. */
export async function openDataFolder(folder: string): Promise<string> {
  try {
    await makeFolders(path.resolve(folder));
    const real = await realpath(folder);
    await mkdir(path.join(real, 'mail'), { recursive: true, mode: 0o700 });
    const probe = path.join(real, `.probe-${randomBytes(6).toString('hex')}`);
    const handle = await open(probe, 'wx');
    await handle.close();
    await rm(probe);
    return real;
  } catch (error) {
    throw new StandaloneFailure(
      `The data folder ${folder} cannot be written (${reasonOf(error)}). Make it writable, or name another one in EVENTLY_DATA_DIR.`,
      { cause: error },
    );
  }
}

/**
 * Makes the folder and what is missing above it, one after the other. Node's own `recursive` repeats for ever
 * where a file system answers ENOENT although the parent exists, as /proc does.
 */
export async function makeFolders(folder: string): Promise<void> {
  const missing: string[] = [];
  let at = folder;
  while (at !== path.dirname(at) && !(await isPresent(at))) {
    missing.unshift(at);
    at = path.dirname(at);
  }
  for (const one of missing) {
    // Another start may have made it in between.
    await mkdir(one, { mode: 0o755 }).catch((error: unknown) => {
      if (reasonOf(error) !== 'EEXIST') throw error;
    });
  }
}

async function isPresent(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    (error: unknown) => {
      if (reasonOf(error) === 'ENOENT') return false;
      throw error;
    },
  );
}

/** Replaces `file` by `text`, readable by its owner only; a crash leaves the old or the new one. */
export async function replaceFile(file: string, text: string): Promise<void> {
  const next = `${file}.${randomBytes(6).toString('hex')}`;
  const handle = await open(next, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(next, file);
}

/** The text of `file`, or null when there is none. */
export async function readIfPresent(file: string): Promise<string | null> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    if (reasonOf(error) === 'ENOENT') return null;
    throw new StandaloneFailure(
      `${file} cannot be read (${reasonOf(error)}). Start as the user who made it.`,
      { cause: error },
    );
  });
}
