import { createPublicKey, randomUUID } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { bookingMigrations } from '@evently/booking/migrations';
import { verifyBooking } from '@evently/booking/store/verify';
import { createLogger } from '@evently/kit/log';
import { migrate, type MigrationSet } from '@evently/kit/migrate';
import { createTestDatabase, type TestDatabase } from '@evently/testkit/postgres';
import { createTestTokens } from '@evently/testkit/tokens';
import { specOfHouse } from '../kill/sale.ts';
import { createRotation, reserveRequest, sendOpenLoop, type Rotation } from './rotation.ts';

const apiKey = 'key-between-the-services-of-a-test';
const log = createLogger('test', 'silent');
const seats = 1_200;
const perSecond = 120;
const reserve = '/api/v1/bookings/reserve';

let database: TestDatabase;
let rotation: Rotation;
let next: MigrationSet;
const tokens: string[] = [];
let revision = 0;

beforeAll(async () => {
  database = await createTestDatabase([bookingMigrations]);
  next = await writeNextMigrations();
  const signer = createTestTokens();
  for (let made = 0; made < seats + 1; made += 1) tokens.push(await signer.user());
  const key = createPublicKey(signer.privateKey).export({ type: 'spki', format: 'pem' });
  rotation = createRotation({
    BOOKING_DATABASE_URL: database.url,
    BOOKING_TICKET_SECRET: 'a secret of thirty-two characters',
    EVENTLY_API_KEY: apiKey,
    EVENTLY_ACCEPTED_API_KEYS: apiKey,
    EVENTLY_LOG_LEVEL: 'silent',
    TEST_TOKEN_KEY: key,
  });
  await Promise.all([rotation.add(), rotation.add()]);
}, 120_000);
afterAll(async () => {
  await rotation.stop();
  await database.drop();
  await rm(path.dirname(next.directory), { recursive: true, force: true });
}, 60_000);
afterEach(async () => {
  const broken = (await verifyBooking(database.db)).flatMap(({ violations }) => violations.rows);
  expect(broken).toEqual([]);
});

/**
 * What a next version may bring: columns on every table that a sale writes, and the hot path's function replaced. In
 * the folder of the real ones, because their order is checked.
 */
async function writeNextMigrations(): Promise<MigrationSet> {
  const directory = path.join(await mkdtemp(path.join(tmpdir(), 'evently-next-')), 'migrations');
  await cp(bookingMigrations.directory, directory, { recursive: true });
  // In the order in which a sale locks them: another one could wait for a sale that waits for it.
  const columns = ['event_sales', 'bookings', 'inventory', 'outbox'].map(
    (table) => `alter table ${table} add column next_version text not null default '';`,
  );
  await writeFile(path.join(directory, '9001-columns.sql'), columns.join('\n'));
  const reserveBatch = path.join(directory, '0008-reserve-batch-read-once.sql');
  await writeFile(path.join(directory, '9002-function.sql'), await readFile(reserveBatch, 'utf8'));
  return { directory, table: bookingMigrations.table };
}

async function openHouse(capacity: number): Promise<string> {
  revision += 1;
  const eventId = randomUUID();
  const spec = specOfHouse('A rolling house', capacity, revision);
  const status = await rotation.send(`/internal/inventory/${eventId}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', 'x-api-key': apiKey },
    body: JSON.stringify(spec),
  });
  if (status !== 200) throw new Error(`the house did not open: ${status}`);
  return eventId;
}

/** How many got which status. */
function countOf(statuses: readonly number[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

const demandOf = (eventId: string, buyers: readonly string[]) => ({
  path: reserve,
  requests: buyers.map((token) => reserveRequest(eventId, token)),
  perSecond,
});

/** Reads every table that a sale writes in one open transaction, as a dump or a report does, until `release`. */
async function readAsADumpDoes(): Promise<{ release: () => Promise<void> }> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query('begin');
  for (const table of ['bookings', 'event_sales', 'inventory', 'outbox'])
    await client.query(`select count(*) from ${table}`);
  return {
    release: async () => {
      await client.query('rollback');
      await client.end();
    },
  };
}

const afterMs = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

async function columnsOfNext(): Promise<number> {
  const { rows } = await database.db.query<{ n: number }>(
    "select count(*)::integer as n from information_schema.columns where column_name = 'next_version'",
  );
  return rows[0]?.n ?? 0;
}

test('a rolling update in a sale, its migrations in the middle while a dump reads, refuses and loses nothing', async () => {
  const eventId = await openHouse(seats);
  const sale = sendOpenLoop(rotation, demandOf(eventId, tokens.slice(0, seats)));
  const codes: (number | null)[] = [];
  const replaceOne = async (): Promise<void> => {
    const [old] = rotation.members();
    if (old === undefined) throw new Error('nobody is in the rotation');
    await rotation.add();
    codes.push(await rotation.retire(old));
  };
  await replaceOne();
  const dump = await readAsADumpDoes();
  const migrated = migrate(database.url, [next], log);
  await afterMs(2_000);
  const whileRead = await columnsOfNext();
  await dump.release();
  await migrated;
  expect([whileRead, await columnsOfNext()]).toEqual([0, 4]);
  await replaceOne();
  await replaceOne();
  expect(countOf(await sale)).toEqual({ 200: seats });
  expect(codes).toEqual([0, 0, 0]);
  const { rows } = await database.db.query(
    'select available, held, sold from inventory where event_id = $1',
    [eventId],
  );
  expect(rows).toEqual([{ available: 0, held: seats, sold: 0 }]);
  expect(await rotation.send(reserve, reserveRequest(eventId, tokens[seats] ?? ''))).toBe(409);
}, 90_000);

test('the same dump makes a change of the schema that waits for its lock refuse buyers', async () => {
  const eventId = await openHouse(seats);
  const dump = await readAsADumpDoes();
  const sale = sendOpenLoop(rotation, demandOf(eventId, tokens.slice(0, 3 * perSecond)));
  const impatient = new pg.Client({ connectionString: database.url });
  await impatient.connect();
  const changed = impatient.query('alter table bookings add column never_so text');
  await afterMs(2_500);
  await dump.release();
  await changed;
  await impatient.end();
  expect(countOf(await sale)[503] ?? 0).toBeGreaterThan(0);
}, 60_000);

test('a process that is killed in its work is noticed by the same count', async () => {
  const eventId = await openHouse(seats);
  const sale = sendOpenLoop(rotation, demandOf(eventId, tokens.slice(0, 2 * perSecond)));
  await afterMs(500);
  const [killed] = rotation.members();
  killed?.child.kill('SIGKILL');
  await killed?.exited;
  expect(countOf(await sale)[0] ?? 0).toBeGreaterThan(0);
}, 60_000);
