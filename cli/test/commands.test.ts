import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createClient } from 'evently/api/client';
import { createAdmin, createFirstAdmin } from 'evently/api/admins';
import { issueTokens, signInBuyers } from 'evently/drill/buyers';
import { findDrill } from 'evently/drill/herds';
import { runDrill, type DrillResult } from 'evently/drill/run-drill';
import { readClocks, writeDrillReport } from 'evently/drill/write-drill-report';
import { parseTarget } from 'evently/generator/request-bytes';
import { createProgress } from 'evently/screen/progress';
import { seedEvents, seedVenues } from 'evently/seed/catalog';
import { eventBody, seedPlatform, type SeedDeps } from 'evently/seed/seed-platform';
import {
  bootstrapToken,
  internalKey,
  startPretendPlatform,
  type PretendPlatform,
  type Vice,
} from './pretend-platform.ts';

const running: PretendPlatform[] = [];
afterEach(async () => {
  for (const platform of running.splice(0)) await platform.close();
});
async function started(vice: Vice = 'none', loadTest = true): Promise<PretendPlatform> {
  const platform = await startPretendPlatform(vice, loadTest);
  running.push(platform);
  return platform;
}
const quiet = createProgress(process.stderr, true);
const now = new Date('2026-11-21T15:30:00Z');
const seedDeps = (platform: PretendPlatform): SeedDeps => ({
  client: createClient(platform.url),
  progress: quiet,
  now,
  bootstrapToken,
});

async function drilled(platform: PretendPlatform, name: string): Promise<DrillResult> {
  const client = createClient(platform.url);
  const target = parseTarget(platform.url);
  const spec = findDrill(name);
  if (target === null || spec === null) throw new Error('a wrong test');
  const tokens = await signInBuyers(client, spec.buyers, () => {});
  const deps = { client, target, adminToken: 'admin', progress: quiet };
  return runDrill(deps, spec, tokens, {
    ratePerSecond: 20_000,
    deadlineMs: 30_000,
    checkWinners: true,
    eventId: null,
    letInAtMs: null,
  });
}

test('the report of a platform elsewhere is told by its interface, and says what is not known', async () => {
  const platform = await started();
  const folder = await mkdtemp(path.join(tmpdir(), 'evently-elsewhere-'));
  const client = createClient(platform.url);
  const target = parseTarget(platform.url);
  if (target === null) throw new Error('a wrong test');
  const said: string[] = [];
  const progress = { ...quiet, say: (sentence: string) => void said.push(sentence) };
  const deps = { client, target, adminToken: 'admin', progress };
  const nobody = 'http://127.0.0.1:1/metrics';
  const plan = { place: { folder, address: null }, runtime: null, metricsUrls: [nobody] };
  try {
    const before = await readClocks(plan, deps);
    expect([before, said.join()]).toEqual([null, expect.stringContaining(nobody)]);
    const report = await writeDrillReport(plan, deps, await drilled(platform, '10x4'), before);
    expect(JSON.parse(await readFile(report.json, 'utf8'))).toMatchObject({
      summary: { title: '10 buyers for 4 seats', faults: [] },
      books: { capacity: 4, held: 4, available: 0, oversold: 0, counted_from: 'interface' },
      fairness: { pairs: 24 },
      batches: null,
      time: null,
    });
    expect(await readFile(report.html, 'utf8')).toContain('Not known: the metrics were not read');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('seeding makes everything once; the second time changes nothing', async () => {
  const platform = await started();
  expect(await seedPlatform(seedDeps(platform))).toEqual({
    users: 2,
    admins: 1,
    venues: seedVenues.length,
    events: 10,
  });
  expect([...platform.events.values()].every(({ status }) => status === 'published')).toBe(true);
  expect(await seedPlatform(seedDeps(platform))).toEqual({ users: 0, admins: 0, venues: 0, events: 0 });
  expect([platform.accounts.size, platform.venues.size, platform.events.size]).toEqual([
    3,
    seedVenues.length,
    10,
  ]);
});

test('seeding goes on where an interrupted one stopped', async () => {
  const platform = await started();
  await seedPlatform(seedDeps(platform));
  const [first] = platform.events.values();
  if (first !== undefined) first.status = 'draft';
  expect((await seedPlatform(seedDeps(platform))).events).toBe(1);
  expect(platform.events.size).toBe(10);
});

test('without an administrator and without the one-time token seeding says what to do', async () => {
  const platform = await started();
  await expect(seedPlatform({ ...seedDeps(platform), bootstrapToken: null })).rejects.toThrow(
    'EVENTLY_BOOTSTRAP_TOKEN',
  );
});

test('each seeded event has its venue and fits into it, its tiers add up, and it starts after today', () => {
  const capacities = new Map(seedVenues.map((venue) => [venue.name, venue.capacity]));
  for (const event of seedEvents) {
    expect(capacities.get(event.venue) ?? 0).toBeGreaterThanOrEqual(event.capacity);
    const tiers = event.tiers ?? [{ capacity: event.capacity }];
    expect(tiers.reduce((sum, tier) => sum + tier.capacity, 0)).toBe(event.capacity);
    expect(event.daysAhead).toBeGreaterThan(1);
  }
  expect(new Set(seedEvents.map(({ type }) => type)).size).toBe(9);
  const [first] = seedEvents;
  expect(first && eventBody(first, 'v', now)).toMatchObject({ start_datetime: '2026-12-05T13:00:00.000Z' });
});

test('the first administrator takes the one-time token, the next one an administrator', async () => {
  const platform = await started();
  const client = createClient(platform.url);
  const admin = (email: string) => ({ email, password: 'long-enough', name: 'A' });
  expect(await createFirstAdmin(client, bootstrapToken, admin('a@x.example'))).toBe('a@x.example');
  await expect(createFirstAdmin(client, bootstrapToken, admin('b@x.example'))).rejects.toThrow('--as');
  expect(await createAdmin(client, 'admin', admin('b@x.example'))).toBe('b@x.example');
  await expect(createAdmin(client, 'admin', admin('b@x.example'))).rejects.toThrow('already');
});

test('buyers are registered once and logged in afterwards', async () => {
  const platform = await started();
  const client = createClient(platform.url);
  const first = await signInBuyers(client, 20, () => {});
  const registered = platform.accounts.size;
  expect(new Set(first).size).toBe(20);
  expect(await signInBuyers(client, 20, () => {})).toEqual(first);
  expect(platform.accounts.size).toBe(registered);
});

test('a limit that says when to come again is obeyed', async () => {
  const platform = await started();
  platform.limitOnce.add('/api/user/auth/register');
  expect(await signInBuyers(createClient(platform.url), 2, () => {})).toHaveLength(2);
});

test('load test tokens: one per buyer, a sentence when they are switched off, an error for a wrong key', async () => {
  const client = createClient((await started()).url);
  expect(await issueTokens(client, internalKey, 3)).toMatchObject({
    tokens: ['issued-0', 'issued-1', 'issued-2'],
  });
  await expect(issueTokens(client, 'wrong', 3)).rejects.toThrow('401');
  const off = await issueTokens(createClient((await started('none', false)).url), internalKey, 3);
  expect(off).toMatchObject({
    kind: 'unavailable',
    reason: expect.stringContaining('EVENTLY_LOAD_TEST=1 make start'),
  });
});

test('a drill of a sound platform passes, and its numbers are the buyers and seats', async () => {
  const { tally, verdict, readBack } = await drilled(await started(), '30x20');
  expect(verdict).toEqual({ sold: 20, fill: 1, oversold: 0, lost: 0, faults: [] });
  expect(tally).toMatchObject({ offered: 30, refused: { sold_out: 10 }, statuses: { 200: 20, 409: 10 } });
  expect(readBack).toEqual({ available: 0, reportedTaken: 20, checked: 20, missing: 0 });
});

test.each([
  ['oversells', 'sold twice'],
  ['loses', 'are gone'],
  ['says-retry', 'told to try again'],
  ['half-sold', 'were not sold'],
] as const)('a platform that %s fails the drill', async (vice, sentence) => {
  const { verdict } = await drilled(await started(vice), '10x4');
  expect(verdict.faults.join()).toContain(sentence);
});

test('a platform that is not there is named, with what to do', async () => {
  const platform = await started();
  await running.pop()?.close();
  await expect(signInBuyers(createClient(platform.url), 1, () => {})).rejects.toThrow('make start');
});
