import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bookingMigrations } from '@evently/booking/migrations';
import { createLogger } from '@evently/kit/log';
import { messagingMigrations, migrate } from '@evently/kit/migrate';
import { openDatabase, type Database } from '@evently/kit/postgres';
import { startCluster, type Cluster } from '@evently/postgres/cluster';
import { requireEngine } from '@evently/testkit/engines/engine';
import { redisServer } from '@evently/testkit/engines/redis';
import { countBooked, readStock } from '../measure/database.ts';
import { startRedis, type RedisServer } from '../redis-server.ts';
import { stockEvent } from '../stock-event.ts';
import { createRedisStrategy, stockKey } from './redis-lua.ts';
import type { Order, Strategy } from './strategy.ts';

const log = createLogger('test', 'silent');
const seats = 10;
let folder = '';
let cluster: Cluster | null = null;
let db: Database | null = null;
let redis: RedisServer | null = null;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'evently-bench-test-'));
  // PostgreSQL runs as another user when the tests run as root.
  await chmod(folder, 0o755);
  cluster = await startCluster({ directory: folder, port: 0, settings: { fsync: 'off' } });
  const url = cluster.url('postgres');
  await migrate(url, [messagingMigrations, bookingMigrations], log);
  db = openDatabase({ url, name: 'test', max: 4, log });
});
afterAll(async () => {
  await redis?.stop();
  await db?.close();
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

type Opened = { db: Database; strategy: Strategy; eventId: string };

/** An event of ten seats, in PostgreSQL and in Redis. */
async function open(skip: (note: string) => never): Promise<Opened> {
  await requireEngine(redisServer, skip);
  if (redis === null) {
    const started = await startRedis();
    if (started.kind === 'missing') throw new Error(started.reason);
    redis = started.server;
  }
  if (db === null) throw new Error('the database was not made');
  const { eventId } = await stockEvent(db, seats);
  await redis.client.set(stockKey(eventId), seats);
  return { db, eventId, strategy: await createRedisStrategy(redis.url, db, log) };
}

function orderOf(eventId: string): Order {
  return { eventId, userId: randomUUID(), key: randomUUID(), quantity: 1 };
}

test('of many buyers at once exactly as many as there are seats are told yes, and all are stored later', async ({
  skip,
}) => {
  const opened = await open(skip);
  const { strategy, eventId } = opened;
  const outcomes = await Promise.all(Array.from({ length: 25 }, () => strategy.reserve(orderOf(eventId))));
  await strategy.close?.();
  expect(outcomes.filter(({ kind }) => kind === 'reserved')).toHaveLength(seats);
  expect(outcomes.filter(({ kind }) => kind === 'sold-out')).toHaveLength(25 - seats);
  expect(await readStock(opened.db, eventId)).toEqual({
    capacity: seats,
    available: 0,
    taken: seats,
    booked: seats,
  });
});

test('a buyer is told yes while nothing is stored: the sale is not durable at its answer', async ({
  skip,
}) => {
  const opened = await open(skip);
  const { strategy, eventId } = opened;
  await opened.db.transaction(async (client) => {
    await client.query('select 1 from inventory where event_id = $1 for update', [eventId]);
    expect(await strategy.reserve(orderOf(eventId))).toMatchObject({ kind: 'reserved' });
    expect(await countBooked(opened.db, eventId)).toBe(0);
  });
  await strategy.close?.();
  expect(await countBooked(opened.db, eventId)).toBe(1);
});

test('the settings that decide what a crash loses are read from the server itself', async ({ skip }) => {
  await open(skip);
  expect(redis?.settings).toMatchObject({ appendonly: 'no' });
});
