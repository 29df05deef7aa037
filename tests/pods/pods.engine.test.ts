/** The four services as processes with a real PostgreSQL and a real Redis between them. */
import path from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { createClient } from 'evently/api/client';
import { pause } from '@evently/kit/clock';
import { requireEngine } from '@evently/testkit/engines/engine';
import { redisServer } from '@evently/testkit/engines/redis';
import { startRedisProcess, type RedisProcess } from '@evently/testkit/engines/redis-server';
import { freePort } from '@evently/testkit/engines/kube-processes';
import { countHandled, countWaiting } from './messages.ts';
import { createPodPlatform, serviceNames, type PodPlatform } from './pod-platform.ts';
import { runMain, until, type PodProcess } from './pod-process.ts';
import { makeTokens, press, type Pressed } from './press.ts';
import { createRouter } from './router.ts';
import { becomeOrganizer, cancel, confirm, publishEvent, readEvent, registerBuyer, reserve } from './sell.ts';

let redis: RedisProcess;
let platform: PodPlatform;
let organizer: string;
let migrated: (number | null)[] = [];
let opening: Promise<void> | null = null;

async function open(program: string): Promise<void> {
  redis = await startRedisProcess({ program });
  platform = await createPodPlatform({ REDIS_URL: redis.url });
  migrated = (await platform.migrate()).map(({ code }) => code);
  await platform.startAll();
  organizer = await becomeOrganizer(platform);
}
beforeEach(async (context) => {
  const program = await requireEngine(redisServer, (note) => context.skip(note));
  // Once for all tests, also when it fails.
  await (opening ??= open(program));
}, 180_000);
afterAll(async () => {
  if (opening === null) return;
  await platform.close();
  await redis.stop();
}, 60_000);

const verdict = z.object({
  ok: z.boolean(),
  findings: z.array(z.object({ invariant: z.string(), violations: z.object({ rows: z.array(z.string()) }) })),
});

/** `evently verify` by URLs, as a person does on a cluster: nothing of a standalone platform is near. */
async function brokenInvariants(): Promise<string[]> {
  const main = path.join(import.meta.dirname, '..', '..', 'cli', 'src', 'main.ts');
  const { stdout, stderr } = await runMain(main, ['verify', '--json'], {
    EVENTLY_DATA_DIR: '/nowhere',
    BOOKING_DATABASE_URL: platform.databaseUrl('booking'),
    PAYMENT_DATABASE_URL: platform.databaseUrl('payment'),
  });
  expect(stderr).toBe('');
  const { ok, findings } = verdict.parse(JSON.parse(stdout));
  const broken = findings.flatMap(({ invariant, violations }) =>
    violations.rows.map((row) => `${invariant}: ${row}`),
  );
  expect(ok).toBe(broken.length === 0);
  return broken;
}

async function untilDelivered(): Promise<void> {
  for (const name of serviceNames)
    await until(`every message of ${name} is published`, 30_000, async () => {
      return (await countWaiting(platform.databaseUrl(name))) === 0;
    });
}

test('a buyer registers, an event is published, reserved, paid, and cancelled, across four processes', async () => {
  expect(migrated).toEqual([0, 0, 0, 0, 0]);
  const buyer = await registerBuyer(platform);
  const eventId = await publishEvent(platform, organizer, 100);
  const booking = createClient(platform.urlOf('booking'));
  const kept = await reserve(booking, buyer, eventId, 2);
  await confirm(booking, buyer, kept.reservation_id);
  const given = await reserve(booking, buyer, eventId, 3);
  await confirm(booking, buyer, given.reservation_id);
  expect(await cancel(booking, buyer, given.reservation_id)).toBe(given.total_amount);
  const mine = await createClient(platform.urlOf('user')).ask(z.unknown(), {
    method: 'GET',
    path: '/api/user/users/bookings',
    token: buyer.token,
  });
  expect(JSON.stringify(mine)).toContain(kept.reservation_id);
  await until('the page shows what booking told', 30_000, async () => {
    return (await readEvent(platform, eventId)).available_seats === 98;
  });
  await untilDelivered();
  expect(await countHandled(platform.databaseUrl('event'), 'event-stock')).toBeGreaterThan(0);
  expect(await countHandled(platform.databaseUrl('payment'), 'payment-booking')).toBe(1);
  expect(await redis.command('KEYS', 'evently:*')).toContain('evently:');
  expect(await brokenInvariants()).toEqual([]);
}, 120_000);

const pressed = 240;
const beforeEndMs = 2_000;

type Ended = { load: Pressed; pod: PodProcess; known: string[]; streamEnded: boolean };

/** Two booking pods under load; the second is told to end in the middle. `drain` is its POD_DRAIN_SECONDS. */
async function endInMidLoad(drain: string): Promise<Ended> {
  const port = String(await freePort());
  const pod = await platform.start('booking', { BOOKING_PORT: port, POD_DRAIN_SECONDS: drain });
  const eventId = await publishEvent(platform, organizer, 10_000);
  const tokens = await makeTokens(platform, pressed);
  const buyer = await registerBuyer(platform);
  const held = await reserve(createClient(pod.url), buyer, eventId, 1);
  const stream = await fetch(`${pod.url}/api/booking/bookings/${held.reservation_id}/stream`, {
    headers: { authorization: `Bearer ${buyer.token}`, accept: 'text/event-stream' },
  });
  expect(stream.status).toBe(200);
  const streamed = stream.text().then(
    () => true,
    () => false,
  );
  const router = createRouter([platform.urlOf('booking'), pod.url]);
  const pressing = press(router, eventId, tokens);
  await pause(beforeEndMs);
  pod.signal('SIGTERM');
  const load = await pressing;
  const known = router.known();
  await router.close();
  return { load, pod, known, streamEnded: await streamed };
}

test('a pod that is told to end under load fails no request, ends its streams and exits by itself', async () => {
  const { load, pod, known, streamEnded } = await endInMidLoad('3');
  expect(load).toEqual({ failed: [], answered: pressed });
  expect(known).toEqual([platform.urlOf('booking')]);
  expect(await pod.ended).toBe(0);
  expect(streamEnded).toBe(true);
  expect(await brokenInvariants()).toEqual([]);
}, 120_000);

test('without the drain the same load loses requests: who is sent where is known with a delay', async () => {
  const { load, pod } = await endInMidLoad('0');
  expect(load.failed.length).toBeGreaterThan(0);
  expect(load.failed.filter((fault) => !fault.startsWith(pod.url))).toEqual([]);
  expect(await pod.ended).toBe(0);
  expect(await brokenInvariants()).toEqual([]);
}, 120_000);

test('pods that start while Redis is away sell, and deliver when Redis comes', async () => {
  expect(await platform.stopAll()).toEqual([0, 0, 0, 0, 0, 0, 0]);
  await redis.kill();
  const { booking: pod } = await platform.startAll();
  const handled = await countHandled(platform.databaseUrl('event'), 'event-stock');
  const buyer = await registerBuyer(platform);
  const eventId = await publishEvent(platform, organizer, 10);
  const booking = createClient(platform.urlOf('booking'));
  const held = await reserve(booking, buyer, eventId, 2);
  await confirm(booking, buyer, held.reservation_id);
  expect(pod.said()).toContain('Redis is away');
  expect(await countWaiting(platform.databaseUrl('booking'))).toBeGreaterThan(0);
  expect(await countHandled(platform.databaseUrl('event'), 'event-stock')).toBe(handled);
  await redis.start();
  await untilDelivered();
  await until('event has heard of the stock', 30_000, async () => {
    return (await countHandled(platform.databaseUrl('event'), 'event-stock')) > handled;
  });
  expect(await brokenInvariants()).toEqual([]);
}, 180_000);
