import { startReplicatedPostgres, type ReplicatedPostgres } from '@evently/testkit/replica';
import { Registry } from 'prom-client';
import { startTcpProxy } from '@evently/testkit/tcp-proxy';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { monotonicMs } from './clock.ts';
import { createLogger } from './log.ts';
import { openDatabase, type Database, type Sql } from './postgres.ts';
import { createReplicaReads, replicaLagMs } from './replica.ts';

const logs: string[] = [];
const log = createLogger('test', 'info', { write: (line: string) => void logs.push(line) });

// Two servers are made, one after the other, on a machine that may be busy.
const startMs = 180_000;
let servers: ReplicatedPostgres;
let primary: Database;
let replica: Database;
let nowMs = 0;
beforeAll(async () => {
  servers = await startReplicatedPostgres();
  primary = openDatabase({ url: servers.primary.url('postgres'), name: 'primary', max: 2, log });
  replica = openDatabase({ url: servers.replica.url('postgres'), name: 'replica', max: 2, log });
  await primary.query('create table notes (text text not null)');
}, startMs);
afterAll(async () => {
  await Promise.all([primary.close(), replica.close()]);
  await servers.stop();
});
beforeEach(() => {
  logs.length = 0;
  nowMs = 0;
});

type Seen = { isReplica: boolean; notes: number };
async function look(sql: Sql): Promise<Seen> {
  const { rows } = await sql.query<{ is_replica: boolean; notes: number }>(
    'select pg_is_in_recovery() as is_replica, (select count(*)::int from notes) as notes',
  );
  return { isReplica: rows[0]?.is_replica ?? false, notes: rows[0]?.notes ?? -1 };
}
const readsWith = (maxLagMs = replicaLagMs, on = replica) =>
  createReplicaReads({ primary, replica: on, log, nowMs: () => nowMs, maxLagMs });
const write = () => primary.query("insert into notes (text) values ('new')");
const countOnPrimary = async (): Promise<number> => (await look(primary)).notes;

test('lists come from the replica, and those that must be newest from the primary', async () => {
  const registry = new Registry();
  const reads = createReplicaReads({ primary, replica, log, nowMs: () => nowMs, registry });
  await write();
  const notes = await countOnPrimary();
  await expect.poll(async () => (await look(replica).catch(() => null))?.notes).toBe(notes);
  expect(await reads(look)).toEqual({ isReplica: true, notes });
  expect(await reads(look, { newest: true })).toEqual({ isReplica: false, notes });
  const text = await registry.metrics();
  expect(text).toContain('evently_replica_reads_total{from="replica"} 1');
  expect(text).toContain('evently_replica_reads_total{from="primary"} 1');
});

test('a replica of a quiet primary is fit, however old its last commit is', async () => {
  await write();
  await expect.poll(async () => (await look(replica)).notes).toBe(await countOnPrimary());
  // No lag at all is allowed: only having everything counts.
  expect(await readsWith(0)(look)).toMatchObject({ isReplica: true });
});

test('a replica that lags more than it may is not read, and is read again when it has caught up', async () => {
  const reads = readsWith(0);
  await servers.pause();
  await write();
  const notes = await countOnPrimary();
  const stale = await look(replica);
  expect(stale).toEqual({ isReplica: true, notes: notes - 1 });
  expect(await reads(look)).toEqual({ isReplica: false, notes });
  expect(logs.join()).toMatch(
    /lists and reports come from the primary.*behind|behind.*come from the primary/,
  );
  await servers.resume();
  await expect.poll(async () => (await look(replica)).notes).toBe(notes);
  // For two seconds it is not even asked.
  expect(await reads(look)).toMatchObject({ isReplica: false });
  nowMs += 2_000;
  expect(await reads(look)).toEqual({ isReplica: true, notes });
  expect(logs.join()).toContain('lists and reports come from the replica again');
});

test('within the limit a lagging replica is read: lists may be so old, and no older', async () => {
  await servers.pause();
  await write();
  const notes = await countOnPrimary();
  expect(await readsWith(60_000)(look)).toEqual({ isReplica: true, notes: notes - 1 });
  await servers.resume();
  await expect.poll(async () => (await look(replica)).notes).toBe(notes);
});

test('a database that is no replica is not taken for one', async () => {
  const other = openDatabase({ url: servers.primary.url('postgres'), name: 'other', max: 1, log });
  expect(await readsWith(replicaLagMs, other)(look)).toMatchObject({ isReplica: false });
  expect(logs.join()).toContain('is no replica');
  await other.close();
});

test('a fault of the statement is the caller’s, whichever server found it', async () => {
  await expect(readsWith()((sql) => sql.query('select 1 / 0 as nothing'))).rejects.toThrow(
    'division by zero',
  );
  expect(logs.join()).not.toContain('come from the primary');
});

test('a replica that does not answer costs one read a moment, and the others nothing', async () => {
  const way = await startTcpProxy(servers.replica.port);
  const url = new URL(servers.replica.url('postgres'));
  url.port = String(way.port);
  const silent = openDatabase({ url: url.href, name: 'silent', max: 1, log });
  const reads = readsWith(replicaLagMs, silent);
  // A machine that is busy may take longer than a look at the lag may.
  await expect
    .poll(() => {
      nowMs += 2_000;
      return reads(look);
    })
    .toMatchObject({ isReplica: true });
  way.silence(true);
  expect(await reads(look)).toMatchObject({ isReplica: false });
  expect(logs.join()).toContain('the replica took longer than 500 ms');
  const startedMs = monotonicMs();
  for (let read = 0; read < 20; read += 1) await reads(look);
  // Each of them would wait as long again: ten seconds in all.
  expect(monotonicMs() - startedMs).toBeLessThan(8_000);
  await way.close();
  await silent.close();
});

test('when the replica is stopped the primary is read, and nobody is refused', async () => {
  const reads = readsWith();
  expect(await reads(look)).toMatchObject({ isReplica: true });
  await servers.replica.stop();
  const notes = await countOnPrimary();
  expect(await Promise.all([reads(look), reads(look), reads(look)])).toEqual(
    Array.from({ length: 3 }, () => ({ isReplica: false, notes })),
  );
  nowMs += 2_000;
  expect(await reads(look)).toEqual({ isReplica: false, notes });
});
