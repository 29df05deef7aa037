/** The benchmark of `verify`: 100,000 bookings of many kinds, every invariant of booking evaluated once. */
import { randomBytes, randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { bookingMigrations } from '@evently/booking/migrations';
import { reserveBatch } from '@evently/booking/store/reserve-batch';
import { verifyBooking } from '@evently/booking/store/verify';
import { systemClock } from '@evently/kit/clock';
import { newId } from '@evently/kit/ids';
import { createLogger } from '@evently/kit/log';
import { messagingMigrations, migrate } from '@evently/kit/migrate';
import { openDatabase, type Database } from '@evently/kit/postgres';
import { startCluster } from '@evently/postgres/cluster';
import { stockEvent } from './stock-event.ts';

const bookings = 100_000;
const batch = 250;
const events = 20;
const runs = 7;

const directory = await mkdtemp(path.join(tmpdir(), 'evently-bench-'));
await chmod(directory, 0o755);
const cluster = await startCluster({ directory, port: 0 });
try {
  const admin = new pg.Client({ connectionString: cluster.url('postgres') });
  await admin.connect();
  await admin.query('create database bench');
  await admin.end();
  const log = createLogger('bench', 'warn');
  const url = cluster.url('bench');
  await migrate(url, [messagingMigrations, bookingMigrations], log);
  const db = openDatabase({ url, name: 'bench', max: 2, log, statementTimeoutMs: 60_000 });
  await fill(db);
  await confirmHalf(db);
  await db.query('analyze');
  const seconds: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const startedMs = performance.now();
    const checks = await verifyBooking(db);
    seconds.push((performance.now() - startedMs) / 1000);
    const broken = checks.filter((check) => check.violations.count > 0);
    if (broken.length > 0)
      throw new Error(`the books of the benchmark are broken: ${JSON.stringify(broken)}`);
  }
  const sorted = seconds.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(runs / 2)] ?? 0;
  console.log(
    `verify of ${bookings.toLocaleString('en')} bookings: median ${median.toFixed(2)} s, ` +
      `${sorted[0]?.toFixed(2)} to ${sorted.at(-1)?.toFixed(2)} s in ${runs} runs`,
  );
  await db.close();
} finally {
  await cluster.stop();
  await rm(directory, { recursive: true, force: true });
}

async function fill(db: Database): Promise<void> {
  for (let event = 0; event < events; event += 1) {
    const { eventId, tierId } = await stockEvent(db, bookings);
    for (let made = 0; made < bookings / events; made += batch) {
      const nowMs = systemClock.now().getTime();
      const items = Array.from({ length: batch }, () => ({
        id: newId(nowMs),
        userId: randomUUID(),
        key: randomUUID(),
        tierId,
        quantity: 1,
      }));
      await reserveBatch(db, eventId, 'bench', 3_600, newId(nowMs), items);
    }
  }
}

/** Every second booking is bought: its steps, its ticket and the counters, as the service would leave them. */
async function confirmHalf(db: Database): Promise<void> {
  const salt = randomBytes(16);
  await db.transaction(async (client) => {
    await client.query(
      `update bookings set status = 'confirmed', revision = 3, attempt = 1, confirmed_at = clock_timestamp()
        where ctid in (select ctid from (select ctid, row_number() over () as at from bookings) n where at % 2 = 0)`,
    );
    await client.query(
      `insert into booking_transitions (booking_id, revision, event_id, from_status, to_status, cause, at)
       select id, 2, event_id, 'pending', 'paying', 'confirm', clock_timestamp() from bookings where status = 'confirmed'
       union all
       select id, 3, event_id, 'paying', 'confirmed', 'payment_succeeded', clock_timestamp() from bookings where status = 'confirmed'`,
    );
    await client.query(
      `insert into tickets (booking_id, number, event_id, tier_id, salt, code_hash, status)
       select id, 1, event_id, tier_ids[1], $1, sha256(id::text::bytea), 'valid' from bookings where status = 'confirmed'`,
      [salt],
    );
    await client.query(
      `update inventory i set held = held - s.sold, sold = s.sold
         from (select event_id, sum(quantity) as sold from bookings where status = 'confirmed' group by 1) s
        where s.event_id = i.event_id`,
    );
  });
}
