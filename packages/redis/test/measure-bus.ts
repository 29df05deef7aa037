/** Measures messages per second and processor time per message of both buses; run by hand, prints one line each. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Bus } from '@evently/kit/bus';
import { createInProcessBus } from '@evently/kit/bus';
import { monotonicMs, pause } from '@evently/kit/clock';
import { newId } from '@evently/kit/ids';
import { consumeBatch } from '@evently/kit/inbox';
import { createLogger } from '@evently/kit/log';
import { messagingMigrations, migrate } from '@evently/kit/migrate';
import { createRelay, writeOutboxBatch } from '@evently/kit/outbox';
import { openDatabase, type Database } from '@evently/kit/postgres';
import { startCluster } from '@evently/postgres/cluster';
import { contractConsumers } from '@evently/testkit/bus-consumers';
import { findEngine } from '@evently/testkit/engines/engine';
import { redisServer } from '@evently/testkit/engines/redis';
import { startRedisProcess, type RedisProcess } from '@evently/testkit/engines/redis-server';
import { Registry } from 'prom-client';
import { createStreamBus } from '../src/stream-bus.ts';

const log = createLogger('measure', 'warn');
const messages = 20_000;
const keys = 50;
/** About as large as a change of stock with three tiers. */
const payload = {
  event_id: newId(1),
  version: 1,
  writer: 'measure',
  tiers: Array.from({ length: 3 }, () => ({
    tier_id: newId(1),
    available: 100,
    held: 5,
    sold: 10,
    blocked: 0,
  })),
};

async function writeAll(db: Database): Promise<void> {
  for (let at = 0; at < messages; at += 1_000)
    await writeOutboxBatch(
      db,
      Array.from({ length: 1_000 }, (_, n) => ({
        id: newId(Date.now()),
        topic: 'things',
        key: `key ${(at + n) % keys}`,
        type: 'thing',
        payload,
      })),
    );
}

async function measure(
  name: string,
  db: Database,
  url: string,
  bus: Bus,
  redis?: RedisProcess,
): Promise<void> {
  let handled = 0;
  for (const consumer of contractConsumers.things)
    bus.subscribe(
      'things',
      consumer,
      consumeBatch({ db, log }, consumer, {
        work: (_client, batch) => Promise.resolve(batch.length),
        committed: (count) => {
          handled += count;
        },
      }),
    );
  const relayDb = openDatabase({ url, name: 'relay', max: 1, log });
  const relay = createRelay({ db: relayDb, bus, log });
  await writeAll(db);
  await db.query('checkpoint');
  const cpuBefore = process.cpuUsage();
  const redisBefore = redis === undefined ? 0 : await redisCpuMs(redis);
  const beganAt = monotonicMs();
  await bus.start();
  relay.start();
  while (handled < messages * contractConsumers.things.length) await pause(5);
  const tookMs = monotonicMs() - beganAt;
  const cpu = process.cpuUsage(cpuBefore);
  const redisMs = redis === undefined ? 0 : (await redisCpuMs(redis)) - redisBefore;
  await relay.stop();
  await bus.stop();
  await relayDb.close();
  const nodeUs = (cpu.user + cpu.system) / messages;
  process.stdout.write(
    `${name}: ${Math.round((messages / tookMs) * 1_000)} messages/s to two consumers, Node ${nodeUs.toFixed(0)} us and Redis ${((redisMs * 1_000) / messages).toFixed(0)} us of processor time per message\n`,
  );
}

async function redisCpuMs(redis: RedisProcess): Promise<number> {
  const told = await redis.command('INFO', 'cpu');
  const seconds = (field: string): number => Number(new RegExp(`${field}:([\\d.]+)`).exec(told)?.[1] ?? 0);
  return (seconds('used_cpu_user') + seconds('used_cpu_sys')) * 1_000;
}

const found = await findEngine(redisServer);
if (found.kind === 'missing') throw new Error(found.reason);
const directory = await mkdtemp(path.join(tmpdir(), 'evently-measure-'));
await chmod(directory, 0o755);
const cluster = await startCluster({ directory, port: 0 });
const redis = await startRedisProcess({ program: found.program });
const admin = openDatabase({ url: cluster.url('postgres'), name: 'admin', max: 1, log });
try {
  for (const round of [1, 2, 3]) {
    for (const kind of ['in process', 'streams'] as const) {
      const name = `measure_${round}_${kind.replace(' ', '_')}`;
      await admin.query(`create database ${name}`);
      const url = cluster.url(name);
      await migrate(url, [messagingMigrations], log);
      const db = openDatabase({ url, name: 'measure', max: 4, log });
      const lockDb = openDatabase({ url, name: 'bus', max: 1, log });
      await redis.command('FLUSHALL');
      const bus =
        kind === 'in process'
          ? createInProcessBus(log)
          : createStreamBus({
              url: redis.url,
              pod: 'measure',
              consumers: contractConsumers,
              lockDb,
              log,
              registry: new Registry(),
            });
      await measure(kind, db, url, bus, kind === 'streams' ? redis : undefined);
      await Promise.all([db.close(), lockDb.close()]);
    }
  }
} finally {
  await admin.close();
  await redis.stop();
  await cluster.stop();
  await rm(directory, { recursive: true, force: true });
}
