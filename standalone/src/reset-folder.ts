/** `make reset`: removes the platform's data, so that the next start begins anew. */
import { realpath, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { removeCluster } from '@evently/postgres/cluster';
import { StandaloneFailure } from './failure.ts';
import { lockFolder } from './folder/lock.ts';

// Only what the platform makes itself: the folder may be one that holds a person's other files.
const ownFiles = [
  'secrets.json',
  'runtime.json',
  'postgres.log',
  'postgres.log.1',
  'evently.log',
  'evently.log.1',
  'mail',
];

/** Removes the databases, secrets, mail and logs of `named`; refuses while a platform runs on it. */
export async function resetFolder(named: string): Promise<string> {
  const folder = await realpath(named).catch(() => null);
  if (folder === null) return `There is nothing in ${named}; "make start" begins anew.`;
  const locked = await lockFolder(folder);
  if (!locked.ok) {
    throw new StandaloneFailure(
      `Evently runs on ${folder} (process ${locked.holder?.pid ?? 'unknown'}). End it with "make stop", then reset. Nothing was changed.`,
    );
  }
  try {
    await removeCluster(folder);
    for (const name of ownFiles) await rm(path.join(folder, name), { recursive: true, force: true });
    // Stays when it holds anything else.
    await rmdir(folder).catch(() => {});
  } finally {
    await locked.lock.release();
  }
  return `${folder} is empty; "make start" begins anew.`;
}
