/** The commands of the runbook docs/runbooks/backup-and-restore.md, as the test types them. */
import { execFile, spawn } from 'node:child_process';
import { chown, cp, mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { z } from 'zod';
import { serverOwner } from '@evently/postgres/owner';
import { clientProgram, type ClientProgram } from '@evently/testkit/engines/postgres-client';

const commandMs = 120_000;
const conditionMs = 30_000;
const pollMs = 50;
const command = fileURLToPath(new URL('../../cli/bin/evently.js', import.meta.url));

/** The services' databases, each backed up by its name. Search's is not among them: it is made again from the others. */
export const databases = ['evently_user', 'evently_event', 'evently_booking', 'evently_payment'] as const;
/** Files of a standalone folder that are no database, and without which the databases cannot be read. */
export const besideTheDatabases = ['secrets.json', 'postgres-password'] as const;

export type Tools = { pgDump: string };

/** Runs one of PostgreSQL's programs; rejects with what it says on its error stream. */
export function runTool({ pgDump }: Tools, name: ClientProgram, args: readonly string[]): Promise<string> {
  return run(clientProgram(pgDump, name), args, { PATH: process.env['PATH'] });
}

function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      program,
      [...args],
      { env, timeout: commandMs, maxBuffer: 64 * 1024 * 1024 },
      (error, out, said) => {
        if (error === null) resolve(out);
        else reject(new Error(`${path.basename(program)} ${args.join(' ')} failed: ${said.trim()}`));
      },
    );
  });
}

export type Receiver = { stop: () => Promise<void> };

/** Receives every change of the server as it is written, and tells the server when it is safely stored. */
export function receiveChanges({ pgDump }: Tools, url: string, folder: string, slot: string): Receiver {
  const args = ['--dbname', url, '--directory', folder, '--slot', slot, '--synchronous', '--no-loop'];
  const child = spawn(clientProgram(pgDump, 'pg_receivewal'), args, { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  return {
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

export async function ask<R extends pg.QueryResultRow>(url: string, statement: string): Promise<R[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<R>(statement)).rows;
  } finally {
    await client.end();
  }
}

/** Waits until `holds`, at most half a minute; `about` ends the sentence of the failure. */
export async function until(holds: () => Promise<boolean>, about: string): Promise<void> {
  const deadline = performance.now() + conditionMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`within ${conditionMs} ms it was not so that ${about}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** The same server's URL for another database of it. */
export function urlOf(url: string, database: string): string {
  const other = new URL(url);
  other.pathname = `/${database}`;
  return other.href;
}

const verified = z.object({ ok: z.boolean(), findings: z.array(z.looseObject({ invariant: z.string() })) });

/** `evently verify` of the platform in `folder`; a broken invariant is an error that names it. */
export async function verify(folder: string): Promise<number> {
  const env = { PATH: process.env['PATH'], HOME: folder, EVENTLY_DATA_DIR: folder };
  const out = await run(process.execPath, [command, 'verify', '--json'], env);
  const { ok, findings } = verified.parse(JSON.parse(out));
  if (!ok) throw new Error(out);
  return findings.length;
}

const foundAnswer = z.object({ total: z.int() });

/** The demonstration's events are published. */
export async function seed(folder: string): Promise<void> {
  const env = { PATH: process.env['PATH'], HOME: folder, EVENTLY_DATA_DIR: folder };
  await run(process.execPath, [command, 'seed'], env);
}

/** How many events the search has. */
export async function countFound(gatewayUrl: string): Promise<number> {
  const answer = await fetch(`${gatewayUrl}/api/search?limit=1`, { signal: AbortSignal.timeout(commandMs) });
  if (!answer.ok) throw new Error(`the search answered ${answer.status}: ${await answer.text()}`);
  return foundAnswer.parse(await answer.json()).total;
}

/** Rows of every table that a sale writes. */
export async function countRows(url: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of [
    'bookings',
    'booking_transitions',
    'inventory',
    'event_sales',
    'tickets',
    'migrations',
  ]) {
    const [row] = await ask<{ n: number }>(url, `select count(*)::integer as n from ${table}`);
    counts[table] = row?.n ?? -1;
  }
  return counts;
}

export async function copySecrets(from: string, to: string, names: readonly string[]): Promise<void> {
  for (const name of names) await cp(path.join(from, name), path.join(to, name));
}

export type Target = { archive: string; untilTime?: string };

/**
 * Makes a base backup into a server that will recover: its changes come from the archive, up to a time or to the end
 * of what there is. The last piece of the archive was still being written; the server reads as far as it goes.
 */
export async function prepareRecovery(
  base: string,
  pgdata: string,
  { archive, untilTime }: Target,
): Promise<void> {
  await cp(base, pgdata, { recursive: true, verbatimSymlinks: true });
  const complete = path.join(path.dirname(pgdata), 'archive');
  await mkdir(complete);
  await cp(archive, complete, { recursive: true });
  for (const name of await readdir(complete)) {
    const whole = name.replace(/\.partial$/, '');
    if (whole !== name) await rename(path.join(complete, name), path.join(complete, whole));
  }
  const settings = [
    `restore_command = 'cp "${complete}/%f" "%p"'`,
    "recovery_target_action = 'promote'",
    // What held commits back until the old archive had them is not there any more.
    "synchronous_standby_names = ''",
    ...(untilTime === undefined ? [] : [`recovery_target_time = '${untilTime}'`]),
  ];
  await writeFile(path.join(pgdata, 'postgresql.auto.conf'), `${settings.join('\n')}\n`);
  await writeFile(path.join(pgdata, 'recovery.signal'), '');
  await giveToServer([pgdata, complete]);
}

/** As root, the server runs as another user, who has to own its files. */
async function giveToServer(trees: readonly string[]): Promise<void> {
  const owner = await serverOwner();
  if (owner === null) return;
  for (const tree of trees) {
    const inside = await readdir(tree, { recursive: true });
    for (const name of ['', ...inside]) await chown(path.join(tree, name), owner.uid, owner.gid);
  }
}
