/** The examples and the command, as a person runs them, against a started platform. */
import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createStandalone, type Standalone } from '@evently/standalone/standalone';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { command, freePorts, runTyped, type Ended } from './typed-command.ts';

let folder = '';
let standalone: Standalone;
let environment: Record<string, string> = {};

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'evently-commands-'));
  await chmod(folder, 0o755);
  standalone = await createStandalone({
    // These tests log the administrator in more often than a person does.
    env: {
      PATH: process.env['PATH'],
      ...freePorts,
      EVENTLY_DATA_DIR: folder,
      EVENT_LOGINS_PER_MINUTE_PER_ACCOUNT: '1000',
    },
  });
  environment = {
    PATH: process.env['PATH'] ?? '',
    EVENTLY_DATA_DIR: folder,
    EVENTLY_URL: standalone.runtime.gateway.url,
    EVENTLY_LIMITS: 'expected',
  };
  await evently('seed');
});
afterAll(async () => {
  await standalone.close();
  await rm(folder, { recursive: true, force: true });
});

function run(file: string, args: readonly string[], input = ''): Promise<Ended> {
  return runTyped(file, args, environment, input);
}
const searched = z.object({
  total: z.number(),
  results: z.array(z.looseObject({ venue_city: z.string() })),
});
const verified = z.object({
  ok: z.boolean(),
  findings: z.array(z.object({ invariant: z.string(), violations: z.object({ count: z.number() }) })),
});
const evently = (...args: string[]): Promise<Ended> => run(process.execPath, [command, ...args]);

test('examples/success.sh takes a ticket through its whole life', async () => {
  const ended = await run('bash', ['examples/success.sh']);
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  expect(ended.stdout).toContain('All as it should be.');
});

test('examples/failures.sh meets every refusal with its reason', async () => {
  const ended = await run('bash', ['examples/failures.sh']);
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  expect(ended.stdout).toContain('no seat was lost');
});

test('seeding a second time changes nothing', async () => {
  const { code, stdout } = await evently('seed');
  expect([code, stdout.trim()]).toEqual([0, 'Everything was there already; nothing changed.']);
});

test('what was seeded is found, nearest first, and its index is checked, built anew and found wrong', async () => {
  const found = async (query: string): Promise<z.output<typeof searched>> => {
    const answer = await fetch(`${standalone.runtime.gateway.url}/api/search/search?${query}`);
    return searched.parse(await answer.json());
  };
  await expect.poll(async () => (await found('')).total, { timeout: 10_000 }).toBeGreaterThanOrEqual(10);
  const near = (await found('near=18.99,72.81&sort=distance')).results;
  expect(near[0]).toMatchObject({ venue_city: 'Mumbai' });
  const built = await evently('reindex');
  expect([built.code, built.stdout]).toEqual([0, expect.stringContaining('events are in the new index')]);
  await expect.poll(async () => (await evently('search-check')).code, { timeout: 20_000 }).toBe(0);
  const client = new pg.Client({ connectionString: standalone.runtime.databases.search });
  await client.connect();
  await client.query(`delete from index_documents where event_id in
                        (select event_id from index_documents where words is not null limit 1)`);
  await client.end();
  const checked = await evently('search-check');
  expect([checked.code, checked.stdout]).toEqual([1, expect.stringContaining('index_missing')]);
  expect((await evently('reindex')).code).toBe(0);
  expect((await evently('search-check')).code).toBe(0);
});

test('a case for a person is listed and closed once, with what was done', async () => {
  expect(await evently('cases', 'list')).toMatchObject({ code: 0, stdout: 'No case is open.\n' });
  const [payment, opened] = [randomUUID(), randomUUID()];
  const client = new pg.Client({ connectionString: standalone.runtime.databases.payment });
  await client.connect();
  await client.query(
    `insert into payments (id, booking_id, attempt, event_id, provider, status, settled_at)
     values ($1, gen_random_uuid(), 1, gen_random_uuid(), 'fake', 'void', clock_timestamp())`,
    [payment],
  );
  await client.query(
    `insert into manual_cases (id, payment_id, kind, subject_id, detail)
     values ($2, $1, 'captured-after-end', $1, 'the provider holds 500 INR')`,
    [payment, opened],
  );
  await client.end();
  const listed = await evently('cases', 'list');
  expect(listed.code).toBe(0);
  for (const said of [opened, 'captured-after-end', 'the provider holds 500 INR'])
    expect(listed.stdout).toContain(said);
  expect((await evently('cases', 'close', '17', '--note', 'x')).stderr).toContain('evently cases list');
  const close = (note: string): Promise<Ended> => evently('cases', 'close', opened, '--note', note);
  expect(await close('')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('must say what was done'),
  });
  expect(await close('given back by transfer 4711')).toMatchObject({
    code: 0,
    stdout: `Closed; it was about payment ${payment}.\n`,
  });
  expect(await close('again')).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('with the note "given back by transfer 4711"; nothing was changed'),
  });
  expect(await evently('cases', 'list')).toMatchObject({ code: 0, stdout: 'No case is open.\n' });
});

test('a drill fills the house and says so in numbers', async () => {
  const { code, stdout } = await evently('drill', '--only', '10x1', '20x10', '--check', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    ok: true,
    drills: [
      { name: '10x1', sold: 1, fill: 1, oversold: 0, lost: 0, refused: { sold_out: 9 }, faults: [] },
      {
        name: '20x10',
        sold: 10,
        fill: 1,
        answers: { 200: 10, 409: 10 },
        read_back: { available: 0, taken: 10, bookings_checked: 10 },
      },
    ],
  });
});

const written = z.object({
  drills: z.array(
    z.object({ event_id: z.string(), report: z.object({ html: z.string(), json: z.string() }) }),
  ),
});
const books = z.object({
  held: z.int(),
  available: z.int(),
  sold: z.int(),
  oversold: z.int(),
  held_by_bookings: z.int(),
});

test('a drill leaves a sale report, whose books are those that verify prints of its event', async () => {
  const drilled = await evently('drill', '--only', '30x12', '--json');
  const [drill] = written.parse(JSON.parse(drilled.stdout)).drills;
  const told = z
    .object({ books, fairness: z.object({ pairs: z.int() }), batches: z.object({ reservations: z.int() }) })
    .parse(JSON.parse(await readFile(drill?.report.json ?? '', 'utf8')));
  expect(told.fairness.pairs).toBe(12 * 18);
  expect(told.batches.reservations).toBe(12);
  const verify = await evently('verify', '--event', drill?.event_id ?? '', '--json');
  const verifiedBooks = z.object({ books }).parse(JSON.parse(verify.stdout)).books;
  expect(told.books).toEqual(verifiedBooks);
  expect(verifiedBooks).toMatchObject({ held: 12, available: 0, sold: 0, oversold: 0, held_by_bookings: 12 });
  const list = await fetch(`${standalone.runtime.gateway.url}/console/reports.json`);
  expect(JSON.stringify(await list.json())).toContain(drill?.event_id);
  const page = await fetch(
    `${standalone.runtime.gateway.url}/console/reports/${path.basename(drill?.report.html ?? '')}`,
  );
  expect([page.status, await page.text()]).toEqual([200, await readFile(drill?.report.html ?? '', 'utf8')]);
});

test('a report is made afterwards for any event, into a folder that is named', async () => {
  const { events } = z
    .object({ events: z.array(z.object({ event_id: z.string(), name: z.string() })) })
    .parse(await (await fetch(`${standalone.runtime.gateway.url}/api/event/events`)).json());
  const event = events[0] ?? { event_id: '', name: '' };
  const into = path.join(folder, 'elsewhere', 'reports');
  const { code, stdout } = await evently('report', '--event', event.event_id, '--report', into, '--json');
  expect(code).toBe(0);
  const story = z
    .object({
      event: z.object({ name: z.string() }),
      fairness: z.null(),
      files: z.object({ json: z.string() }),
    })
    .parse(JSON.parse(stdout));
  expect(story.event.name).toBe(event.name);
  expect(path.dirname(story.files.json)).toBe(into);
  const unknown = await evently('report', '--event', '00000000-0000-7000-8000-000000000000');
  expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('Booking knows no event')]);
});

test('a herd that needs issued tokens is skipped where load testing is off, and that is not a success', async () => {
  const { code, stdout } = await evently('drill', '--only', '600x5');
  expect(code).toBe(1);
  expect(stdout).toContain('EVENTLY_LOAD_TEST=1 make start');
  expect(stdout).toContain('0 passed, 0 failed, 1 skipped.');
});

test('the books balance after all of it', async () => {
  const { code, stdout } = await evently('verify', '--json');
  const { ok, findings } = verified.parse(JSON.parse(stdout));
  const broken = findings.filter(({ violations }) => violations.count > 0);
  expect({ code, ok, broken }).toEqual({ code: 0, ok: true, broken: [] });
  expect(findings.length).toBeGreaterThan(15);
});

test('verify names the row that breaks a rule', async () => {
  const { createLogger } = await import('@evently/kit/log');
  const { openDatabase } = await import('@evently/kit/postgres');
  const db = openDatabase({
    url: standalone.runtime.databases.payment,
    name: 'test',
    max: 1,
    log: createLogger('test', 'silent'),
  });
  const { rows } = await db.query<{ booking_id: string }>(
    "select booking_id from payments where status = 'succeeded' limit 1",
  );
  const bookingId = rows[0]?.booking_id ?? '';
  const stranger = '00000000-0000-7000-8000-00000000beef';
  try {
    await db.query('update payments set booking_id = $2 where booking_id = $1', [bookingId, stranger]);
    const { code, stdout } = await evently('verify');
    expect(code).toBe(1);
    expect(stdout).toContain(`there is no booking ${stranger}`);
  } finally {
    await db.query('update payments set booking_id = $1 where booking_id = $2', [bookingId, stranger]);
    await db.close();
  }
});

test('an administrator is made with a password from standard input, by another one', async () => {
  const args = ['admin', 'create', '--email', 'second@example.com', '--name', 'Second', '--password-stdin'];
  const asFirst = await run(process.execPath, [command, ...args], 'a-long-password\n');
  expect([asFirst.code, asFirst.stderr]).toEqual([1, expect.stringContaining('--as')]);
  environment = { ...environment, EVENTLY_ADMIN_PASSWORD: '11111111' };
  const made = await run(
    process.execPath,
    [command, ...args, '--as', 'atlanadmin@mail.com'],
    'a-long-password\n',
  );
  expect([made.code, made.stderr]).toEqual([0, '']);
});

test('config lists the settings of every part and shows no secret', async () => {
  environment = { ...environment, EVENTLY_API_KEY: 'do-not-show-this-key' };
  const { code, stdout } = await evently('config', '--json');
  expect(code).toBe(0);
  const listed = z.array(z.object({ part: z.string() })).parse(JSON.parse(stdout));
  expect(new Set(listed.map(({ part }) => part))).toEqual(
    new Set(['Every service', 'User', 'Event', 'Booking', 'Payment', 'Search', 'Standalone']),
  );
  expect(stdout).not.toContain('do-not-show');
});

test.each([
  'seed',
  'drill',
  'verify',
  'report',
  'config',
  'admin create',
  'dead-letters list',
  'cases close',
  'reindex',
  'search-check',
])('%s --help shows examples', async (name) => {
  const { code, stdout } = await evently(...name.split(' '), '--help');
  expect(code).toBe(0);
  expect(stdout).toContain('Examples:');
});

test('a word that is no command is answered with where to look', async () => {
  const { code, stderr } = await evently('sell');
  expect(code).toBe(1);
  expect(stderr).toContain('--help');
});
