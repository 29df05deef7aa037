/** What an installation leaves in Redis when it is taken away must not fill the streams of those that stay. */
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { numbered, until, upTo, write } from '@evently/testkit/bus-contract';
import { createBusPlatform, requireRedis, streamName } from '../test/bus-platform.ts';
import { createStream, type Fields, type Stream } from './stream.ts';

const room = 100;
const silentMs = 50;
/** Far longer than the test lasts: whoever has read was heard of. */
const longMs = 3_600_000;

function message(number: number): Fields {
  return [`id ${number}`, 'key', 'type', String(number), new Date(0).toISOString(), ''];
}

/** A stream with one message and the group of an earlier consumer, which was given nothing yet. */
async function begin(skip: Parameters<typeof requireRedis>[0]): Promise<{ client: Redis; stream: Stream }> {
  const redis = await requireRedis(skip);
  const client = new Redis(redis.url);
  onTestFinished(() => client.disconnect());
  const stream = createStream(client, 'things');
  await stream.open(['first', 'earlier']);
  await stream.append([message(1)], '0-0', null, room);
  return { client, stream };
}

test('a group that is behind and that nobody reads is destroyed; others stay', async ({ skip }) => {
  const { stream } = await begin(skip);
  expect(await stream.retire([], longMs)).toEqual([]);
  expect(await stream.retire(['earlier', 'never there'], longMs)).toEqual(['earlier']);
  expect(await stream.retire(['earlier'], longMs)).toEqual([]);
  const survey = await stream.survey('0-0', ['first']);
  expect(survey).toMatchObject({ kind: 'there', groups: [{ group: 'first' }] });
});

test('a reader that was heard of keeps its group, until it was silent for long enough', async ({ skip }) => {
  const { stream } = await begin(skip);
  const by = { group: 'earlier', reader: 'reader' };
  const taken = await stream.take(by, room, 1_000_000);
  if (taken.kind !== 'taken') throw new Error('it is given the message');
  expect(await stream.retire(['earlier'], longMs)).toEqual([]);
  await until(async () => (await stream.retire(['earlier'], silentMs)).includes('earlier'));
});

test('who has handled everything keeps its group, however long nothing is new', async ({ skip }) => {
  const { stream } = await begin(skip);
  const by = { group: 'earlier', reader: 'reader' };
  const taken = await stream.take(by, room, 1_000_000);
  if (taken.kind !== 'taken') throw new Error('it is given the message');
  await stream.settle(
    by,
    taken.entries.map(({ place }) => place),
    new Map(),
  );
  expect(await stream.retire(['earlier'], 0)).toEqual([]);
  await stream.append([message(2)], '0-0', null, room);
  expect(await stream.retire(['earlier'], 0)).toEqual(['earlier']);
});

test('a platform that gives a consumer up goes on; one that does not know of it waits', async ({ skip }) => {
  const redis = await requireRedis(skip);
  const client = new Redis(redis.url);
  onTestFinished(() => client.disconnect());
  const platform = await createBusPlatform();
  // Room for one batch of the relay beside the last message, not for two.
  const options = { url: redis.url, maxLength: 300 };
  await createStream(client, 'things').open(['first', 'second', 'earlier']);
  await platform.consumer(options);
  const unknowing = await platform.publisher(options);
  await write(platform.database, numbered(5, 120));
  const isHeldBack = async (): Promise<boolean> =>
    /evently_bus_held_back_total\{topic="things"\} [1-9]/.test(await unknowing.registry.metrics());
  await until(isHeldBack);
  expect(await client.xlen(streamName)).toBeGreaterThan(0);
  expect(await platform.waiting()).toBeGreaterThan(0);
  await unknowing.stop();
  await platform.publisher({ ...options, retired: ['earlier'], retiredAfterMs: silentMs });
  await until(async () => (await platform.waiting()) === 0);
  const all = Object.fromEntries(upTo(5).map((at) => [`key ${at}`, upTo(120)]));
  await expect.poll(() => platform.effects()).toEqual(all);
});
