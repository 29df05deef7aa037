import { expect, onTestFinished, test } from 'vitest';
import { BusUnavailable } from '@evently/kit/bus';
import { numbered, upTo, until, write, type Skip } from '@evently/testkit/bus-contract';
import type { RedisProcess } from '@evently/testkit/engines/redis-server';
import { startTcpProxy, type TcpProxy } from '@evently/testkit/tcp-proxy';
import {
  createBusPlatform,
  requireRedis,
  streamName,
  unprotected,
  type BusPlatform,
} from '../test/bus-platform.ts';

/** What takes effect when all of so many messages of each of five keys do, in order and once. */
const allOf = (count: number): Record<string, number[]> =>
  Object.fromEntries(upTo(5).map((at) => [`key ${at}`, upTo(count)]));
const published = (platform: BusPlatform) => async (): Promise<boolean> => (await platform.waiting()) === 0;
const effectsOf = async (platform: BusPlatform): Promise<number> =>
  Object.values(await platform.effects()).flat().length;

async function metricOf(
  pod: { registry: { metrics: () => Promise<string> } },
  name: string,
): Promise<number> {
  const line = (await pod.registry.metrics()).split('\n').find((each) => each.startsWith(`${name}{`));
  return Number(line?.split(' ').at(-1) ?? 0);
}

/** Publishes, loses what nobody has read yet, publishes more, and lets a consumer read. */
async function loseUnread(
  platform: BusPlatform,
  url: string,
  lose: () => Promise<void>,
  isProtected: boolean,
): Promise<{ replayed: () => Promise<number> }> {
  const publisher = await platform.publisher({ url, ...(isProtected ? {} : { protect: unprotected }) });
  await write(platform.database, numbered(5, 10));
  await until(published(platform));
  await lose();
  await write(platform.database, numbered(5, 10, 10));
  await until(published(platform));
  await platform.consumer({ url });
  return { replayed: () => metricOf(publisher, 'evently_bus_replayed_total') };
}

type Loss = { name: string; lose: (redis: RedisProcess) => Promise<void> };
const losses: Loss[] = [
  { name: 'FLUSHALL', lose: async (redis) => void (await redis.command('FLUSHALL')) },
  { name: 'the deletion of its key', lose: async (redis) => void (await redis.command('DEL', streamName)) },
  {
    name: 'SIGKILL of a Redis that keeps nothing on disk',
    lose: async (redis) => {
      await redis.kill();
      await redis.start();
    },
  },
];

for (const { name, lose } of losses) {
  test(`what was in the stream is published again after ${name}`, async ({ skip }) => {
    const redis = await requireRedis(skip);
    const platform = await createBusPlatform();
    const { replayed } = await loseUnread(platform, redis.url, () => lose(redis), true);
    await until(async () => (await effectsOf(platform)) === 100);
    expect(await platform.effects()).toEqual(allOf(20));
    expect(await replayed()).toBe(50);
  });

  test(`negative control: a relay that notes no places loses it after ${name}`, async ({ skip }) => {
    const redis = await requireRedis(skip);
    const platform = await createBusPlatform();
    await loseUnread(platform, redis.url, () => lose(redis), false);
    await until(async () => (await effectsOf(platform)) >= 50);
    expect(Object.values(await platform.effects())).toEqual(upTo(5).map(() => upTo(20).slice(10)));
  });
}

test('an idle relay notices a loss, with nothing more to publish', async ({ skip }) => {
  const redis = await requireRedis(skip);
  const platform = await createBusPlatform();
  await platform.publisher({ url: redis.url });
  await write(platform.database, numbered(5, 10));
  await until(published(platform));
  await redis.command('FLUSHALL');
  await platform.consumer({ url: redis.url });
  await until(async () => (await effectsOf(platform)) === 50);
  expect(await platform.effects()).toEqual(allOf(10));
});

test('a relay that dies in the turn in which it noticed a loss loses nothing of what was more than a batch', async ({
  skip,
}) => {
  const redis = await requireRedis(skip);
  const platform = await createBusPlatform();
  let dies = false;
  await platform.publisher({
    url: redis.url,
    protect: (bus) => ({
      ...bus,
      publishBatch: async (messages, relay) => {
        const delivery = await bus.publishBatch(messages, relay);
        // The stream has the messages, and the database never hears of it: nothing of this turn is committed.
        if (dies && delivery.handled.size > 0) {
          dies = false;
          throw new BusUnavailable('the turn is over');
        }
        return delivery;
      },
    }),
  });
  await write(platform.database, numbered(5, 90));
  await until(published(platform));
  dies = true;
  await redis.command('FLUSHALL');
  await until(() => !dies);
  await platform.consumer({ url: redis.url });
  await until(async () => (await effectsOf(platform)) === 450);
  expect(await platform.effects()).toEqual(allOf(90));
});

test('what all consumers have handled is not published again', async ({ skip }) => {
  const redis = await requireRedis(skip);
  const platform = await createBusPlatform();
  const publisher = await platform.publisher({ url: redis.url });
  await platform.consumer({ url: redis.url });
  await write(platform.database, numbered(5, 10));
  const isSettled =
    'select 1 from outbox_streams where next_place = last_place and handled_until = next_until';
  await until(async () => (await effectsOf(platform)) === 50);
  await until(
    async () => (await platform.database.db.query(`${isSettled} and last_place <> '0-0'`)).rowCount === 1,
  );
  await redis.command('FLUSHALL');
  await write(platform.database, numbered(5, 10, 10));
  await until(async () => (await effectsOf(platform)) === 100);
  expect(await platform.effects()).toEqual(allOf(20));
  expect(await metricOf(publisher, 'evently_bus_replayed_total')).toBe(0);
});

test('flushes in the middle of traffic lose nothing, repeat no effect and keep the order', async ({
  skip,
}) => {
  const redis = await requireRedis(skip);
  const platform = await createBusPlatform();
  const publishers = [
    await platform.publisher({ url: redis.url }),
    await platform.publisher({ url: redis.url }),
  ];
  await platform.consumer({ url: redis.url });
  await platform.consumer({ url: redis.url });
  for (const round of upTo(30)) {
    await write(platform.database, numbered(5, 10, 10 * round));
    if (round % 5 === 2) {
      await until(async () => !(await redis.command('XLEN', streamName)).startsWith(':0'));
      await redis.command('FLUSHALL');
    }
    if (round % 10 === 4) {
      await redis.kill();
      await redis.start();
    }
  }
  await until(async () => (await effectsOf(platform)) === 1_500);
  expect(await platform.effects()).toEqual(allOf(300));
  const replays = await Promise.all(publishers.map((pod) => metricOf(pod, 'evently_bus_replayed_total')));
  expect(Math.max(...replays)).toBeGreaterThan(0);
});

test('a group that somebody destroyed is made again and reads everything from its beginning', async ({
  skip,
}) => {
  const redis = await requireRedis(skip);
  const platform = await createBusPlatform();
  await platform.publisher({ url: redis.url });
  await write(platform.database, numbered(5, 10));
  await until(published(platform));
  await redis.command('XGROUP', 'DESTROY', streamName, 'first');
  await platform.consumer({ url: redis.url });
  await until(async () => (await effectsOf(platform)) === 50);
  expect(await platform.effects()).toEqual(allOf(10));
});

type Failover = { proxy: TcpProxy; cut: () => Promise<void>; promote: () => Promise<void> };

/** Pods speak to the primary through a proxy, and a replica follows through another one, which can be cut. */
async function prepareFailover(skip: Skip): Promise<Failover> {
  const primary = await requireRedis(skip, ['--repl-diskless-sync-delay', '0']);
  const link = await startTcpProxy(primary.port);
  const replica = await requireRedis(skip, ['--replicaof', '127.0.0.1', String(link.port)]);
  const proxy = await startTcpProxy(primary.port);
  onTestFinished(async () => {
    await Promise.all([proxy.close(), link.close()]);
  });
  const follows = async (): Promise<boolean> =>
    (await replica.command('INFO', 'replication')).includes('master_link_status:up');
  await until(follows);
  return {
    proxy,
    cut: async () => {
      await until(async () => (await replica.command('XLEN', streamName)).startsWith(':50'));
      link.refuse(true);
      await until(async () => !(await follows()));
    },
    promote: async () => {
      await replica.command('REPLICAOF', 'NO', 'ONE');
      proxy.target(replica.port);
      await primary.kill();
    },
  };
}

async function failOver(skip: Skip, isProtected: boolean): Promise<BusPlatform> {
  const failover = await prepareFailover(skip);
  const platform = await createBusPlatform();
  const url = `redis://127.0.0.1:${failover.proxy.port}`;
  await platform.publisher({ url, ...(isProtected ? {} : { protect: unprotected }) });
  await write(platform.database, numbered(5, 10));
  await until(published(platform));
  await failover.cut();
  await write(platform.database, numbered(5, 10, 10));
  await until(published(platform));
  await failover.promote();
  await write(platform.database, numbered(5, 10, 20));
  await until(published(platform));
  await platform.consumer({ url });
  return platform;
}

test('a replica that misses the end of the stream takes over, and nothing is missing', async ({ skip }) => {
  const platform = await failOver(skip, true);
  await until(async () => (await effectsOf(platform)) === 150);
  expect(await platform.effects()).toEqual(allOf(30));
});

test('negative control: a relay that notes no places loses the end with the primary', async ({ skip }) => {
  const platform = await failOver(skip, false);
  await until(async () => (await effectsOf(platform)) >= 100);
  expect(Object.values(await platform.effects())).toEqual(
    upTo(5).map(() => [...upTo(10), ...upTo(30).slice(20)]),
  );
});
