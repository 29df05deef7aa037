import { expect, test } from 'vitest';
import { numbered, numbersOf, until, upTo, write } from '@evently/testkit/bus-contract';
import { createBusPlatform, requireRedis, streamName, type Pod } from '../test/bus-platform.ts';

const rounds = 60;
const keys = 6;
const perRound = 4;
const frozenMs = 200;

/**
 * Safety and then liveness: while it lasts anything may break, and when it is over everything arrives. The faults
 * and their order follow from the seed; how they meet the traffic does not.
 */
test('whatever happens to Redis, sessions and pods: nothing is lost, repeated or out of order', async ({
  skip,
}) => {
  const seed = Number(process.env['TEST_SEED'] ?? 1 + Math.floor(Math.random() * 2_000_000_000));
  const number = numbersOf(seed);
  const redis = await requireRedis(skip);
  const platform = await createBusPlatform();
  const { database } = platform;
  for (const _ of upTo(2)) await platform.publisher({ url: redis.url, maxLength: 500 });
  const begin = (): Promise<Pod> =>
    platform.consumer({
      url: redis.url,
      maxLength: 500,
      failing: () => {
        if (number(40) === 0) throw new Error('a failure now and then');
      },
    });
  const consumers = [await begin(), await begin()];
  const faults: (() => Promise<unknown>)[] = [
    () => redis.command('FLUSHALL'),
    () => redis.command('DEL', streamName),
    () => redis.command('XGROUP', 'DESTROY', streamName, 'first'),
    () => redis.command('CLIENT', 'KILL', 'TYPE', 'normal'),
    async () => {
      await redis.kill();
      await redis.start();
    },
    async () => {
      redis.freeze();
      await new Promise((resolve) => void setTimeout(resolve, frozenMs));
      redis.thaw();
    },
    () =>
      database.db.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and application_name in ('evently-bus', 'evently-relay')`,
      ),
    async () => {
      await consumers.shift()?.stop();
      consumers.push(await begin());
    },
  ];
  for (const round of upTo(rounds)) {
    await write(database, numbered(keys, perRound, perRound * round));
    if (number(3) === 0) await faults[number(faults.length)]?.();
    await new Promise((resolve) => void setTimeout(resolve, number(60)));
  }
  const total = async (): Promise<number> => (await database.db.query('select 1 from effects')).rowCount ?? 0;
  await until(async () => (await total()) >= keys * perRound * rounds, undefined, 60_000);
  const whole = Object.fromEntries(upTo(keys).map((key) => [`key ${key}`, upTo(perRound * rounds)]));
  expect(await platform.effects(), `TEST_SEED=${seed}`).toEqual(whole);
  const { rowCount } = await database.db.query('select 1 from dead_letters');
  expect(rowCount, `TEST_SEED=${seed}`).toBe(0);
});
