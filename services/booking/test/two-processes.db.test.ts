import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { actsOf, until, type Acts } from './buyers.ts';
import { createFixture, type Fixture } from './fixture.ts';

let first: Fixture;
let second: Fixture;
let here: Acts;
let there: Acts;
beforeAll(async () => {
  first = await createFixture();
  second = await createFixture({}, first);
  [here, there] = [actsOf(first), actsOf(second)];
});
afterAll(async () => {
  await second.close();
  await first.close();
});
afterEach(async () => expect(await first.broken()).toEqual([]));

const managed = { mode: 'managed', opens_at: null, closes_at: null } as const;
let generation = 0;
async function order(eventId: string, intent: 'Run' | 'Hold' | 'Stop', opensInMs = -60_000): Promise<void> {
  generation += 1;
  const answer = await first.internal('PUT', `/internal/sales/${eventId}`, {
    epoch: 1,
    uid: 'a',
    generation,
    opens_at: new Date(Date.now() + opensInMs).toISOString(),
    closes_at: null,
    intent,
  });
  expect(answer.status).toBe(200);
}

test('the other process obeys Stop, Hold and Run with the first request after the answer', async () => {
  const { eventId } = await first.publish({ sale: managed, capacity: 1_000 });
  const who = await there.buyer();
  const ask = async () => {
    const { status, body } = await there.ask(eventId, who);
    return status === 200 ? 'held' : body['code'];
  };
  expect(await ask()).toBe('sale_not_open');
  for (let round = 0; round < 10; round += 1) {
    await order(eventId, 'Run');
    expect(await ask()).toBe('held');
    await order(eventId, 'Hold');
    expect(await ask()).toBe('sale_not_open');
    await order(eventId, 'Run');
    expect(await ask()).toBe('held');
    await order(eventId, 'Stop');
    expect(await ask()).toBe('sale_closed');
  }
});

/**
 * Buyers who come to `shop` without a pause while `act` runs; answers what `verdict` each got, with the time
 * it was asked, and when `act` had been answered.
 */
async function storm(shop: Acts, eventId: string, act: () => Promise<void>) {
  const buyers = await Promise.all(Array.from({ length: 8 }, () => shop.buyer()));
  const asked: { atMs: number; status: number }[] = [];
  let over = false;
  const herd = buyers.map(async (who) => {
    while (!over) {
      const atMs = performance.now();
      asked.push({ atMs, status: (await shop.ask(eventId, who)).status });
    }
  });
  await until(
    () => Promise.resolve(asked.length),
    (count) => count > 50,
  );
  await act();
  const answeredMs = performance.now();
  await until(
    () => Promise.resolve(asked.filter(({ atMs }) => atMs > answeredMs).length),
    (count) => count > 50,
  );
  over = true;
  await Promise.all(herd);
  return { asked, answeredMs };
}

test('in the middle of a storm on the other process nothing is held that was asked for after Stop', async () => {
  const { eventId } = await first.publish({ sale: managed, capacity: 100_000 });
  await order(eventId, 'Run');
  const { asked, answeredMs } = await storm(there, eventId, () => order(eventId, 'Stop'));
  const [before, after] = [
    asked.filter(({ atMs }) => atMs < answeredMs),
    asked.filter(({ atMs }) => atMs > answeredMs),
  ];
  expect(before.some(({ status }) => status === 200)).toBe(true);
  expect(after.length).toBeGreaterThan(50);
  expect(after.filter(({ status }) => status === 200)).toEqual([]);
});

test('the same storm goes on without Stop', async () => {
  const { eventId } = await first.publish({ sale: managed, capacity: 100_000 });
  await order(eventId, 'Run');
  const { asked, answeredMs } = await storm(there, eventId, () => order(eventId, 'Run'));
  expect(asked.filter(({ atMs, status }) => atMs > answeredMs && status === 200).length).toBeGreaterThan(50);
});

test('a sale that is sold out in memory is closed by Stop too, and sells again when seats come back', async () => {
  const { eventId } = await first.publish({ sale: managed, capacity: 1, waitlist: 'off' });
  await order(eventId, 'Run');
  const [winner, other] = [await there.buyer(), await there.buyer()];
  const hold = await there.reserve(eventId, winner);
  for (let again = 0; again < 3; again += 1)
    expect((await there.ask(eventId, other)).body).toMatchObject({ code: 'sold_out' });
  await order(eventId, 'Stop');
  expect((await there.ask(eventId, other)).status).toBe(409);
  await here.giveBack(hold, winner);
  // The memory of "sold out" is a quarter of a second old at most; then it is the window that refuses.
  const refused = await until(
    async () => (await there.ask(eventId, other)).body['code'],
    (code) => code !== 'sold_out',
  );
  expect(refused).toBe('sale_closed');
  await order(eventId, 'Run');
  expect((await there.ask(eventId, other)).status).toBe(200);
});

const availability = z.object({ available: z.boolean(), available_seats: z.int() });

test('what is left is the truth on either process, and a stopped sale has nothing to give', async () => {
  const { eventId } = await first.publish({ sale: managed, capacity: 5 });
  await order(eventId, 'Run');
  const look = async (at: Fixture) =>
    availability.parse(
      (await at.call('GET', `/api/v1/bookings/check-availability?event_id=${eventId}&quantity=1`)).body,
    );
  expect(await look(second)).toEqual({ available: true, available_seats: 5 });
  await here.reserve(eventId, await here.buyer(), 2);
  expect(await look(second)).toEqual({ available: true, available_seats: 3 });
  for (const intent of ['Hold', 'Stop'] as const) {
    await order(eventId, intent);
    expect(await look(second)).toEqual({ available: false, available_seats: 3 });
  }
  await order(eventId, 'Run');
  expect((await look(second)).available).toBe(true);
});

test('a stream of the other process tells what a stopped sale still does: bookings go on', async () => {
  const { eventId } = await first.publish({ sale: managed, capacity: 5 });
  await order(eventId, 'Run');
  const who = await here.buyer();
  const id = await here.reserve(eventId, who);
  const stream = await second.service.app.request(`/api/v1/bookings/${id}/stream`, {
    headers: { authorization: `Bearer ${who.token}` },
  });
  await order(eventId, 'Stop');
  expect((await here.confirm(id, who)).status).toBe(200);
  const reader = stream.body?.getReader();
  let told = '';
  while (reader !== undefined && !told.includes('confirmed')) {
    const { value, done } = await reader.read();
    if (done) break;
    told += new TextDecoder().decode(value);
  }
  await reader?.cancel();
  expect(told).toContain('"status":"confirmed"');
});
