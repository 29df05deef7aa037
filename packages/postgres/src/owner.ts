/** The system's user that PostgreSQL runs as: it refuses to run as root. */
import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { ClusterFailure } from './failure.ts';

const run = promisify(execFile);

/** null is the present user. */
export type Owner = { uid: number; gid: number } | null;

/** As root: the user `postgres`, made when it is missing. Otherwise the present user. */
export async function serverOwner(): Promise<Owner> {
  if (process.getuid?.() !== 0) return null;
  const found = await postgresUser();
  if (found !== null) return found;
  await run('useradd', ['--system', '--user-group', '--no-create-home', 'postgres']).catch((error: Error) => {
    throw new ClusterFailure(
      `PostgreSQL does not run as root, and the user "postgres" could not be made (${error.message.split('\n')[0]}). Run as another user.`,
    );
  });
  const made = await postgresUser();
  if (made === null)
    throw new ClusterFailure('The user "postgres" was made but is not found. Run as another user.');
  return made;
}

async function postgresUser(): Promise<Owner> {
  const passwd = await readFile('/etc/passwd', 'utf8');
  const line = passwd.split('\n').find((entry) => entry.startsWith('postgres:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined ? null : { uid: Number(uid), gid: Number(gid) };
}

/** Whether another user can reach `file`: every folder on the way to it can be entered by everyone. */
export async function reachableByOthers(file: string): Promise<boolean> {
  for (let at = path.resolve(file); at !== path.dirname(at); at = path.dirname(at)) {
    const { mode } = await stat(at);
    if ((mode & 0o001) === 0) return false;
  }
  return true;
}
