import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { countBookings, listBookingMoments, readEventBatches, readEventBooks } from '../src/store/books.ts';
import { actsOf, type Acts } from './buyers.ts';
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

test('the books of an event are its counters, and once more its bookings', async () => {
  const { eventId } = await first.publish({ capacity: 10 });
  const who = await here.buyer();
  const bought = await here.reserve(eventId, who, 2);
  await here.confirm(bought, who);
  await here.reserve(eventId, who, 3);
  const given = await here.reserve(eventId, who, 1);
  await here.giveBack(given, who);
  const { db } = first.database;
  const books = { capacity: 10, available: 5, held: 3, sold: 2, blocked: 0 };
  expect(await readEventBooks(db, eventId)).toMatchObject({
    ...books,
    heldByBookings: 3,
    soldByBookings: 2,
    oversold: 0,
  });
  expect(await readEventBooks(db, randomUUID())).toBeNull();

  const moments = await listBookingMoments(db, eventId, 10);
  expect(moments.map(({ status, quantity }) => [status, quantity])).toEqual([
    ['confirmed', 2],
    ['pending', 3],
    [moments[2]?.status, 1],
  ]);
  expect(moments[0]?.confirmedMs).toBeGreaterThanOrEqual(moments[0]?.createdMs ?? Infinity);
  expect(moments[1]).toMatchObject({ confirmedMs: null, endedMs: null });
  expect(moments[2]?.endedMs).not.toBeNull();
  expect(await listBookingMoments(db, eventId, 1)).toHaveLength(1);
  expect(await countBookings(db, eventId)).toBe(3);
});

test('seats that bookings have beyond the capacity are counted whatever the counters say', async () => {
  const { eventId } = await first.publish({ capacity: 4 });
  await here.reserve(eventId, await here.buyer(), 4);
  const { db } = first.database;
  // Behind the service's back, and put right again.
  await db.query('update bookings set quantities = array[6], quantity = 6 where event_id = $1', [eventId]);
  expect(await readEventBooks(db, eventId)).toMatchObject({ held: 4, heldByBookings: 6, oversold: 2 });
  await db.query('update bookings set quantities = array[4], quantity = 4 where event_id = $1', [eventId]);
  expect(await readEventBooks(db, eventId)).toMatchObject({ oversold: 0 });
});

test('a conflict is a batch after one of another process, by the versions that were committed', async () => {
  const { eventId } = await first.publish({ capacity: 10 });
  const who = await here.buyer();
  for (const shop of [here, here, there, there, here]) await shop.reserve(eventId, who);
  const batches = await readEventBatches(first.database.db, eventId);
  // The event itself was told to one process; the two changes of hands between the others are conflicts.
  expect(batches).toMatchObject({ count: 5, reservations: 5, largest: 1 });
  expect((batches.lastVersion ?? 0) - (batches.firstVersion ?? 0)).toBe(4);
  expect(batches.conflicts).toBe(2);
  expect(await readEventBatches(first.database.db, randomUUID())).toMatchObject({
    count: 0,
    firstVersion: null,
  });
});
