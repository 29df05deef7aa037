/** An embedded PostgreSQL cluster in a folder: made once, started, stopped, recovered after a kill. */
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, chmod, chown, mkdir, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { constants } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { binaries, type Binaries } from './binaries.ts';

const run = promisify(execFile);

export type ClusterOptions = {
  /** The folder that holds `pgdata`, the password and the log. */
  directory: string;
  /** 0 picks a free port. */
  port: number;
  /** `name=value` settings of postgresql.conf on the command line. */
  settings?: Readonly<Record<string, string>>;
};

export type Cluster = {
  port: number;
  pid: number;
  url: (database: string) => string;
  stop: () => Promise<void>;
};

const superuser = 'evently';
const startSeconds = 60;
const stopSeconds = 30;
const maxOutputBytes = 1024 * 1024;

/**
 * Starts the cluster of `directory`, making it first when the folder is new. A server that a killed
 * process left running there is stopped first; PostgreSQL then recovers by itself from its log.
 * As root, the server runs as the system's user `postgres`, which is made when it is missing.
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const owner = await serverOwner();
  const bin = await binaries(owner);
  const pgdata = path.join(options.directory, 'pgdata');
  await mkdir(options.directory, { recursive: true });
  const password = await clusterPassword(options.directory);
  if (!(await exists(path.join(pgdata, 'PG_VERSION')))) await makeCluster(bin, owner, pgdata, password);
  await stopServer(bin, owner, pgdata);
  const port = options.port === 0 ? await freePort() : options.port;
  await startServer(bin, owner, options.directory, pgdata, port, options.settings ?? {});
  const pid = Number((await readFile(path.join(pgdata, 'postmaster.pid'), 'utf8')).split('\n')[0]);
  return {
    port,
    pid,
    url: (database) => `postgres://${superuser}:${password}@127.0.0.1:${port}/${database}`,
    stop: () => stopServer(bin, owner, pgdata),
  };
}

export type Owner = { uid: number; gid: number } | null;

/** The user that PostgreSQL runs as: null is the present one. */
async function serverOwner(): Promise<Owner> {
  if (process.getuid?.() !== 0) return null;
  const found = await userIds();
  if (found !== null) return found;
  await run('useradd', ['--system', '--user-group', '--no-create-home', 'postgres']).catch((error: Error) => {
    throw new Error(`PostgreSQL does not run as root, and the user "postgres" could not be made: ${error.message}. Run as another user.`);
  });
  const made = await userIds();
  if (made === null) throw new Error('The user "postgres" was made but is not found. Run as another user.');
  return made;
}

async function userIds(): Promise<Owner> {
  const passwd = await readFile('/etc/passwd', 'utf8');
  const line = passwd.split('\n').find((entry) => entry.startsWith('postgres:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined ? null : { uid: Number(uid), gid: Number(gid) };
}

async function clusterPassword(directory: string): Promise<string> {
  const file = path.join(directory, 'postgres-password');
  const kept = await readFile(file, 'utf8').catch(() => null);
  if (kept !== null) return kept.trim();
  const password = randomBytes(24).toString('hex');
  await writeFile(file, `${password}\n`, { mode: 0o600 });
  return password;
}

async function makeCluster(bin: Binaries, owner: Owner, pgdata: string, password: string): Promise<void> {
  // A folder that a first start left half made has no PG_VERSION and holds nothing worth keeping.
  await rm(pgdata, { recursive: true, force: true });
  await mkdir(pgdata, { recursive: true });
  const passwordFile = `${pgdata}.initdb-password`;
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (owner !== null) {
    await chown(pgdata, owner.uid, owner.gid);
    await chown(passwordFile, owner.uid, owner.gid);
  }
  await chmod(pgdata, 0o700);
  try {
    await run(
      bin.initdb,
      [`--pgdata=${pgdata}`, '--auth=scram-sha-256', `--username=${superuser}`, `--pwfile=${passwordFile}`, '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync'],
      { ...owner, cwd: '/', maxBuffer: maxOutputBytes, env: { ...process.env, LC_ALL: 'C' } },
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
}

async function startServer(
  bin: Binaries, owner: Owner, directory: string, pgdata: string, port: number, settings: Readonly<Record<string, string>>,
): Promise<void> {
  const logFile = path.join(directory, 'postgres.log');
  const log = await open(logFile, 'a');
  if (owner !== null) await log.chown(owner.uid, owner.gid);
  await log.close();
  const flags = Object.entries({ listen_addresses: '127.0.0.1', unix_socket_directories: '', ...settings });
  const commandLine = [`-p ${port}`, ...flags.map(([name, value]) => `-c ${name}=${value === '' ? "''" : value}`)].join(' ');
  const args = ['start', '-w', '-t', String(startSeconds), '-D', pgdata, '-l', logFile, '-o', commandLine];
  const code = await pgCtl(bin, owner, args);
  if (code !== 0) {
    const tail = (await readFile(logFile, 'utf8')).split('\n').slice(-6).join('\n');
    throw new Error(`PostgreSQL did not start in ${pgdata} on port ${port}. The end of ${logFile}:\n${tail}`);
  }
}

/** Stops the server of `pgdata` when one runs; does nothing otherwise. */
async function stopServer(bin: Binaries, owner: Owner, pgdata: string): Promise<void> {
  if ((await pgCtl(bin, owner, ['status', '-D', pgdata])) !== 0) return;
  const code = await pgCtl(bin, owner, ['stop', '-w', '-t', String(stopSeconds), '-m', 'fast', '-D', pgdata]);
  if (code !== 0 && (await pgCtl(bin, owner, ['status', '-D', pgdata])) === 0) {
    throw new Error(`PostgreSQL in ${pgdata} did not stop in ${stopSeconds} s; end it by hand and start again.`);
  }
}

function pgCtl(bin: Binaries, owner: Owner, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(bin.pgCtl, args, { ...owner, cwd: '/', stdio: 'ignore', env: { ...process.env, LC_ALL: 'C' } });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address === null || typeof address === 'string' ? reject(new Error('no free port')) : resolve(address.port)));
    });
  });
}

async function exists(file: string): Promise<boolean> {
  return access(file, constants.F_OK).then(() => true, () => false);
}

/** Whether another user can reach `file`: every folder above it can be entered by everyone. */
export async function reachableByOthers(file: string): Promise<boolean> {
  for (let at = path.resolve(file); at !== path.dirname(at); at = path.dirname(at)) {
    const { mode } = await stat(at);
    if ((mode & 0o001) === 0) return false;
  }
  return true;
}
