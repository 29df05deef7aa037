import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeCluster, startCluster } from './cluster.ts';
import { placeOf } from './place.ts';
import { superviseCluster, type SupervisorEvent } from './supervisor.ts';

// Crash safety is on, because it is what these tests are about.
const settings = { shared_buffers: '16MB', max_connections: '10' };
let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'evently-cluster-'));
  await chmod(directory, 0o755);
});
afterAll(async () => {
  await removeCluster(directory);
  await rm(directory, { recursive: true, force: true });
});

async function ask(url: string, statement: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}

test('a half-made cluster is made again, and a stopped one keeps what it held', async () => {
  await mkdir(path.join(directory, 'pgdata.unfinished'), { recursive: true });
  await writeFile(path.join(directory, 'pgdata.unfinished', 'PG_VERSION'), '18\n');
  const first = await startCluster({ directory, port: 0, settings });
  await ask(first.url('postgres'), 'create table kept (n integer); insert into kept values (7)');
  await first.stop();
  await first.exited;
  const second = await startCluster({ directory, port: 0, settings });
  expect(await ask(second.url('postgres'), 'select n from kept')).toEqual([{ n: 7 }]);
  expect(await ask(second.url('postgres'), 'show fsync')).toEqual([{ fsync: 'on' }]);
  await second.stop();
});

test('a server left running by a killed process is stopped and started, with nothing lost', async () => {
  const left = await startCluster({ directory, port: 0, settings });
  await ask(left.url('postgres'), 'insert into kept values (8)');
  const next = await startCluster({ directory, port: 0, settings });
  expect(next.pid).not.toBe(left.pid);
  expect(await ask(next.url('postgres'), 'select n from kept order by n')).toEqual([{ n: 7 }, { n: 8 }]);
  await next.stop();
});

test('a server killed with SIGKILL comes back by itself on the same port, with what it had acknowledged', async () => {
  const events: SupervisorEvent[] = [];
  let restarted: () => void = () => {};
  const back = new Promise<void>((resolve) => (restarted = resolve));
  const supervised = await superviseCluster({ directory, port: 0, settings }, (event) => {
    events.push(event);
    if (event.kind === 'restarted') restarted();
  });
  const killed = supervised.pid();
  await ask(supervised.url('postgres'), 'insert into kept values (9)');
  process.kill(killed, 'SIGKILL');
  await back;
  expect(events[0]).toEqual({ kind: 'ended', pid: killed });
  expect(await ask(supervised.url('postgres'), 'select n from kept where n = 9')).toEqual([{ n: 9 }]);
  await supervised.stop();
  expect(events.at(-1)?.kind).toBe('restarted');
  await expect(ask(supervised.url('postgres'), 'select 1')).rejects.toThrow('ECONNREFUSED');
});

test('a lock file with the process id of a stranger neither stops the start nor hurts the stranger', async () => {
  const stranger = spawn('sleep', ['60'], { stdio: 'ignore' });
  try {
    await writeFile(
      path.join(directory, 'pgdata', 'postmaster.pid'),
      `${stranger.pid}\n${directory}/pgdata\n1\n5432\n\n127.0.0.1\n`,
    );
    const cluster = await startCluster({ directory, port: 0, settings });
    await cluster.stop();
    expect(stranger.exitCode).toBeNull();
    expect(stranger.signalCode).toBeNull();
  } finally {
    stranger.kill('SIGKILL');
  }
});

test('a lost password file is replaced, and the databases stay', async () => {
  await rm(path.join(directory, 'postgres-password'));
  const cluster = await startCluster({ directory, port: 0, settings });
  expect(await ask(cluster.url('postgres'), 'select count(*)::integer as rows from kept')).toEqual([
    { rows: 3 },
  ]);
  await cluster.stop();
});

test('a taken port is named in one sentence, and nothing is left running', async () => {
  const holder = createServer();
  const port = await new Promise<number>((resolve) => {
    holder.listen(0, '127.0.0.1', () => {
      const address = holder.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  await expect(startCluster({ directory, port, settings })).rejects.toThrow(
    `Port ${port} on 127.0.0.1 for PostgreSQL cannot be used`,
  );
  expect(existsSync(path.join(directory, 'pgdata', 'postmaster.pid'))).toBe(false);
  holder.close();
});

test('a cluster of another PostgreSQL version is refused by name', async () => {
  const file = path.join(directory, 'pgdata', 'PG_VERSION');
  const version = await readFile(file, 'utf8');
  await writeFile(file, '12\n');
  await expect(startCluster({ directory, port: 0, settings })).rejects.toThrow('was made by PostgreSQL 12');
  await writeFile(file, version);
});

test('in a folder that only root may enter, the files lie where the server can reach them', async () => {
  const closed = await mkdtemp(path.join(tmpdir(), 'evently-closed-'));
  const place = await placeOf(closed, { uid: 65_534, gid: 65_534 });
  expect(place.elsewhere).toBe(true);
  expect(await placeOf(closed, null)).toEqual(place);
  await removeCluster(closed);
  expect(existsSync(path.dirname(place.pgdata))).toBe(false);
  await rm(closed, { recursive: true, force: true });
});
