/** Where the files of a cluster lie: in its folder, or, when the server's user may not enter that, elsewhere. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ClusterFailure } from './failure.ts';
import { reachableByOthers, type Owner } from './owner.ts';

/** Root's own folder for what the user `postgres` must reach; only used as root. */
export const sharedFolder = '/var/lib/evently';

/** `name` marks the server's processes, so that they are known again after a crash. */
export type Place = { pgdata: string; elsewhere: boolean; name: string };

const pointerFile = 'pgdata-location';

/**
 * The place of the cluster of `directory` (a real path). As root, in a folder that the user `postgres`
 * may not enter (/root, say), the files go to /var/lib/evently, and a pointer file names them.
 */
export async function placeOf(directory: string, owner: Owner): Promise<Place> {
  const name = `evently-${createHash('sha256').update(directory).digest('hex').slice(0, 16)}`;
  const inside = path.join(directory, 'pgdata');
  const pointed = await readFile(path.join(directory, pointerFile), 'utf8').catch(() => null);
  if (pointed !== null) return { pgdata: pointed.trim(), elsewhere: true, name };
  if (owner === null || (await reachableByOthers(directory)))
    return { pgdata: inside, elsewhere: false, name };
  if (existsSync(inside)) {
    throw new ClusterFailure(
      `The user "postgres" may not enter ${directory}. Let it pass (chmod o+x on that folder and those above it), or move the folder back.`,
    );
  }
  const pgdata = path.join(sharedFolder, name, 'pgdata');
  await mkdir(path.dirname(pgdata), { recursive: true, mode: 0o755 });
  await writeFile(path.join(directory, pointerFile), `${pgdata}\n`);
  return { pgdata, elsewhere: true, name };
}

/** Removes the cluster's files wherever they lie. Its server must have ended. */
export async function removePlace(directory: string, place: Place): Promise<void> {
  await rm(place.pgdata, { recursive: true, force: true });
  await rm(unfinished(place.pgdata), { recursive: true, force: true });
  if (place.elsewhere) await rm(path.dirname(place.pgdata), { recursive: true, force: true });
  await rm(path.join(directory, pointerFile), { force: true });
  await rm(path.join(directory, 'postgres-password'), { force: true });
}

/** Where a cluster is made before it is given its name, so that a half-made one is never taken for whole. */
export function unfinished(pgdata: string): string {
  return `${pgdata}.unfinished`;
}
