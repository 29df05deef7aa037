/** Follows docs/runbooks/backup-and-restore.md with PostgreSQL's own programs and the whole platform. */
import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test, type TestContext } from 'vitest';
import { startCluster } from '@evently/postgres/cluster';
import { requireEngine } from '@evently/testkit/engines/engine';
import { postgresClient } from '@evently/testkit/engines/postgres-client';
import { createPlatform, type Platform, type RunningPlatform } from '../kill/platform.ts';
import { askAgain, askAll, askUntilSold, makeBuyers, openSale, type Buyer, type Told } from '../kill/sale.ts';
import {
  ask,
  besideTheDatabases,
  copySecrets,
  countFound,
  countRows,
  databases,
  prepareRecovery,
  receiveChanges,
  runTool,
  seed,
  until,
  urlOf,
  verify,
  type Receiver,
  type Tools,
} from './tools.ts';

const seats = 200;
const herd = 300;
/** Events that `evently seed` publishes. */
const demonstration = 10;
const slot = 'evently_backup';
const spreadMs = 400;

let revision = 0;
const toEnd: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of toEnd.splice(0).toReversed()) await end();
}, 90_000);

async function tools({ skip }: TestContext): Promise<Tools> {
  return { pgDump: await requireEngine(postgresClient, skip) };
}

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'evently-backup-'));
  await chmod(folder, 0o755);
  toEnd.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function begin(
  prepare?: (folder: string) => Promise<void>,
): Promise<{ platform: Platform; running: RunningPlatform }> {
  const platform = await createPlatform(prepare);
  toEnd.push(() => platform.stop());
  return { platform, running: await platform.start() };
}

type Sale = { eventId: string; buyers: Buyer[] };
async function openHouse(running: RunningPlatform): Promise<Sale> {
  revision += 1;
  return { eventId: await openSale(running, seats, revision), buyers: await makeBuyers(running, herd) };
}

const reserved = (told: readonly Told[]): Told[] => told.filter(({ status }) => status === 200);

/** Those who were told that they have a seat, and are now told otherwise. */
async function lost(running: RunningPlatform, sale: Sale, acknowledged: readonly Told[]): Promise<Told[]> {
  const now = await askAgain(
    running,
    sale.eventId,
    acknowledged.map(({ buyer }) => buyer),
  );
  return acknowledged.filter(({ body }, at) => now[at]?.body !== body);
}

/** The rest of the herd buys what is left: a restored platform sells on, to the last seat and not beyond. */
async function sellOut(running: RunningPlatform, { eventId, buyers }: Sale): Promise<number> {
  return reserved(await askAgain(running, eventId, buyers)).length;
}

test('a dump is restored into a new cluster: equal counts, verify holds, the sale goes on', async (context) => {
  const program = await tools(context);
  const { platform, running } = await begin();
  await seed(platform.folder);
  await until(async () => (await countFound(running.gateway.url)) === demonstration, 'all are found');
  const sale = await openHouse(running);
  const before = reserved(await askAll(running, sale.eventId, sale.buyers.slice(0, 100), 200));
  const counted = await countRows(running.databases.booking);
  const backup = await newFolder();
  for (const database of databases) {
    const file = path.join(backup, `${database}.dump`);
    await runTool(program, 'pg_dump', [
      '--format=custom',
      '--file',
      file,
      '--dbname',
      urlOf(running.databases.booking, database),
    ]);
  }
  await copySecrets(platform.folder, backup, ['secrets.json']);
  const after = reserved(await askAll(running, sale.eventId, sale.buyers.slice(100, 130), 100));
  await platform.stop();

  const restored = await begin(async (folder) => {
    await copySecrets(backup, folder, ['secrets.json']);
    const cluster = await startCluster({ directory: folder, port: 0 });
    for (const database of databases) {
      await ask(cluster.url('postgres'), `create database ${database}`);
      const file = path.join(backup, `${database}.dump`);
      await runTool(program, 'pg_restore', [
        '--exit-on-error',
        '--no-owner',
        '--single-transaction',
        '--dbname',
        cluster.url(database),
        file,
      ]);
    }
    await cluster.stop();
  });
  expect(await countRows(restored.running.databases.booking)).toEqual(counted);
  // Of search there is no dump: it has the catalog from the event service.
  await until(
    async () => (await countFound(restored.running.gateway.url)) === demonstration,
    'all are found again',
  );
  expect(await verify(restored.platform.folder)).toBeGreaterThan(10);
  expect(before).toHaveLength(100);
  expect(await lost(restored.running, sale, before)).toEqual([]);
  // This is why a dump alone is no backup of a sale: what was acknowledged after it is gone.
  expect(await lost(restored.running, sale, after)).toHaveLength(30);
  expect(await sellOut(restored.running, sale)).toBe(seats);
  expect(await verify(restored.platform.folder)).toBeGreaterThan(10);
}, 180_000);

type Archived = {
  platform: Platform;
  running: RunningPlatform;
  base: string;
  archive: string;
  receiver: Receiver;
};

/** A platform whose every commit waits until the archive has it, and a base backup of it. */
async function beginArchived(program: Tools): Promise<Archived> {
  const { platform, running } = await begin();
  const folder = await newFolder();
  const [base, archive] = [path.join(folder, 'base'), path.join(folder, 'archive')];
  await mkdir(archive);
  const server = urlOf(running.databases.booking, 'postgres');
  await runTool(program, 'pg_receivewal', ['--dbname', server, '--slot', slot, '--create-slot']);
  const receiver = receiveChanges(program, server, archive, slot);
  toEnd.push(receiver.stop);
  await ask(server, "alter system set synchronous_standby_names = 'pg_receivewal'");
  await ask(server, 'select pg_reload_conf()');
  await until(async () => {
    const rows = await ask<{ sync_state: string }>(server, 'select sync_state from pg_stat_replication');
    return rows.some(({ sync_state }) => sync_state === 'sync');
  }, 'the archive follows the server');
  await runTool(program, 'pg_basebackup', [
    '--dbname',
    server,
    '--pgdata',
    base,
    '--checkpoint=fast',
    '--wal-method=none',
  ]);
  await runTool(program, 'pg_verifybackup', ['--no-parse-wal', base]);
  await copySecrets(platform.folder, folder, besideTheDatabases);
  return { platform, running, base, archive, receiver };
}

/** A new platform from the base backup and the archive. */
async function recover(
  from: Archived,
  archive: string,
  untilTime?: string,
): Promise<{ platform: Platform; running: RunningPlatform }> {
  return begin(async (folder) => {
    await copySecrets(path.dirname(from.base), folder, besideTheDatabases);
    const target = untilTime === undefined ? { archive } : { archive, untilTime };
    await prepareRecovery(from.base, path.join(folder, 'pgdata'), target);
  });
}

test('the server is lost in the middle of a sale: with the archive nothing acknowledged is, without its end something is', async (context) => {
  const program = await tools(context);
  const archived = await beginArchived(program);
  const { platform, running, archive } = archived;
  const sale = await openHouse(running);
  const { told, reached } = askUntilSold(running, sale.eventId, sale.buyers, { spreadMs, seats: 50 });
  await reached;
  // The machine with all its disks is gone; what is left is the base backup and the archive.
  await platform.kill();
  await platform.killPostgres();
  const acknowledged = reserved(await told);
  await archived.receiver.stop();
  await platform.stop();
  expect(acknowledged.length).toBeGreaterThan(10);
  expect(acknowledged.length).toBeLessThan(seats);

  const restored = await recover(archived, archive);
  expect(await lost(restored.running, sale, acknowledged)).toEqual([]);
  expect(await verify(restored.platform.folder)).toBeGreaterThan(10);
  expect(await sellOut(restored.running, sale)).toBe(seats);
  expect(await verify(restored.platform.folder)).toBeGreaterThan(10);
  await restored.platform.stop();

  // The control: the same archive without the piece that was being written.
  const last = (await readdir(archive)).find((name) => name.endsWith('.partial'));
  await rm(path.join(archive, last ?? ''));
  const short = await recover(archived, archive);
  expect((await lost(short.running, sale, acknowledged)).length).toBeGreaterThan(0);
}, 240_000);

async function command(running: RunningPlatform, eventId: string, epoch: number): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${running.ports.booking}/internal/sales/${eventId}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', 'x-api-key': running.api_key },
    body: JSON.stringify({
      epoch,
      uid: 'sale',
      generation: 1,
      opens_at: '2026-01-01T00:00:00.000Z',
      closes_at: null,
      intent: 'Run',
    }),
  });
  await response.arrayBuffer();
  return response.status;
}

test('a deletion by hand is undone up to the moment before it, and the operator goes on with its newer epoch', async (context) => {
  const program = await tools(context);
  const archived = await beginArchived(program);
  const { running, archive } = archived;
  const sale = await openHouse(running);
  const kept = reserved(await askAll(running, sale.eventId, sale.buyers.slice(0, 80), 200));
  expect(await command(running, sale.eventId, 3)).toBe(200);
  const counted = await countRows(running.databases.booking);
  const [moment] = await ask<{ now: string }>(
    running.databases.booking,
    'select clock_timestamp()::text as now',
  );
  await ask(running.databases.booking, `delete from bookings where event_id = '${sale.eventId}'`);
  expect(await command(running, sale.eventId, 4)).toBe(200);
  await expect(verify(archived.platform.folder)).rejects.toThrow();
  await archived.platform.stop();
  await archived.receiver.stop();

  const restored = await recover(archived, archive, moment?.now);
  expect(await countRows(restored.running.databases.booking)).toEqual(counted);
  expect(await lost(restored.running, sale, kept)).toEqual([]);
  expect(await verify(restored.platform.folder)).toBeGreaterThan(10);
  // The restored row knows epoch 3; whoever leads now has 4 or later, and an older leader is still refused.
  expect(await command(restored.running, sale.eventId, 4)).toBe(200);
  expect(await command(restored.running, sale.eventId, 3)).toBe(409);
  expect(await sellOut(restored.running, sale)).toBe(seats);
}, 180_000);
