/** A PostgreSQL with a streaming replica of its own, both embedded; the replica can be held back, and both can be stopped. */
import { execFile } from 'node:child_process';
import { chmod, chown, copyFile, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { startCluster, type Cluster } from '@evently/postgres/cluster';

export type ReplicatedPostgres = {
  primary: Cluster;
  replica: Cluster;
  /** The replica goes on receiving, and shows nothing newer until `resume`. */
  pause: () => Promise<void>;
  resume: () => Promise<void>;
  stop: () => Promise<void>;
};

const run = promisify(execFile);
const connectMs = 5_000;
const passwordFile = 'postgres-password';

/** Made as the manual says (25.3.3, "Making a Base Backup Using the Low Level API"): begin, copy the files, end. */
export async function startReplicatedPostgres(): Promise<ReplicatedPostgres> {
  const folder = await mkdtemp(path.join(tmpdir(), 'evently-replica-'));
  await chmod(folder, 0o755);
  const [first, second] = [path.join(folder, 'primary'), path.join(folder, 'replica')];
  const primary = await startCluster({ directory: first, port: 0 });
  await mkdir(second);
  await copyCluster(primary, path.join(second, 'pgdata'));
  await copyFile(path.join(first, passwordFile), path.join(second, passwordFile));
  const address = new URL(primary.url('postgres'));
  const replica = await startCluster({
    directory: second,
    port: 0,
    settings: {
      primary_conninfo: `host=127.0.0.1 port=${primary.port} user=${address.username} password=${address.password}`,
      hot_standby: 'on',
    },
  });
  return {
    primary,
    replica,
    pause: () => onServer(replica, 'select pg_wal_replay_pause()'),
    resume: () => onServer(replica, 'select pg_wal_replay_resume()'),
    stop: async () => {
      await replica.stop();
      await primary.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Files that the copy must not have: the other server's lock, and its log, which the replica fetches itself. */
const notCopied = ['postmaster.pid', 'postmaster.opts', 'pg_wal'];

async function copyCluster(primary: Cluster, target: string): Promise<void> {
  const client = await connect(primary);
  try {
    // The backup belongs to this session from its beginning to its end.
    await client.query("select pg_backup_start('replica', fast => true)");
    // With owners and rights: the server refuses files of anybody else.
    await run('cp', ['-Rp', primary.pgdata, target]);
    const { rows } = await client.query<{ labelfile: string }>(
      'select labelfile from pg_backup_stop(wait_for_archive => false)',
    );
    for (const name of notCopied) await rm(path.join(target, name), { recursive: true, force: true });
    const log = path.join(target, 'pg_wal');
    await mkdir(log, { mode: 0o700 });
    await giveToServer(primary, log);
    await writeOwned(primary, target, 'backup_label', rows[0]?.labelfile ?? '');
    await writeOwned(primary, target, 'standby.signal', '');
  } finally {
    await client.end();
  }
}

async function writeOwned(primary: Cluster, target: string, name: string, text: string): Promise<void> {
  const file = path.join(target, name);
  await writeFile(file, text, { mode: 0o600 });
  await giveToServer(primary, file);
}

/** To the user that the server runs as, who owns its files. */
async function giveToServer(cluster: Cluster, file: string): Promise<void> {
  const { uid, gid } = await stat(cluster.pgdata);
  await chown(file, uid, gid);
}

async function connect(cluster: Cluster): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: cluster.url('postgres'),
    connectionTimeoutMillis: connectMs,
  });
  // The servers of tests are killed; what that means is the test's matter.
  client.on('error', () => {});
  await client.connect();
  return client;
}

async function onServer(cluster: Cluster, statement: string): Promise<void> {
  const client = await connect(cluster);
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
