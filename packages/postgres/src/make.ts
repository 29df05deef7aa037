/** Makes a new cluster, whole or not at all, and keeps its password. */
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Binaries } from './binaries.ts';
import { ClusterFailure } from './failure.ts';
import type { Owner } from './owner.ts';
import { unfinished, type Place } from './place.ts';

const run = promisify(execFile);

export const superuser = 'evently';
const maxOutputBytes = 1024 * 1024;
const initdbMs = 120_000;
const passwordChangeMs = 60_000;

export type MakeOptions = { bin: Binaries; owner: Owner; place: Place; directory: string; durable: boolean };

/**
 * Makes the cluster when there is none and answers its password. It grows under another name and is
 * renamed when it is whole, so a kill in between leaves nothing that could be taken for a cluster.
 */
export async function ensureCluster(options: MakeOptions): Promise<string> {
  const { place, directory } = options;
  const version = await readFile(path.join(place.pgdata, 'PG_VERSION'), 'utf8').catch((error: unknown) =>
    missing(error, place),
  );
  const kept = await readPassword(directory);
  const password = kept ?? randomBytes(24).toString('hex');
  if (version === null) {
    await makeCluster(options, password);
  } else if (version.trim() !== options.bin.major) {
    throw new ClusterFailure(
      `${place.pgdata} was made by PostgreSQL ${version.trim()}, and this is ${options.bin.major}. Use the version of Evently that made it, or begin anew with "make reset".`,
    );
  } else if (kept === null) {
    await changePassword(options, password);
  }
  if (kept === null) await keepPassword(directory, password);
  return password;
}

function missing(error: unknown, place: Place): null {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  if (code !== 'ENOENT') {
    throw new ClusterFailure(
      `${place.pgdata} cannot be read (${String(code)}). Start as the user who made it, or choose another folder.`,
    );
  }
  return null;
}

async function readPassword(directory: string): Promise<string | null> {
  const text = await readFile(path.join(directory, 'postgres-password'), 'utf8').catch(() => '');
  return text.trim() === '' ? null : text.trim();
}

async function keepPassword(directory: string, password: string): Promise<void> {
  const file = path.join(directory, 'postgres-password');
  await writeFile(`${file}.new`, `${password}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

async function makeCluster(options: MakeOptions, password: string): Promise<void> {
  const { bin, owner, place } = options;
  const target = unfinished(place.pgdata);
  await rm(target, { recursive: true, force: true });
  await rm(place.pgdata, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  const passwordFile = `${target}.password`;
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  await giveTo(owner, target);
  await giveTo(owner, passwordFile);
  await chmod(target, 0o700);
  const args = [
    `--pgdata=${target}`,
    `--username=${superuser}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // PostgreSQL's own locale: the same order on every system, whatever locales are installed.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    ...(options.durable ? [] : ['--no-sync']),
  ];
  try {
    await run(bin.initdb, args, {
      ...owner,
      cwd: '/',
      maxBuffer: maxOutputBytes,
      timeout: initdbMs,
      env: serverEnvironment(),
    });
  } catch (error) {
    const said =
      error instanceof Error ? error.message.split('\n').slice(-4).join(' ').trim() : String(error);
    throw new ClusterFailure(`The database could not be made in ${place.pgdata}: ${said}`);
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(target, place.pgdata);
}

async function giveTo(owner: Owner, file: string): Promise<void> {
  if (owner !== null) await chown(file, owner.uid, owner.gid);
}

/** Gives a stopped cluster whose password file was lost a new password, in single-user mode. */
function changePassword(options: MakeOptions, password: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(options.bin.postgres, ['--single', '-D', options.place.pgdata, 'postgres'], {
      ...options.owner,
      cwd: '/',
      stdio: ['pipe', 'ignore', 'ignore'],
      timeout: passwordChangeMs,
      env: serverEnvironment(),
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else
        reject(
          new ClusterFailure(
            `The password of ${options.place.pgdata} is lost and could not be changed. Begin anew with "make reset".`,
          ),
        );
    });
    child.stdin.end(`alter role ${superuser} password '${password}'\n`);
  });
}

/** What the programs see of the environment: no PG* variable of the person who starts them. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('PG') && !name.startsWith('LC_'),
  );
  return { ...Object.fromEntries(kept), LC_ALL: 'C' };
}
