import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { createBusPlatform, requireRedis, streamName } from '../test/bus-platform.ts';
import { createStream, type Fields } from './stream.ts';

const room = 100;
const groups = ['first'];

function message(number: number): Fields {
  return [`id ${number}`, 'key', 'type', String(number), new Date(0).toISOString(), ''];
}

/**
 * A relay has published 1 to 3 and is about to publish 4 when it loses its turn. The stream is lost, another relay makes it
 * again and has published 1; then the command of the first one arrives.
 */
test('a relay whose turn is over puts nothing between what is published again', async ({ skip }) => {
  const redis = await requireRedis(skip);
  await createBusPlatform();
  const client = new Redis(redis.url);
  onTestFinished(() => client.disconnect());
  const stream = createStream(client, 'things');
  const payloads = async (): Promise<string[]> => {
    const entries = await client.xrange(streamName, '-', '+');
    return entries.map(([, fields]) => fields[7] ?? '');
  };
  /** Answers what came of the late command, when it names the last place that was seen and when it names none. */
  async function arriveLate(isNamed: boolean): Promise<{ came: string; order: string[] }> {
    await redis.command('DEL', streamName);
    await stream.open(groups);
    const before = await stream.append(
      [message(1), message(2), message(3)],
      '0-0',
      await stream.last(),
      room,
    );
    if (before.kind !== 'added') throw new Error('the stream is new');
    const seen = await stream.last();
    expect(seen).toBe(before.last);
    await redis.command('DEL', streamName);
    expect(await stream.last()).toBeNull();
    await stream.open(groups);
    const again = await stream.append([message(1)], '0-0', '0-0', room);
    if (again.kind !== 'added') throw new Error('the stream was made again');
    const late = await stream.append([message(4)], before.last, isNamed ? seen : null, room);
    await stream.append([message(2), message(3), message(4)], again.last, await stream.last(), room);
    return { came: late.kind, order: await payloads() };
  }
  expect(await arriveLate(true)).toEqual({ came: 'moved', order: ['1', '2', '3', '4'] });
  // Without the place it would be taken, and 4 would be before 2.
  expect(await arriveLate(false)).toEqual({ came: 'added', order: ['1', '4', '2', '3', '4'] });
});

test('without its group nothing is deleted around what is pending', async ({ skip }) => {
  const redis = await requireRedis(skip);
  const client = new Redis(redis.url);
  onTestFinished(() => client.disconnect());
  await redis.command('DEL', streamName);
  const stream = createStream(client, 'things');
  await stream.open(groups);
  await stream.append([message(1), message(2)], '0-0', null, room);
  await redis.command('XGROUP', 'DESTROY', streamName, 'first');
  expect(await stream.thin('0-0', room, groups)).toBeNull();
  expect(await client.xlen(streamName)).toBe(2);
  // Whoever does not name the group would delete what it was never given.
  expect(await stream.thin('0-0', room, [])).toBeNull();
  expect(await client.xlen(streamName)).toBe(0);
});

test('a group of nobody keeps everything, until it is destroyed', async ({ skip }) => {
  const redis = await requireRedis(skip);
  const client = new Redis(redis.url);
  onTestFinished(() => client.disconnect());
  await redis.command('DEL', streamName);
  const stream = createStream(client, 'things');
  // The second is a consumer that an installation had: now it is told of the first alone.
  await stream.open(['first', 'second']);
  await stream.append([message(1), message(2)], '0-0', null, room);
  const by = { group: 'first', reader: 'reader' };
  const taken = await stream.take(by, room, 1_000_000);
  if (taken.kind !== 'taken') throw new Error('the first is given both');
  const places = taken.entries.map(({ place }) => place);
  await stream.settle(by, places, new Map());
  await stream.survey('0-0', groups);
  await stream.thin('0-0', room, groups);
  expect(await client.xlen(streamName)).toBe(2);
  await redis.command('XGROUP', 'DESTROY', streamName, 'second');
  await stream.survey('0-0', groups);
  await stream.thin('0-0', room, groups);
  expect(await client.xlen(streamName)).toBeLessThan(2);
});
