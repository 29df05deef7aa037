import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLogger } from '@evently/kit/log';
import { openDatabase } from '@evently/kit/postgres';
import { verifyBooking } from '@evently/booking/store/verify';
import { createPlatform, type Platform, type RunningPlatform } from './platform.ts';
import { askAgain, askUntilSold, makeBuyers, openSale, type Told } from './sale.ts';

const kills = Number(process.env['EVENTLY_KILLS'] ?? '20');
const seats = 200;
const herd = 300;
const spreadMs = 250;
/** Reservations before a kill, at most: well before the house is full. */
const mostBefore = 120;

let platform: Platform;
let running: RunningPlatform;
let revision = 0;
/** Kills after which some buyers had an answer and others had none. */
let midSale = 0;
beforeAll(async () => {
  platform = await createPlatform();
  running = await platform.start();
}, 120_000);
afterAll(() => platform.stop(), 60_000);

async function brokenInvariants(): Promise<string[]> {
  const db = openDatabase({
    url: running.databases.booking,
    name: 'check',
    max: 1,
    log: createLogger('check', 'silent'),
    statementTimeoutMs: 30_000,
  });
  try {
    return (await verifyBooking(db)).flatMap((check) =>
      check.violations.rows.map((row) => `${check.invariant}: ${row}`),
    );
  } finally {
    await db.close();
  }
}

type Round = { before: Told[]; after: Told[] };

/** A herd, a kill after a random number of reservations, a recovery, and everybody asks again with the same key. */
async function killInMidSale(victim: 'server' | 'postgres', soldBefore: number): Promise<Round> {
  const buyers = await makeBuyers(running, herd);
  revision += 1;
  const eventId = await openSale(running, seats, revision);
  const { told, reached } = askUntilSold(running, eventId, buyers, { spreadMs, seats: soldBefore });
  await reached;
  await (victim === 'server' ? platform.kill() : platform.killPostgres());
  const before = await told;
  if (victim === 'server') running = await platform.start();
  return { before, after: await askAgain(running, eventId, buyers) };
}

const acknowledged = (told: readonly Told[]): Told[] => told.filter((answer) => answer.status === 200);

/** Acknowledged before the kill, and not given the very same answer after it. */
function lost({ before, after }: Round): Told[] {
  const now = new Map(after.map((answer) => [answer.buyer.key, answer.body]));
  return acknowledged(before).filter((answer) => now.get(answer.buyer.key) !== answer.body);
}

test.each(
  Array.from({ length: kills }, (_, at) => [
    at % 2 === 0 ? ('server' as const) : ('postgres' as const),
    randomInt(1, mostBefore),
  ]),
)(
  'SIGKILL of the %s after %d reservations: nothing acknowledged is lost, no seat is sold twice, the house fills',
  async (victim, soldBefore) => {
    const round = await killInMidSale(victim, soldBefore);
    const unanswered = round.before.filter((answer) => answer.status === 0 || answer.status === 503).length;
    if (acknowledged(round.before).length > 0 && unanswered > 0) midSale += 1;
    expect(lost(round)).toEqual([]);
    expect(round.after.every((answer) => answer.status === 200 || answer.status === 409)).toBe(true);
    expect(acknowledged(round.after)).toHaveLength(seats);
    expect(new Set(acknowledged(round.after).map((answer) => answer.body)).size).toBe(seats);
    expect(await brokenInvariants()).toEqual([]);
  },
  120_000,
);

test('the kills were in the middle of a sale', () => {
  expect(midSale).toBeGreaterThanOrEqual(Math.ceil(kills / 2));
});

test('the same check finds lost reservations when commits do not wait for the disk', async () => {
  const db = openDatabase({
    url: running.databases.booking,
    name: 'control',
    max: 1,
    log: createLogger('control', 'silent'),
  });
  // For every database: a commit of any of them that waits for the disk takes the others' log along.
  await db.query('alter system set synchronous_commit = off');
  await db.query("alter system set wal_writer_delay = '10s'");
  await db.query('select pg_reload_conf()');
  await db.close();
  // Connections take the setting when they are made.
  await platform.kill();
  running = await platform.start();
  let found = 0;
  for (let attempt = 0; attempt < 5 && found === 0; attempt += 1) {
    found = lost(await killInMidSale('postgres', mostBefore)).length;
  }
  expect(found).toBeGreaterThan(0);
}, 180_000);
