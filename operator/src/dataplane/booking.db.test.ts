import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiKey, createRealBooking, type RealBooking } from '../../test/real-booking.ts';
import { createBookingClient, type ArmRequest, type BookingClient } from './booking.ts';
import { createWarmClient } from './prewarm.ts';
import type { Pod } from '../sale/model.ts';

let booking: RealBooking;
let client: BookingClient;
beforeAll(async () => {
  booking = await createRealBooking();
  client = createBookingClient({ baseUrl: 'http://booking', apiKey, fetch: booking.fetch });
});
afterAll(() => booking.close());

const never = new AbortController().signal;
const hourMs = 3_600_000;

function commandOf(more: Partial<ArmRequest> = {}): ArmRequest {
  const opensAtMs = Math.floor(Date.now() / 1_000) * 1_000 + hourMs;
  const window = { opensAtMs, closesAtMs: opensAtMs + hourMs, warmsAtMs: opensAtMs - 600_000 };
  return { epoch: 1, uid: 'a', generation: 1, intent: 'Run', ...window, ...more };
}

test('what was armed is read back as it was told, and an event that is not known is told apart', async () => {
  const eventId = await booking.publish();
  expect(await client.read(eventId, never)).toEqual({ kind: 'not-armed' });
  expect(await client.read(randomUUID(), never)).toEqual({ kind: 'unknown-event' });
  const command = commandOf();
  expect(await client.arm(eventId, command, never)).toMatchObject({ kind: 'done' });
  const { warmsAtMs: _warms, ...window } = command;
  expect(await client.read(eventId, never)).toMatchObject({
    kind: 'armed',
    sale: {
      ...window,
      armed: true,
      openedAtMs: null,
      firstReservedAtMs: null,
      held: 0,
      sold: 0,
      available: 10,
    },
  });
  expect(await client.arm(randomUUID(), command, never)).toEqual({ kind: 'unknown-event' });
});

test('a command that is older than the stored one changes nothing and is told what is stored', async () => {
  const eventId = await booking.publish();
  await client.arm(eventId, commandOf({ epoch: 5, generation: 3 }), never);
  expect(await client.arm(eventId, commandOf({ epoch: 4, generation: 9 }), never)).toEqual({
    kind: 'stale',
    stored: { epoch: 5, uid: 'a', generation: 3 },
  });
  expect(await client.disarm(eventId, { epoch: 4, uid: 'a', generation: 9 }, never)).toMatchObject({
    kind: 'stale',
  });
  expect(await client.disarm(eventId, { epoch: 5, uid: 'a', generation: 4 }, never)).toEqual({
    kind: 'done',
    value: null,
  });
  expect(await client.read(eventId, never)).toMatchObject({ kind: 'armed', sale: { armed: false } });
});

test('a sale that is open says when it opened and when it sold first', async () => {
  const eventId = await booking.publish();
  const openMs = Date.now() - 10_000;
  await client.arm(eventId, commandOf({ opensAtMs: openMs, warmsAtMs: openMs }), never);
  expect(await booking.reserve(eventId)).toBe(200);
  const view = await client.read(eventId, never);
  if (view.kind !== 'armed') throw new Error('the sale is not armed');
  const { openedAtMs, firstReservedAtMs, held } = view.sale;
  expect(held).toBe(1);
  // It was armed late, and opened with the arming.
  expect(openedAtMs).toBeGreaterThan(openMs);
  expect(firstReservedAtMs).toBeGreaterThanOrEqual(openedAtMs ?? Infinity);
});

test('a booking service that refuses the key is unreachable, with the settings to look at', async () => {
  const stranger = createBookingClient({
    baseUrl: 'http://booking',
    apiKey: 'a-key-nobody-knows',
    fetch: booking.fetch,
  });
  const view = await stranger.read(randomUUID(), never);
  expect(view).toMatchObject({ kind: 'unreachable' });
  expect(JSON.stringify(view)).toContain('EVENTLY_ACCEPTED_API_KEYS');
});

test('a pod warms what a sale needs, and answers the same when it is only asked', async () => {
  const eventId = await booking.publish();
  await client.arm(eventId, commandOf(), never);
  const asked: string[] = [];
  const warming = createWarmClient({
    apiKey,
    podUrl: 'http://{ip}:8004',
    serviceUrls: { event: 'http://event', search: null },
    fetch: (request) => {
      asked.push(request.url);
      return booking.fetch(request);
    },
  });
  const call = { deadlineMs: 5_000, signal: never };
  const pod: Pod = {
    name: 'booking-1',
    uid: 'p',
    ip: '10.0.0.7',
    ready: true,
    createdAtMs: 0,
    scheduledAtMs: 0,
    readyAtMs: 0,
    terminating: false,
  };
  const cold = await warming.readPod(pod, eventId, call);
  expect(cold).toMatchObject({ kind: 'answered', tasks: [] });
  const warm = await warming.warmPod(pod, eventId, call);
  expect(warm).toMatchObject({
    kind: 'answered',
    tasks: expect.arrayContaining([
      expect.objectContaining({ name: 'Inventory', result: 'warm' }),
      expect.objectContaining({ name: 'Connections', result: 'warm' }),
    ]),
  });
  expect(await warming.readPod(pod, eventId, call)).toMatchObject({ kind: 'answered' });
  expect(asked[0]).toBe(`http://10.0.0.7:8004/internal/sales/${eventId}`);
  expect(await warming.warmService('search', eventId, call)).toMatchObject({
    kind: 'failed',
    why: expect.stringContaining('SEARCH_URL'),
  });
});
